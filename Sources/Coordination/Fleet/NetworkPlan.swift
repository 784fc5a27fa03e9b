// What the coordinator does on a network: where it listens, with which keys, how long it waits.

package import Messaging

/// Where remote workers come in.
package struct NetworkPlan: Sendable, Equatable {
    /// Of `tcp://`, host and port fixed; nil: workers of this machine only.
    package var endpoint: Endpoint?
    /// nil: no keys, on loopback only.
    package var security: ServerSecurity?
    /// No worker for this long ends the run with 12.
    package var workerWait: Duration

    /// Memberwise.
    package init(endpoint: Endpoint?, security: ServerSecurity?, workerWait: Duration) {
        self.endpoint = endpoint
        self.security = security
        self.workerWait = workerWait
    }

    /// No network.
    package static let local = NetworkPlan(
        endpoint: nil, security: nil, workerWait: CoordinationLimits.noWorkerLimit)
}
