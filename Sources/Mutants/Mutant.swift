// What the mutation check takes away, one at a time, to see that a test notices. Nothing of it is in
// the product: the condition MUTANTS is set only for the build of `ops/chaos mutants`, and without
// it this module is empty.

#if MUTANTS
    import Glibc

    /// Something that keeps a row from being lost or doubled, and that `KUGIRI_MUTANT_CHOSEN=name` leaves out.
    package enum Mutant: String, CaseIterable, Sendable {
        /// A claim's epoch is not asked for (PROTOCOL 10).
        case epoch
        /// Rows that COPY took are not compared with those sent.
        case copyCount = "copy_count"
        /// The session of a claim's holder is not ended (PROTOCOL 11).
        case termination
        /// A handshake without a handler is not refused.
        case zap
        /// A run's term is not asked for (PROTOCOL 16).
        case term
        /// A row's version is not compared with the one seen (PROTOCOL 19).
        case xmin
        /// A row's lock column is not compared with the one seen (PROTOCOL 19).
        case lockColumn = "lock_column"

        private static let chosen: Mutant? = {
            guard let value = unsafe getenv("KUGIRI_MUTANT_CHOSEN") else { return nil }
            let name = unsafe String(cString: value)
            guard let mutant = Mutant(rawValue: name) else {
                preconditionFailure("there is no mutant \(name)")
            }
            return mutant
        }()

        /// Whether it is the one that was chosen.
        package var isOn: Bool { self == Self.chosen }

        /// The text without a part, if it is the one that was chosen; stops the process when the part is
        /// not there, since nothing would be checked then.
        ///
        /// - Parameter rest: What stands in the part's place; a parameter that nothing names has no type.
        package func cut(_ part: String, from text: String, leaving rest: String = "") -> String {
            guard isOn else { return text }
            let pieces = text.split(separator: part, omittingEmptySubsequences: false)
            precondition(pieces.count > 1, "mutant \(rawValue): \(part) is not in \(text)")
            return pieces.joined(separator: rest)
        }
    }
#endif
