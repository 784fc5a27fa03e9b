// `worker`: one worker process. The coordinator starts its own; on other machines people do.

import ArgumentParser
import FoundationEssentials
import Glibc
import Journal
import Loading
import Messaging
import Plan

/// The command `kugiri worker --connect tcp://…`.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Be a worker of a running coordinator (it starts its own by itself).",
        discussion: "On another machine: KUGIRI_DATABASE_URL says where the database is; "
            + "KUGIRI_CONNECT, KUGIRI_KEY and KUGIRI_SERVER_KEY stand for the options.")

    @Option(
        help: .init(
            "The coordinator's endpoint, tcp://HOST:PORT or ipc://PATH.", valueName: "endpoint"))
    var connect: String?
    @Option(help: .init("The secret key of this machine, NAME.key.", valueName: "file"))
    var key: String?
    @Option(
        help: .init(
            "The coordinator's public key: its NAME.pub, or the key itself.", valueName: "key"))
    var serverKey: String?
    @Option(help: "A name for logs, KEY.SUFFIX on a network; made up unless given.")
    var name: String?
    @Option(help: "End together with this process.")
    var parent: Int32?
    @Option(help: "Seconds to wait for a silent coordinator.")
    var coordinatorWait = 60

    func run() throws {
        try conduct("worker") {
            if let parent, !ParentDeath.follow(parent: parent) { return .infrastructure }
            let signals = try SignalReader([SIGINT, SIGTERM])
            guard let url = ProcessInfo.processInfo.environment["KUGIRI_DATABASE_URL"] else {
                throw Refusal(
                    .configuration, ["KUGIRI_DATABASE_URL is not set; a worker needs a database"])
            }
            let (endpoint, security) = try place()
            var worker = try Worker(
                WorkerOptions(
                    name: name ?? Self.name(security?.keyFile.name, endpoint),
                    endpoint: endpoint, databaseURL: url, parent: parent,
                    coordinatorWait: .seconds(coordinatorWait), binaryVersion: Version.text,
                    security: security),
                signals: signals)
            let outcome = worker.run()
            if let parting = worker.parting { Output.error(parting.line()) }
            return outcome
        }
    }

    /// Where to connect and with which keys; throws 16 for what is wrong with them.
    private func place() throws -> (Endpoint, ClientSecurity?) {
        let environment = ProcessInfo.processInfo.environment.filter { !$0.value.isEmpty }
        guard let text = connect ?? environment["KUGIRI_CONNECT"] else {
            throw Refusal(.usage, ["name the coordinator with '--connect tcp://HOST:PORT'"])
        }
        do {
            let endpoint = try Endpoint(text)
            guard endpoint.address != nil else {
                guard key == nil, serverKey == nil else {
                    throw Refusal(.usage, ["--key and --server-key are for tcp://, not for ipc://"])
                }
                return (endpoint, nil)
            }
            let own = key ?? environment["KUGIRI_KEY"]
            let server = serverKey ?? environment["KUGIRI_SERVER_KEY"]
            guard (own == nil) == (server == nil) else {
                throw Refusal(
                    .usage,
                    ["--key, who we are, and --server-key, who must answer, belong together"])
            }
            guard let own, let server else {
                try endpoint.checkKeys(areGiven: false)
                return (endpoint, nil)
            }
            return (
                endpoint,
                ClientSecurity(
                    keyFile: try KeyFile(path: own),
                    serverKey: try KeyFile.publicKey(fileOrText: server))
            )
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
