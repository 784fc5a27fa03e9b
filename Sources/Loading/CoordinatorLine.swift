// One address where a worker's coordinator may be. With standbys there are several, each with a key
// of its own.

public import Messaging

/// Where a coordinator may be, and with which keys it is spoken to.
public struct CoordinatorPlace: Sendable {
    /// Where it listens.
    public var endpoint: Endpoint
    /// Keys, for an endpoint on a network; nil: none, on loopback only.
    public var security: ClientSecurity?

    /// Memberwise.
    public init(endpoint: Endpoint, security: ClientSecurity?) {
        self.endpoint = endpoint
        self.security = security
    }
}

/// A worker's connection to one place; libzmq makes it again whenever it is lost.
final class CoordinatorLine {
    let place: CoordinatorPlace
    let dealer: SharedDealer
    /// How the newest handshake went.
    private(set) var handshake = Handshake.pending
    /// It cannot come about, and another one is left.
    var isGivenUp = false
    /// Whether this worker comes over a network and without a key.
    private let lacksKey: Bool

    init(_ context: borrowing Context, _ place: CoordinatorPlace) throws {
        self.place = place
        let endpoint = place.endpoint
        lacksKey = endpoint.address != nil && place.security == nil
        dealer = SharedDealer(
            endpoint.address == nil
                ? try DealerSocket(context, connect: endpoint)
                : try DealerSocket(context, connect: endpoint, security: place.security))
    }

    /// What libzmq does not try again, or would try for ever; nil: there is hope.
    func trouble() throws -> LoadingError? {
        handshake = try dealer.socket.handshake()
        switch handshake {
        case .refused: return .keyRefused
        case .mismatch: return .securityDiffers
        case .interrupted(let times)
        where lacksKey && times >= LoadingLimits.brokenHandshakesMax:
            return .securityDiffers
        case .pending, .succeeded, .interrupted: return nil
        }
    }
}
