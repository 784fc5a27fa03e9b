// Which messages of coordinators a worker listens to: a model of what `Loading.CoordinatorLink`
// decides for one address, which must change together with this.

import Wire

/// The run and term a worker last heard of.
struct HeardRun: Equatable {
    /// What a message is worth.
    enum Worth: Equatable {
        /// Of an older term: nobody of today sent it.
        case stale
        /// A coordinator is there, but it says nothing new.
        case nothingNew
        case news
    }

    /// The newest term of ``run``; 0: none yet.
    private(set) var term: UInt64 = 0
    /// Empty: no coordinator has spoken yet, or the run it spoke of has ended.
    private(set) var run = ""

    /// Nothing was heard.
    init() {}

    /// Judges a message and remembers its run and term.
    ///
    /// Terms are of a run: the next run begins with low ones. The end of a run that was given up
    /// already is nothing new, except for a coordinator's own worker, which may come when all is
    /// done and hear nothing else.
    ///
    /// - Parameter isOwn: The worker was started by the coordinator.
    mutating func hear(_ envelope: Envelope, isOwn: Bool) -> Worth {
        guard envelope.run != run || envelope.term >= term else { return .stale }
        if case .drain = envelope.message, run.isEmpty, !isOwn { return .nothingNew }
        term = envelope.term
        run = envelope.run
        return .news
    }
}
