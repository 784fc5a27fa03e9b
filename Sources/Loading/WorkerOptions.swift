// What whoever starts a worker process decides.

public import Messaging

/// What a worker process needs to know at its start.
public struct WorkerOptions: Sendable {
    /// Its name in logs and claims; unique for the life of the process.
    public var name: String
    /// Where the coordinator listens.
    public var endpoint: Endpoint
    /// libpq URL or conninfo.
    public var databaseURL: String
    /// The process to end with; nil: a remote worker, which waits for its coordinator.
    public var parent: Int32?
    /// Silence of the coordinator after which the worker leaves.
    public var coordinatorWait: Duration
    /// How long it waits for a database that it had and that went away or has no room.
    public var databaseWait: Duration
    /// Must be the coordinator's.
    public var binaryVersion: String
    /// Keys, for an endpoint on a network; nil: none, on loopback only.
    public var security: ClientSecurity?
    /// Other addresses where the coordinator may be: those of its standbys.
    public var others: [CoordinatorPlace]

    /// Memberwise.
    public init(
        name: String, endpoint: Endpoint, databaseURL: String, parent: Int32?,
        coordinatorWait: Duration, databaseWait: Duration, binaryVersion: String,
        security: ClientSecurity? = nil,
        others: [CoordinatorPlace] = []
    ) {
        self.name = name
        self.endpoint = endpoint
        self.databaseURL = databaseURL
        self.parent = parent
        self.coordinatorWait = coordinatorWait
        self.databaseWait = databaseWait
        self.binaryVersion = binaryVersion
        self.security = security
        self.others = others
    }

    /// All addresses, the first one first.
    var places: [CoordinatorPlace] {
        [CoordinatorPlace(endpoint: endpoint, security: security)] + others
    }
}
