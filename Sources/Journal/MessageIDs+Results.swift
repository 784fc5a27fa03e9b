// The ids of messages about results; see `MessageIDs.swift`.

/// Messages 9xxx: result.
extension MessageID {
    /// Arguments: `run`, `job`, `result`, `exit`, `input`, `loaded`, `unchanged`, `rejected`,
    /// `conflicts`, `partitions`, `elapsed`.
    public static let runEndedNormal: MessageID = "KGR9001I"
    /// Arguments: `run`, `job`, `result`, `exit`, `input`, `loaded`, `unchanged`, `rejected`,
    /// `conflicts`, `partitions`, `elapsed`.
    public static let runEndedWarning: MessageID = "KGR9002W"
    /// Arguments: `run`, `job`, `result`, `exit`, `input`, `loaded`, `unchanged`, `rejected`,
    /// `conflicts`, `partitions`, `elapsed`.
    public static let runEndedAbnormal: MessageID = "KGR9003E"
    /// Arguments: `run`, `records`, `sha256`.
    public static let certified: MessageID = "KGR9010I"
    /// Arguments: `run`, `date`.
    public static let published: MessageID = "KGR9011I"
    /// Arguments: `scope`, `input`, `output`, `process`, `processed`, `inserted`, `updated`,
    /// `deleted`, `closed`, `unchanged`, `rejected`, `conflicts`.
    public static let countLine: MessageID = "KGR9012I"
    /// Arguments: `run`.
    public static let normalEnd: MessageID = "KGR9013I"
    /// Arguments: `run`, `phase`, `exit`, `reason`.
    public static let abnormalEnd: MessageID = "KGR9014E"
    /// Arguments: `rows`, `target`.
    public static let rowsChangedAfterLoad: MessageID = "KGR9015W"
    /// Arguments: `proof`, `run`, `place`, `expected`, `found`, `directory`.
    public static let proofFailed: MessageID = "KGR9050E"
}
