// Trouble a worker can meet beside the database's own.

/// Trouble of a worker.
package enum LoadingError: Error, Equatable, CustomStringConvertible {
    /// The spool slice is missing, shorter than it was, or not what was written.
    case spoolTorn(String)
    /// Staged rows are fewer than validation logged: the server emptied UNLOGGED tables.
    case stagingLost(slice: Int)
    /// The coordinator asked to stop, or a signal came: what is under way is given back.
    case draining
    /// The coordinator is gone.
    case orphaned
    /// A number does not fit its column (a contract wider than the target).
    case tooLarge(field: String)
    /// The target's constraints refuse more records than can be told one by one.
    case targetRefuses(slice: Int, records: Int)

    package var description: String {
        switch self {
        case .spoolTorn(let what): "the spool slice is torn: \(what)"
        case .stagingLost(let slice): "staging of slice \(slice) is lost"
        case .targetRefuses(let slice, let records):
            "the target's constraints refuse \(records) records of slice \(slice) and more; compare "
                + "contract and table"
        case .draining: "draining"
        case .orphaned: "the coordinator is gone"
        case .tooLarge(let field): "a value of \(field) does not fit its column"
        }
    }
}
