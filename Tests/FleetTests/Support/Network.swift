// Keys and ports of a night, and workers started as a second machine would start them.

import FoundationEssentials
import Glibc
import Testing

/// A night with a coordinator's key and named keys, some of them on the allow-list.
struct Network {
    let night: Night
    let port: Int

    /// Makes the keys; `allowed` are on the list, `others` are not.
    init(_ night: Night, allowed: [String] = ["osaka"], others: [String] = []) throws {
        self.night = night
        port = Self.freePort()
        for name in ["coordinator"] + allowed + others { try run("new", name) }
        for name in allowed { try run("allow", publicPart(name)) }
    }

    /// No keys at all.
    init(keyless night: Night) {
        self.night = night
        port = Self.freePort()
    }

    var folder: String { "\(night.state)/keys" }
    /// Where the coordinator listens.
    var host = "127.0.0.1"
    var endpoint: String { "tcp://\(host):\(port)" }
    func key(_ name: String) -> String { "\(folder)/\(name).key" }
    func publicPart(_ name: String) -> String { "\(folder)/\(name).pub" }

    /// `kugiri keys VERB ARGUMENT`.
    @discardableResult
    func run(_ words: String...) throws -> Ended {
        let ended = try Binary.run(
            ["keys"] + words + ["--directory", folder], scratch: "\(night.folder)/out")
        try #require(ended.code == 0, "\(ended.stderr)")
        return ended
    }

    /// A worker of another machine: nothing but address, keys and database.
    func worker(
        key: String? = "osaka", server: String = "coordinator", wait: Int = 20,
        _ more: [String] = [], environment: [String: String] = [:], wrapper: [String] = []
    ) throws -> Running {
        var arguments = ["worker", "--connect", endpoint, "--coordinator-wait", String(wait)]
        if let key {
            arguments += ["--key", self.key(key), "--server-key", publicPart(server)]
        }
        var all = ["KUGIRI_DATABASE_URL": night.settings.database]
        for (name, value) in environment { all[name] = value }
        return try Binary.start(
            arguments + more, environment: all, scratch: "\(night.folder)/out",
            wrapper: wrapper)
    }

    /// The secret of a key, read without the code under test.
    func secret(_ name: String) throws -> String {
        let text = try String(contentsOfFile: key(name), encoding: .utf8)
        return String(try #require(text.split(whereSeparator: \.isWhitespace).last))
    }

    /// The run log so far; empty: there is no run yet.
    var log: String {
        let runs = "\(night.state)/runs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []
        return names.map {
            (try? String(contentsOfFile: "\(runs)/\($0)/run.log", encoding: .utf8)) ?? ""
        }.joined()
    }

    /// A port of the loopback that nobody listens on, below those the system lends.
    static func freePort() -> Int {
        while true {
            let port = 10_000 + (Int(getpid()) * 53 + Counter.next()) % 20_000
            if Place.port(port).isFree { return port }
        }
    }
}
