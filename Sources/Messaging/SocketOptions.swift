// Every socket option we rely on, by name, even where libzmq's default is the same.
// Secrets are not in these tables: `Socket` reads them from their file at the last moment.

import CZeroMQ

#if MUTANTS
    import Mutants
#endif

/// One option of a socket, set before bind or connect and never changed afterwards
/// (changing a high-water mark later runs into libzmq #4524).
struct SocketOption {
    /// The name in `zmq_setsockopt`'s manual page.
    var name: String
    var number: Int32
    var value: Value

    /// libzmq checks the width of a value, so it is part of the option.
    enum Value {
        case int32(Int32)
        case int64(Int64)
        case bytes([UInt8])
    }

    init(_ name: String, _ number: Int32, _ value: Int32) {
        self.name = name
        self.number = number
        self.value = .int32(value)
    }

    init(_ name: String, _ number: Int32, wide value: Int64) {
        self.name = name
        self.number = number
        self.value = .int64(value)
    }

    init(_ name: String, _ number: Int32, bytes value: [UInt8]) {
        self.name = name
        self.number = number
        self.value = .bytes(value)
    }
}

/// The options of each kind of socket.
///
/// `ROUTING_ID` is absent on purpose: two peers with one id make one of them a silent black hole
/// (#4503); libzmq's automatic ids cannot collide.
enum SocketOptions {
    // Milliseconds to deliver what is queued at close. libzmq's default (for ever) would let a
    // dead peer hold up the end of the process.
    static let routerLinger: Int32 = 1_000
    static let dealerLinger: Int32 = 500

    static let router: [SocketOption] =
        common + [
            // An unknown or full peer is an answer, not a silent loss.
            SocketOption("ROUTER_MANDATORY", ZMQ_ROUTER_MANDATORY, 1),
            // A second peer with the same id must not take over the first one's connection.
            SocketOption("ROUTER_HANDOVER", ZMQ_ROUTER_HANDOVER, 0),
            // Per peer. A worker has one assignment open; 64 is beats and notices for minutes.
            SocketOption("SNDHWM", ZMQ_SNDHWM, 64),
            // Per peer: 256 log lines may wait; above that the worker's queue fills, not ours.
            SocketOption("RCVHWM", ZMQ_RCVHWM, 256),
            SocketOption("LINGER", ZMQ_LINGER, routerLinger),
            // A whole fleet may connect at once when a coordinator comes back.
            SocketOption("BACKLOG", ZMQ_BACKLOG, 128),
        ]

    static let dealer: [SocketOption] =
        common + [
            // Old beats are worth nothing: better `false` than a long queue.
            SocketOption("SNDHWM", ZMQ_SNDHWM, 16),
            SocketOption("RCVHWM", ZMQ_RCVHWM, 64),
            SocketOption("LINGER", ZMQ_LINGER, dealerLinger),
            // Do not queue for a coordinator that is not there yet: `send` says so instead.
            SocketOption("IMMEDIATE", ZMQ_IMMEDIATE, 1),
            // Randomised and growing, so that a fleet does not come back in one moment. The most is
            // short, because a coordinator that takes over is to be found within 10 s of the death.
            SocketOption("RECONNECT_IVL", ZMQ_RECONNECT_IVL, 200),
            SocketOption("RECONNECT_IVL_MAX", ZMQ_RECONNECT_IVL_MAX, 1_000),
        ]

    /// What an endpoint on a network needs beside the kind's own options.
    static func transport(of endpoint: Endpoint) -> [SocketOption] {
        guard let address = endpoint.address else { return [] }
        return tcp + [SocketOption("IPV6", ZMQ_IPV6, address.isIPv6 ? 1 : 0)]
    }

    private static let tcp: [SocketOption] = [
        // Firewalls forget connections that are silent for minutes.
        SocketOption("TCP_KEEPALIVE", ZMQ_TCP_KEEPALIVE, 1),
        // Seconds of silence before the first probe, between probes, and probes without answer.
        SocketOption("TCP_KEEPALIVE_IDLE", ZMQ_TCP_KEEPALIVE_IDLE, 30),
        SocketOption("TCP_KEEPALIVE_INTVL", ZMQ_TCP_KEEPALIVE_INTVL, 10),
        SocketOption("TCP_KEEPALIVE_CNT", ZMQ_TCP_KEEPALIVE_CNT, 3),
        // A peer behind a black hole is given up after 15 s, not after the kernel's 15 minutes.
        SocketOption("TCP_MAXRT", ZMQ_TCP_MAXRT, 15_000),
        // The kernel's own limit for a connect is two minutes.
        SocketOption("CONNECT_TIMEOUT", ZMQ_CONNECT_TIMEOUT, 3_000),
    ]

