// Why a sample cannot be written as asked.

/// What is wrong with a sample plan; a plan with a fault is never made.
public enum SampleFault: Error, Equatable, Sendable {
    /// A number of data records below 0, or more than a shuffled field can number.
    case recordsOutOfRange(records: Int, limit: Int)
    /// Data records per group outside 1 to `SampleLimits.groupRecordsMax`.
    case groupRecordsOutOfRange(groupRecords: Int, limit: Int)
    /// More header groups than a file may have.
    case tooManyGroups(groups: Int, limit: Int)
    /// There is no such business date.
    case notADate(year: Int, month: Int, day: Int)
    /// The contract does not allow this separator.
    case framingNotAllowed(Framing)
    /// The contract has no kind of record for data.
    case noDataRecord
    /// A field reaches outside its record.
    case fieldOutsideRecord(field: String)
    /// The field's sample rule cannot stand in this kind of record or on this type of field.
    case ruleOutOfPlace(field: String)
    /// A text the field cannot hold: its type, length, characters or allowed values forbid it.
    case unusableText(field: String, text: String)
    /// Bounds the field cannot hold: its length, minimum or allowed values forbid them.
    case unusableBounds(field: String)
    /// A required field would be left blank.
    case requiredLeftBlank(field: String)
    /// An override names no field of the header, or the record's marker.
    case unknownConstant(String)
    /// The control total, or a field that it names, does not exist.
    case unknownTotal(String)
    /// No trailer field is filled with this control total.
    case totalNotWritten(String)
    /// The figure could outgrow the trailer's field.
    case totalTooLarge(String)
    /// The unique key holds no shuffled field, so that good records would repeat it.
    case uniqueKeyNotShuffled
    /// There is no such kind of defect.
    case unknownDefect(String)
    /// Not a count of defects; the text is the whole `KIND:COUNT`.
    case badDefectCount(String)
    /// The contract, or so small a file, has no place for this kind of defect.
    case noPlace(SampleDefect)
    /// More defects than data records that can carry one.
    case tooManyDefects(defects: Int, room: Int)
    /// File-level defects hide one another: a file has one of them, once.
    case severalFileDefects
}

extension SampleFault: CustomStringConvertible {
    /// What is wrong and what would be right, in one sentence.
    public var description: String {
        switch self {
        case .recordsOutOfRange(let records, let limit):
            "\(records) data records asked for, 0 to \(limit) are possible."
        case .groupRecordsOutOfRange(let groupRecords, let limit):
            "\(groupRecords) data records per group asked for, 1 to \(limit) are possible."
        case .tooManyGroups(let groups, let limit):
            "The file would have \(groups) header groups, at most \(limit) are allowed."
        case .notADate(let year, let month, let day):
            "\(year)-\(month)-\(day) is not a date."
        case .framingNotAllowed(let framing):
            "The contract does not allow the framing \(framing.rawValue)."
        case .noDataRecord: "The contract has no data record."
        case .fieldOutsideRecord(let field): "The field \(field) reaches outside its record."
        case .ruleOutOfPlace(let field):
            "The sample rule of the field \(field) does not fit its record or type."
        case .unusableText(let field, let text):
            "The field \(field) cannot hold the sample text \"\(text)\"."
        case .unusableBounds(let field):
            "The sample bounds of the field \(field) do not fit its length, minimum or values."
        case .requiredLeftBlank(let field):
            "The field \(field) is required, but has no sample rule that fills it."
        case .unknownConstant(let name):
            "The header has no field \(name) that can be given a constant."
        case .unknownTotal(let name):
            "The control total \(name), or a field it names, does not exist."
        case .totalNotWritten(let name):
            "No trailer field has the sample rule control_total: \(name)."
        case .totalTooLarge(let name):
            "The control total \(name) can outgrow its field; write fewer records per group."
        case .uniqueKeyNotShuffled:
            "The unique key needs a field with the sample rule shuffled_number."
        case .unknownDefect(let text):
            "\(text) is no kind of defect; known are "
                + SampleDefect.allCases.map(\.rawValue).joined(separator: ", ") + "."
        case .badDefectCount(let text):
            "\(text) is not KIND:COUNT with a count of 1 to \(SampleLimits.defectsMax)."
        case .noPlace(let defect):
            "The contract, or so small a file, has no place for the defect \(defect.rawValue)."
        case .tooManyDefects(let defects, let room):
            "\(defects) defects asked for, this file has room for \(room)."
        case .severalFileDefects:
            "A file can have one defect of its envelope, and that one once."
        }
    }
}
