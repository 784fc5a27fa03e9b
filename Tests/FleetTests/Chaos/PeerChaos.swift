// Strangers at the door, and machines without descriptors or memory.

import FoundationEssentials
import Glibc
import Messaging
import Testing
import Wire

extension ChaosKind {
    static let peerKinds = [
        ChaosKind(
            "strangers", "unauthorised peers, seven ways", whole: 70, short: 7, letStrangersTry),
        ChaosKind(
            "descriptors", "coordinator of few descriptors, 200 connections", whole: 20,
            obstacle: needsLimits, exhaustDescriptors),
        ChaosKind(
            "memory", "worker or coordinator without memory", whole: 20, obstacle: needsLimits,
            exhaustMemory),
    ]

    /// Ways to come without a right to: numbers of trials modulo seven.
    private enum Stranger: Int {
        case unknownKey, noKey, oldProtocol, newerProtocol, wrongServerKey, revokedKey
        /// An unknown key that comes while the coordinator's loop stands still.
        case whileFrozen
    }

    private static func letStrangersTry(_ trial: Trial) throws {
        let way = try #require(Stranger(rawValue: trial.index % 7))
        trial.tell("\(way)")
        let it = try ChaosNight(trial) { $0.workers = 0 }
        let network = try Network(it.night, allowed: ["osaka", "kyoto"], others: ["mallory"])
        if way == .revokedKey { try network.run("revoke", "kyoto") }
        let running = try it.start(["--listen", network.endpoint])
        try waitUntil("the door") { network.log.contains("KGR6020I") }
        if way == .whileFrozen { running.signal(SIGSTOP) }
        let strangers = try Strangers(way, network)
        trial.sleep(milliseconds: trial.number(200...800))
        if way == .whileFrozen { running.signal(SIGCONT) }
        #expect(try strangers.areHeard(within: .seconds(1)) == false)
        let guest = try network.worker()
        let end = try Conclusion(try running.wait())
        guest.signal(SIGTERM)
        _ = try guest.wait()
        withExtendedLifetime(strangers) {}
        try it.oracle.expectLoaded(it.sample, end, code: it.code)
        let names = try end.facts.workers.map(\.name)
        #expect(names.allSatisfy { $0.hasPrefix("osaka.") }, "\(names)")
        let crew = try it.night.texts("SELECT DISTINCT worker FROM kugiri.crew")
        #expect(crew.allSatisfy { $0.hasPrefix("osaka.") }, "\(crew)")
    }

    /// What came to the door and what it heard; the connections live as long as it.
    private final class Strangers {
        /// Connections without libzmq.
        private var raw: [RawConnection] = []
        private let context: Context
        private var dealer: DealerBox?

        init(_ way: Stranger, _ network: Network) throws {
            context = try Context()
            switch way {
            case .oldProtocol:
                // ZMTP 1.0: an anonymous identity, then a frame.
                raw = try say([0x01, 0x00, 0x04, 0x00, 0x61, 0x62, 0x63], network)
            case .newerProtocol:
                // ZMTP 2.0: signature, revision 1, DEALER, no identity, then a frame.
                raw = try say(
                    [
                        0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 0x01, 0x05, 0x00, 0x00, 0x00, 0x03,
                        0x61, 0x62, 0x63,
                    ], network)
            case .noKey: dealer = try box(network, nil, server: nil)
            case .wrongServerKey: dealer = try box(network, "osaka", server: "mallory")
            case .revokedKey: dealer = try box(network, "kyoto", server: "coordinator")
            case .unknownKey, .whileFrozen:
                dealer = try box(network, "mallory", server: "coordinator")
            }
        }

        private func say(_ bytes: [UInt8], _ network: Network) throws -> [RawConnection] {
            try (0..<10).map { _ in try RawConnection(.port(network.port), bytes) }
        }

        private func box(_ network: Network, _ key: String?, server: String?) throws -> DealerBox {
            let security = try key.map {
                ClientSecurity(
                    keyFile: try KeyFile(path: network.key($0)),
                    serverKey: try KeyFile.publicKey(
                        fileOrText: network.publicPart(server ?? "coordinator")))
            }
            return try DealerBox(
                DealerSocket(
                    context, connect: try Endpoint(network.endpoint), security: security))
        }