    /// The domain of our handshakes; a ZAP request with another one is refused.
    static let domain = "kugiri"

    /// `ZMQ_ZAP_ENFORCE_DOMAIN`: draft in 4.3.4's header, works in its library.
    static let enforceDomain: Int32 = 93

    /// The listening side of CURVE, without its secret key.
    ///
    /// - Parameter isEnforced: false only in the self-test's own tests.
    static func curveServer(isEnforced: Bool) -> [SocketOption] {
        #if MUTANTS
            let isEnforced = isEnforced && !Mutant.zap.isOn
        #endif
        return [
            SocketOption("CURVE_SERVER", ZMQ_CURVE_SERVER, 1),
            // CURVE alone lets every key in: who it is, is ZAP's question. Without a domain
            // option 93 has no effect.
            SocketOption("ZAP_DOMAIN", ZMQ_ZAP_DOMAIN, bytes: Array(domain.utf8)),
            // Without it a handler that is not there lets everybody in.
            SocketOption("ZAP_ENFORCE_DOMAIN", enforceDomain, isEnforced ? 1 : 0),
        ]
    }

    /// The connecting side of CURVE, without its secret key.
    static func curveClient(own: PublicKey, server: PublicKey) -> [SocketOption] {
        [
            // Pins the coordinator: nobody else can answer.
            SocketOption("CURVE_SERVERKEY", ZMQ_CURVE_SERVERKEY, bytes: server.bytes),
            SocketOption("CURVE_PUBLICKEY", ZMQ_CURVE_PUBLICKEY, bytes: own.bytes),
        ]
    }

    static let publisher: [SocketOption] =
        common + [
            // Per listener: minutes of progress. What is over it is dropped for that listener.
            SocketOption("SNDHWM", ZMQ_SNDHWM, 1_000),
            // Only subscriptions come in.
            SocketOption("RCVHWM", ZMQ_RCVHWM, 64),
            // The last event gets its chance; a listener that stands still does not hold the end.
            SocketOption("LINGER", ZMQ_LINGER, 200),
            SocketOption("BACKLOG", ZMQ_BACKLOG, 128),
        ]

    static let subscriber: [SocketOption] =
        common + [
            SocketOption("SNDHWM", ZMQ_SNDHWM, 64),
            SocketOption("RCVHWM", ZMQ_RCVHWM, 1_000),
            SocketOption("LINGER", ZMQ_LINGER, 0),
            // A resumed run publishes somewhere else: this is only for a hiccup.
            SocketOption("RECONNECT_IVL", ZMQ_RECONNECT_IVL, 200),
            SocketOption("RECONNECT_IVL_MAX", ZMQ_RECONNECT_IVL_MAX, 5_000),
        ]

    private static let common: [SocketOption] = [
        // The default has no bound: a peer's length header of 16 GiB is then allocated. A longer
        // frame closes the peer's connection. It bounds a frame, not the number of frames.
        SocketOption(
            "MAXMSGSIZE", ZMQ_MAXMSGSIZE, wide: Int64(MessagingLimits.messageBytesMax)),
        // Half-open connections hold descriptors; the default of 30 s holds them too long.
        SocketOption("HANDSHAKE_IVL", ZMQ_HANDSHAKE_IVL, 3_000),
        // Finds a stopped process. Proves that the peer's libzmq lives, not that its loop does:
        // that is what `Message.beat` is for.
        SocketOption("HEARTBEAT_IVL", ZMQ_HEARTBEAT_IVL, 2_000),
        SocketOption("HEARTBEAT_TIMEOUT", ZMQ_HEARTBEAT_TIMEOUT, 6_000),
        // From 65,600 on it overflows 16 bits and peers reconnect for ever (#4226).
        SocketOption("HEARTBEAT_TTL", ZMQ_HEARTBEAT_TTL, 10_000),
        // Every call here passes DONTWAIT; should one ever not, it still does not block.
        SocketOption("SNDTIMEO", ZMQ_SNDTIMEO, 0),
        SocketOption("RCVTIMEO", ZMQ_RCVTIMEO, 0),
    ]
}
