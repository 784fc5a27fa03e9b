// Trouble a worker can meet beside the database's own.

/// Trouble of a worker.
package enum LoadingError: Error, Equatable, CustomStringConvertible {
    /// The spool slice is missing, shorter than it was, or not what was written.
    case spoolTorn(String)
    /// Slice blocks were asked for again and again and did not come.
    case spoolSilent(slice: Int, bytes: UInt64, of: Int64)
    /// Staged rows are fewer than validation logged: the server emptied UNLOGGED tables.
    case stagingLost(slice: Int)
    /// The target's constraints refuse so many records that contract and table do not fit.
    case targetRefuses(slice: Int, records: Int)
    /// The coordinator asked to stop, or a signal came: what is under way is given back.
    case draining
    /// The coordinator is gone.
    case orphaned
    /// The coordinator does not let this worker's key in; it does not try again.
    case keyRefused
    /// The coordinator has keys and this worker has none, or the other way round.
    case securityDiffers

    /// How the text of `spoolTorn` begins; the coordinator knows it by this.
    package static let spoolTornPrefix = "the spool slice is torn: "
    /// How the text of `stagingLost` begins; the coordinator knows it by this.
    package static let stagingLostPrefix = "staging is lost: "

    package var description: String {
        switch self {
        case .spoolTorn(let what): Self.spoolTornPrefix + what
        case .spoolSilent(let slice, let bytes, let total):
            "slice \(slice): \(bytes) of \(total) bytes came from the coordinator, then none for "
                + "\(LoadingLimits.transferSilence); check the network between the two"
        case .stagingLost(let slice): Self.stagingLostPrefix + "slice \(slice)"
        case .targetRefuses(let slice, let records):
            "the target's constraints refuse more than \(records) records of slice \(slice): "
                + "compare contract and table"
        case .draining: "draining"
        case .orphaned: "the coordinator is gone"
        case .keyRefused: "the coordinator does not let this key in"
        case .securityDiffers: "the coordinator has other security"
        }
    }
}
