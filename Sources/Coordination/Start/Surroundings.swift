// What is around a run without deciding what it does to the target.

package import Settings

/// What the settings of this command say about a run's surroundings: nothing of it changes what
/// the run does to the target.
package struct Surroundings: Sendable {
    /// Where the run's events are published.
    package var events: EventsPlace
    /// Run directories kept in place; older ones go to the archive.
    package var logGenerations: Int
    /// Where remote workers come in.
    package var network: NetworkPlan
    /// See `Directories.inputs`.
    package var inputs: [String]?
    /// How long a run waits for a database that went away or ran full.
    package var databaseWait: Duration

    /// Worker processes that a resumed run starts; nil: as many as it began with.
    package var workers: Int?
    /// When this coordinator stops; nil: when the job says.
    package var deadline: DeadlineTime?

    /// As the settings say.
    package init(
        _ settings: Settings, network: NetworkPlan = .local, workers: Int? = nil,
        deadline: DeadlineTime? = nil
    ) {
        events = settings.events
        logGenerations = settings.logGenerations
        inputs = settings.directories.inputs
        databaseWait = .milliseconds(settings.databaseWaitMilliseconds)
        self.network = network
        self.workers = workers
        self.deadline = deadline
    }
}
