// The faults the sample writer can plant on purpose, each with what must find it.

/// A kind of defect in a sample file.
///
/// Field-level kinds spoil one data record each; file-level kinds spoil the envelope once.
public enum SampleDefect: String, CaseIterable, Sendable {
    /// A letter in a required digits or integer field that is not summed.
    case badDigits = "bad-digits"
    /// A letter in a summed field; it also makes the control totals unprovable.
    case badAmount = "bad-amount"
    /// A value that is not among the field's allowed values.
    case badEnum = "bad-enum"
    /// A byte outside the contract's repertoire in a text field.
    case badCharacter = "bad-character"
    /// Spaces in a required field.
    case blankRequired = "blank-required"
    /// The unique key of an earlier good record of the same group; totals stay right.
    case duplicate
    /// One less than the field's minimum.
    case belowMinimum = "below-minimum"

    /// A trailer's first sum is off by one.
    case totalOff = "total-off"
    /// A trailer's first count is off by one.
    case countOff = "count-off"
    /// The last group has no trailer.
    case missingTrailer = "missing-trailer"
    /// The file has no end record.
    case missingEnd = "missing-end"
    /// Bytes follow the end record.
    case garbageAfterEnd = "garbage-after-end"
    /// A data record is one byte short.
    case shortRecord = "short-record"
    /// A data record stands behind its group's trailer; totals stay right.
    case wrongOrder = "wrong-order"
    /// An identity field of the first header has another value.
    case wrongIdentity = "wrong-identity"

    /// Whether it spoils the envelope, so that a file holds it once; false: one data record each.
    public var isFileLevel: Bool {
        switch self {
        case .badDigits, .badAmount, .badEnum, .badCharacter, .blankRequired, .duplicate,
            .belowMinimum:
            false
        case .totalOff, .countOff, .missingTrailer, .missingEnd, .garbageAfterEnd, .shortRecord,
            .wrongOrder, .wrongIdentity:
            true
        }
    }

    /// The id of the rule that must find it.
    public var rule: String {
        switch self {
        case .badDigits, .badAmount: "digits"
        case .badEnum: "enum"
        case .badCharacter: "characters"
        case .blankRequired: "required"
        case .duplicate: "unique"
        case .belowMinimum: "minimum"
        case .totalOff, .countOff: "control-total"
        case .missingTrailer: "missing-trailer"
        case .missingEnd: "missing-end"
        case .garbageAfterEnd: "after-end"
        case .shortRecord: "record-length"
        case .wrongOrder: "order"
        case .wrongIdentity: "identity"
        }
    }

    /// The exit code of a run that finds this defect alone and tolerates no reject.
    public var exitCode: Int {
        switch self {
        case .badDigits, .badEnum, .badCharacter, .blankRequired, .duplicate, .belowMinimum: 8
        case .badAmount, .totalOff, .countOff, .wrongIdentity: 9
        case .missingTrailer, .missingEnd, .garbageAfterEnd, .shortRecord, .wrongOrder: 10
        }
    }

    /// Whether it takes a data record of its own, in which no other defect is planted.
    var takesRecord: Bool { !isFileLevel || self == .shortRecord || self == .wrongOrder }

    /// Whether a good record must stand before it in its group.
    var needsEarlierRecord: Bool { self == .duplicate || self == .wrongOrder }

    /// Reads `KIND:COUNT` texts, as the command line gives them; counts of one kind add up.
    public static func counts(_ texts: [String]) throws(SampleFault) -> [SampleDefect: Int] {
        var counts: [SampleDefect: Int] = [:]
        for text in texts {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard let kind = SampleDefect(rawValue: String(parts[0])) else {
                throw .unknownDefect(String(parts[0]))
            }
            guard parts.count == 2, let count = Int(parts[1]),
                (1...SampleLimits.defectsMax).contains(count)
            else { throw .badDefectCount(text) }
            counts[kind, default: 0] += count
        }
        return counts
    }
}
