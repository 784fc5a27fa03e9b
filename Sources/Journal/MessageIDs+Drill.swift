// The ids of messages about drills; see `MessageIDs.swift`.

/// Messages 108x and 902x, 905x: a drill and what it found.
extension MessageID {
    /// Arguments: `job`, `input`, `folder`.
    public static let drillStarted: MessageID = "KGR1080I"
    /// Arguments: `job`, `signal`, `left`.
    public static let drillStopped: MessageID = "KGR1081W"
    /// Arguments: `job`, `reason`.
    public static let drillImpossible: MessageID = "KGR1082E"
    /// Arguments: `job`, `trouble`.
    public static let drillTrouble: MessageID = "KGR1083W"
    /// Arguments: `job`, `faults`, `rows`, `rejects`, `exit`, `elapsed`.
    public static let drillEqual: MessageID = "KGR9020I"
    /// Arguments: `job`, `faults`, `rows`, `rejects`, `open`, `exit`, `elapsed`.
    public static let drillIncomplete: MessageID = "KGR9021W"
    /// Arguments: `job`, `runs`, `finding`, `exit`.
    public static let drillDiffers: MessageID = "KGR9051E"
    /// Arguments: `job`, `faults`, `rejects`, `exit`, `elapsed`.
    public static let drillRefused: MessageID = "KGR9052E"
    /// Arguments: `job`, `faults`, `trouble`, `exit`, `elapsed`.
    public static let drillDisordered: MessageID = "KGR9053E"
}