        /// Whether a message could be sent, or more came than the greeting that everybody gets.
        func areHeard(within limit: Duration) throws -> Bool {
            let hello = encode(
                Envelope(
                    term: 0, sequence: 1, run: "",
                    message: .hello(
                        Hello(worker: "osaka.9", host: "tokyo", pid: 7, binaryVersion: "0"))))
            let deadline = ContinuousClock.now + limit
            while ContinuousClock.now < deadline {
                if let dealer {
                    guard try !dealer.socket.send(hello), try dealer.socket.receive() == nil else {
                        return true
                    }
                }
                usleep(10_000)
            }
            return raw.contains { $0.bytesWaiting > Self.greetingBytes }
        }

        /// The greeting of ZMTP 3 (RFC 23/ZMTP).
        private static let greetingBytes = 64
    }

    private final class DealerBox {
        let socket: DealerSocket
        init(_ socket: consuming DealerSocket) throws { self.socket = socket }
    }

    private static func exhaustDescriptors(_ trial: Trial) throws {
        let it = try ChaosNight(trial) { $0.workers = 0 }
        let network = try Network(it.night)
        let running = try it.start(["--listen", network.endpoint])
        try waitUntil("the door") { network.log.contains("KGR6020I") }
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(running.pid)/fd"))
        let few = (open ?? []).count + trial.number(0...8)
        try limit(running.pid, "nofile=\(few)", it.night)
        trial.tell("\(few) descriptors")
        let crowd = (0..<200).compactMap { _ in Place.port(network.port).connected() }
        trial.tell("\(crowd.count) connections")
        trial.sleep(milliseconds: trial.number(200...1_500))
        for descriptor in crowd { close(descriptor) }
        try limit(running.pid, "nofile=1024", it.night)
        let guest = try network.worker()
        let ended = try running.wait()
        guest.signal(SIGTERM)
        _ = try guest.wait()
        guard ended.code != it.code else { return try it.expectLoaded(ended) }
        trial.tell("it ended with \(ended.status): \(ended.lastErrorLine)")
        // By itself, or by libzmq, which aborts when it cannot accept on its ipc door.
        #expect(
            ended.code == 12 || ended.status == .signalled(SIGABRT),
            "\(ended.status) \(ended.stderr)")
        try it.expectGoesOn(trial, ["--workers", "2"])
    }

    private static func exhaustMemory(_ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        guard trial.await(moment, since: ContinuousClock.now, running) else {
            return try it.expectLoaded(try running.wait())
        }
        let workers = running.children
        let victim = trial.chance(70) && !workers.isEmpty ? trial.choose(workers) : running.pid
        let pages = (try? String(contentsOfFile: "/proc/\(victim)/statm", encoding: .utf8)) ?? "0"
        let used = Int(pages.split(separator: " ").first ?? "0") ?? 0
        // It may have ended in the meantime.
        try? limit(victim, "as=\(used * 4_096 + trial.number(0...1_000_000))", it.night)
        trial.tell("\(moment) ms: \(victim == running.pid ? "coordinator" : "worker") bounded")
        let ended = try running.wait()
        guard ended.code != it.code else { return try it.expectLoaded(ended) }
        trial.tell("it ended with \(ended.status): \(ended.lastErrorLine)")
        // Without memory a process may fail anywhere, but not say that it went well.
        #expect(ended.code != 0 && ended.code != 4, "\(ended.status) \(ended.stderr)")
        try waitUntil("no worker left") { Processes.naming(it.night.folder + "/") == [] }
        try it.expectGoesOn(trial)
    }

    private static let prlimit = "/usr/bin/prlimit"

    @Sendable private static func needsLimits() -> String? {
        unsafe access(prlimit, X_OK) == 0 ? nil : "prlimit is not installed"
    }

    /// Sets a limit of a running process, so that it can be raised again; as in `prlimit --nofile=8:`.
    private static func limit(_ process: Int32, _ limit: String, _ night: Night) throws {
        let set = try Binary.startProgram(
            prlimit, ["--pid", String(process), "--\(limit):"], scratch: "\(night.folder)/out")
        try set.wait().expect(code: 0)
    }
}
