// What an outcome is judged by, and what of the values may be shown: rules without a database.

import Ledger
import Loading
import Plan
import Records
import Settings

/// A text cannot be a key of the run, or nothing can be asked yet (64).
package struct WhyRefusal: Error {
    package var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// What is known of a key's records.
struct OutcomeFacts {
    /// Before-images are kept and still there.
    var hasHistory: Bool
    /// The load has committed the range the key lies in.
    var isLoaded: Bool
    var conflicts: [Int64: ConflictDetail]
    var rejected: Set<Int64>
    var images: [Int64: RowImage]
    var staged: [Int64: StagedRecord]

    /// What became of a record, in a word.
    func outcome(of record: Int64) -> String {
        if rejected.contains(record) { return OutcomeText.word("R") }
        if let letter = staged[record]?.outcome, letter != "L" { return OutcomeText.word(letter) }
        if let conflict = conflicts[record] {
            return conflict.outcome.map(OutcomeText.word) ?? OutcomeText.word("X")
        }
        if let image = images[record] { return OutcomeText.word(image.action) }
        if !isLoaded { return "waiting" }
        // Loaded, and neither written nor refused nor in conflict.
        return hasHistory ? OutcomeText.word("N") : OutcomeText.word("L")
    }

    /// Whether a record wrote the row.
    func wrote(_ record: Int64) -> Bool {
        if images[record] != nil { return true }
        return ["I", "U", "C"].contains(staged[record]?.outcome)
    }

    /// The lock of a row that a record left as it was; nil: not known.
    func keptLock(_ record: Int64?) -> ConflictDetail.Lock? {
        guard let record, let staged = staged[record], staged.outcome == "N" else { return nil }
        return staged.lock
    }
}

/// What may be shown of values: a column is plain when it holds a field that is not personal, a
/// constant, a parameter, or what SQL makes of such; everything else is masked.
struct ValueMasking {
    let unmask: Bool
    private let plainColumns: Set<String>
    private let keyIsPersonal: Bool

    init(_ definition: RunDefinition, unmask: Bool) {
        self.unmask = unmask
        let target = definition.job.target
        let fields = definition.contract.recordTypes.flatMap { type in
            type.fields.map { field in
                (type.role == .header ? "header.\(field.name)" : field.name, field.personal)
            }
        }
        let personal = Set(fields.filter(\.1).map(\.0))
        let dataKey = definition.contract.partitionKey
        keyIsPersonal = personal.contains(dataKey)
        var plain: Set<String> = [target.lockColumn]
        if let count = target.updateCountColumn { plain.insert(count) }
        for pair in target.key where !personal.contains(pair.field) { plain.insert(pair.column) }
        var kept: [(column: String, source: String)] = []
        for mapping in target.columns {
            switch mapping.source {
            case .field(let field):
                if !personal.contains(field) { plain.insert(mapping.column) }
            case .constant, .null, .parameter: plain.insert(mapping.column)
            case .sql(let text):
                // Too careful rather than too open: the name alone decides.
                if !personal.contains(where: { text.contains($0) }) {
                    plain.insert(mapping.column)
                }
            case .before(let column, _): kept.append((mapping.column, column))
            }
        }
        if let absent = target.absent {
            plain.formUnion(absent.open.map(\.column))
            plain.formUnion(absent.set.map(\.column))
        }
        for (column, source) in kept where plain.contains(source) { plain.insert(column) }
        plainColumns = plain
    }

    /// A key image.
    func key(_ image: String) -> String { unmask || !keyIsPersonal ? image : Mask.key(image) }

    /// A value of a target column.
    func value(_ text: String, of column: String) -> String {
        unmask || plainColumns.contains(column) ? text : Mask.key(text)
    }
}

extension KeyText {
    /// The key image of a key as people type it: padding is taken off, or digits are filled up.
    static func image(of text: String, _ contract: Contract) throws -> String {
        guard
            let field = contract.recordType(.data)?.fields
                .first(where: { $0.name == contract.partitionKey })
        else { throw WhyRefusal("the contract has no field \(contract.partitionKey)") }
        var key = Substring(text)
        while key.last == " " { key.removeLast() }
        guard !key.isEmpty else { throw WhyRefusal("a key of spaces is the key of no record") }
        guard let bytes = contract.characters.bytes(of: String(key)) else {
            throw WhyRefusal(
                "the key holds a character that \(contract.characters.rawValue) does not have")
        }
        guard bytes.count <= field.bytes else {
            throw WhyRefusal(
                "the key has \(bytes.count) characters, the field \(field.name) has room for "
                    + "\(field.bytes)")
        }
        // Codes and plain numbers keep their leading zeros in the file; signed ones and dates are
        // taken as they are typed.
        guard field.type == .digits || (field.type == .integer && field.signed != true) else {
            return String(key)
        }
        guard bytes.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
            throw WhyRefusal("the field \(field.name) holds digits only")
        }
        return String(repeating: "0", count: field.bytes - bytes.count) + key
    }
}
