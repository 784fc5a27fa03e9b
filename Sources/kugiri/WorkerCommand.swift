// `worker`: one worker process. The coordinator starts its own; on other machines people do.

import ArgumentParser
import FoundationEssentials
import Glibc
import Journal
import Loading
import Messaging
import Plan
import Settings

/// The command `kugiri worker --connect tcp://…`.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Be a worker of a running coordinator (it starts its own by itself).",
        discussion: "On another machine: KUGIRI_DATABASE_URL says where the database is; "
            + "KUGIRI_CONNECT, KUGIRI_KEY and KUGIRI_SERVER_KEY stand for the options. Where "
            + "standbys may take over, name their addresses too: --connect A --connect B (in "
            + "KUGIRI_CONNECT: A,B), with one server key for all, or one for each in that order.")

    @Option(
        help: .init(
            "The coordinator's endpoint, tcp://HOST:PORT or ipc://PATH; may be repeated.",
            valueName: "endpoint"))
    var connect: [String] = []
    @Option(help: .init("The secret key of this machine, NAME.key.", valueName: "file"))
    var key: String?
    @Option(
        help: .init(
            "The coordinator's public key: its NAME.pub, or the key itself; may be repeated.",
            valueName: "key"))
    var serverKey: [String] = []
    @Option(help: "A name for logs, KEY.SUFFIX on a network; made up unless given.")
    var name: String?
    @Option(help: "End together with this process.")
    var parent: Int32?
    @Option(help: "Seconds to wait for a silent coordinator.")
    var coordinatorWait = 60
    @Option(help: "Seconds to wait for a database that went away.")
    var databaseWait = 600

    func validate() throws {
        guard coordinatorWait >= 0, databaseWait >= 0 else {
            throw ValidationError("--coordinator-wait and --database-wait take 0 or more seconds")
        }
    }

    func run() throws {
        try conduct("worker") {
            if let parent, !ParentDeath.follow(parent: parent) { return .infrastructure }
            let signals = try SignalReader([SIGINT, SIGTERM])
            guard let url = ProcessInfo.processInfo.environment["KUGIRI_DATABASE_URL"] else {
                throw Refusal(
                    .configuration, ["KUGIRI_DATABASE_URL is not set; a worker needs a database"])
            }
            try check(address: url)
            let places = try places()
            let first = places[0]
            var worker = try Worker(
                WorkerOptions(
                    name: name ?? Self.name(first.security?.keyFile.name, first.endpoint),
                    endpoint: first.endpoint, databaseURL: url, parent: parent,
                    coordinatorWait: .seconds(coordinatorWait),
                    databaseWait: .seconds(databaseWait), binaryVersion: Version.text,
                    security: first.security, others: Array(places.dropFirst())),
                signals: signals, tell: { Output.error($0.line()) })
            let outcome = worker.run()
            if let parting = worker.parting { Output.error(parting.line()) }
            return outcome
        }
    }

    /// Where to connect and with which keys, at least one place; throws 16 for what is wrong with
    /// them.
    private func places() throws -> [CoordinatorPlace] {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        func given(_ options: [String], _ name: String) -> [String] {
            guard options.isEmpty else { return options }
            return (environment[name] ?? "").split(separator: ",").map { String($0) }
        }
        let texts = given(connect, "KUGIRI_CONNECT")
        guard !texts.isEmpty else {
            throw Refusal(.usage, ["name the coordinator with '--connect tcp://HOST:PORT'"])
        }
        guard texts.count <= LoadingLimits.endpointsMax else {
            throw Refusal(
                .usage, ["--connect is given at most \(LoadingLimits.endpointsMax) times"])
        }
        do {
            return try places(
                texts.map { text throws(MessagingError) in try Endpoint(text) },
                own: key ?? environment["KUGIRI_KEY"],
                servers: given(serverKey, "KUGIRI_SERVER_KEY"))
        } catch let error as MessagingError {
            throw Refusal(
                .configuration,
                [
                    LogMessage(
                        .networkFault,
                        ["place": "--connect", "reason": "\(error.operation): \(error.message)"]
                    ).line()
                ])
        } catch let trouble as KeyTrouble {
            throw Refusal(
                .configuration,
                trouble.faults.map {
                    LogMessage(.keyFault, ["reason": $0.description]).line()
                })
        }
    }

    /// Addresses with their keys: ours, and one server's for all or one for each.
    private func places(
        _ endpoints: [Endpoint], own: String?, servers: [String]
    ) throws -> [CoordinatorPlace] {
        guard endpoints.contains(where: { $0.address != nil }) else {
            guard key == nil, serverKey.isEmpty else {
                throw Refusal(.usage, ["--key and --server-key are for tcp://, not for ipc://"])
            }
            return endpoints.map { CoordinatorPlace(endpoint: $0, security: nil) }
        }
        guard (own == nil) == servers.isEmpty else {
            throw Refusal(
                .usage, ["--key, who we are, and --server-key, who must answer, belong together"])
        }
        guard let own else {
            for endpoint in endpoints { try endpoint.checkKeys(areGiven: false) }
            return endpoints.map { CoordinatorPlace(endpoint: $0, security: nil) }
        }
        guard servers.count == 1 || servers.count == endpoints.count else {
            throw Refusal(
                .usage,
                [
                    "--server-key is given once for all addresses or once for each of the "
                        + "\(endpoints.count), not \(servers.count) times"
                ])
        }
        let keyFile = try KeyFile(path: own)
        return try endpoints.enumerated().map { index, endpoint in
            guard endpoint.address != nil else {
                return CoordinatorPlace(endpoint: endpoint, security: nil)
            }
            let server = servers[servers.count == 1 ? 0 : index]
            return CoordinatorPlace(
                endpoint: endpoint,
                security: ClientSecurity(
                    keyFile: keyFile, serverKey: try KeyFile.publicKey(fileOrText: server)))
        }
    }

    /// The same rules as for a coordinator's: above all, no password in it.
    private func check(address: String) throws {
        var given = Overrides(origin: .environment)
        given.database = address
        let none = Settings(jobs: [:], directories: Directories(base: "/"), database: nil)
        do {
            _ = try given.apply(to: none)
        } catch {
            throw Refusal(.configuration, error.faults.map(\.rendered))
        }
    }

    /// Key, host and process, with two random bytes: containers of one image can have host and
    /// process in common.
    ///
    /// The host is cut so that the name stays within `WireLimits.workerBytesMax`.
    private static func name(_ key: String?, _ endpoint: Endpoint) -> String {
        let host = String(
            decoding: HostName.current.utf8.prefix(16).filter {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D
            }, as: UTF8.self)
        let random = String(UInt16.random(in: 0x1000...0xFFFF), radix: 16)
        let suffix = "\(host)-\(getpid())-\(random)"
        return endpoint.address == nil ? suffix : "\(key ?? "guest").\(suffix)"
    }
}
