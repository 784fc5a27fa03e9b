// What a data record can be refused for. The names appear in rejects, reports and protocols.

/// The rule a record broke.
public enum RuleID: String, Codable, Sendable, CaseIterable {
    /// Blank where a value must stand.
    case required
    /// Something other than digits.
    case digits
    /// Not one of the values allowed.
    case `enum`
    /// Does not match the field's pattern.
    case pattern
    /// Below the smallest number allowed.
    case minimum
    /// More characters than allowed.
    case maxLength = "max-length"
    /// A byte outside the repertoire.
    case characters
    /// No such day, or none near the business date.
    case date
    /// More decimal places than the field has.
    case scale
    /// Bytes that are no character of the file's encoding.
    case encoding
    /// A CSV cell longer than its field, or a code that is too short and not to be zero-filled.
    case cellLength = "cell-length"
    /// A CSV record with too many or too few cells.
    case cellCount = "cell-count"
    /// A quote inside an unquoted CSV cell, or text behind a closing quote.
    case quote
    /// A second record with the same unique key.
    case unique
    /// The key lies outside the partition table.
    case keyRange = "key-range"
    /// The target has no row with this key.
    case keyUnknown = "key-unknown"
    /// A constraint of the target table refuses the row.
    case targetConstraint = "target-constraint"
    /// More records with one key than a chunk can hold.
    case tooManyForKey = "key-count"
}

/// One field of one record that broke a rule.
public struct Violation: Sendable, Equatable {
    /// Index into the data record type's fields.
    public var fieldIndex: Int
    /// The first rule the field broke.
    public var rule: RuleID
    /// 0-based offset of the offending byte in the record.
    public var byteInRecord: Int

    /// Memberwise.
    public init(fieldIndex: Int, rule: RuleID, byteInRecord: Int) {
        self.fieldIndex = fieldIndex
        self.rule = rule
        self.byteInRecord = byteInRecord
    }
}

/// One inconsistency of a contract.
public struct ContractFault: Error, Sendable, Equatable {
    /// Where, in the words of the YAML form: `records.data.fields.amount`.
    public var path: String
    /// One English sentence.
    public var message: String

    /// Memberwise.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }
}
