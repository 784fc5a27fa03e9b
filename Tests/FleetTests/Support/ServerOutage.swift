// The whole database server goes away, and comes back when the test says so.

import FoundationEssentials
import Glibc
import Postgres
import Testing

/// How a server goes away.
enum ServerEnd: String, Sendable {
    /// Stopped in order: sessions are ended, all is on the disk.
    case fast
    /// Stopped at once: recovery follows, UNLOGGED tables are empty.
    case immediate
    /// Its first process is killed, the others notice.
    case killed

    fileprivate var signal: Int32 {
        switch self {
        case .fast: SIGINT
        case .immediate: SIGQUIT
        case .killed: SIGKILL
        }
    }
}

extension Night {
    /// Ends the server of all nights; until `startServer` this night's session is gone.
    func endServer(_ end: ServerEnd) throws {
        let file = "\(try texts("SHOW data_directory")[0])/postmaster.pid"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let first = try #require(
            text.split(separator: "\n").first.flatMap { Int32($0) }, "\(text)")
        let others = Processes.children(of: first)
        kill(first, end.signal)
        try waitUntil("the server's end") {
            !([first] + others).contains { Processes.isThere($0) }
        }
    }

    /// Starts the server again.
    func startServer() throws {
        _ = try FleetServer.server.start()
        try reconnect()
    }
}
