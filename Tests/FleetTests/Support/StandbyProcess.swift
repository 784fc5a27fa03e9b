// A standby of a night, and what can be seen of takeovers from outside.

import FoundationEssentials
import Glibc
import Testing

/// A `kugiri coordinator --standby --json` that is running.
final class StandbyProcess {
    private let process: Running
    private let night: Night

    fileprivate init(_ process: Running, _ night: Night) {
        self.process = process
        self.night = night
    }

    /// One event, as its schema has it.
    struct Event: Decodable {
        var id: String
        var text: String
        var runId: String?
    }

    /// What it has told so far.
    func events() throws -> [Event] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let schema = try JSONSchema("standby-1")
        return try process.outputSoFar.split(separator: "\n").map { line in
            let text = String(line)
            let faults = try schema.faults(text)
            #expect(faults.isEmpty, "\(text)")
            return try decoder.decode(Event.self, from: Data(text.utf8))
        }
    }

    /// Waits until it has told something.
    @discardableResult func told(_ id: String, limit: Duration = .seconds(40)) throws -> Event {
        var found: Event?
        try waitUntil("\(id) of the standby", limit: limit) {
            found = try events().first { $0.id == id }
            return found != nil || !process.isRunning
        }
        return try #require(found, "the standby ended without \(id): \(process.outputSoFar)")
    }

    /// The coordinators it has started and that live.
    var coordinators: [Int32] { process.children }

    /// Sends a signal to the standby.
    func signal(_ number: Int32) { process.signal(number) }

    /// Whether it has not ended.
    var isRunning: Bool { process.isRunning }

    /// Tells it to stop, which it does in order.
    @discardableResult func stop(_ signal: Int32 = SIGTERM) throws -> Ended {
        process.signal(signal)
        let ended = try process.wait(.seconds(60))
        #expect(ended.code == 128 + signal, "\(ended.status) \(ended.stderr)")
        #expect(ended.stdout.contains("KGR6039I"), "\(ended.stdout)")
        return ended
    }
}

extension Night {
    /// Starts a standby, and waits until it watches.
    func startStandby(
        _ flags: [String] = [], environment: [String: String] = [:]
    ) throws -> StandbyProcess {
        let running = try Binary.start(
            ["coordinator", "--standby", "--json"] + flags + [
                "--settings", "\(folder)/partitions.yaml",
            ],
            environment: environment, scratch: "\(folder)/out")
        let standby = StandbyProcess(running, self)
        try standby.told("KGR6030I")
        return standby
    }

    /// Waits until a run is published, whoever conducts it.
    func published(_ run: String, limit: Duration = .seconds(90)) throws {
        try waitUntil("the end of \(run)", limit: limit) {
            try texts("SELECT state FROM kugiri.run WHERE run = '\(run)'") == ["published"]
        }
    }

    /// Waits until nobody conducts anything here: a published run's coordinator still tidies up.
    func quiet(_ standby: StandbyProcess) throws {
        try waitUntil("the coordinators' end") { standby.coordinators.isEmpty }
    }

    /// Every row of ledger and target with its version: any write shows.
    func everything() throws -> [String] {
        let tables = try texts(
            """
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND (n.nspname LIKE 'kugiri%' OR c.relname = 'member_account')
            ORDER BY 1
            """)
        return try tables.map { table in
            let digest = try texts(
                "SELECT md5(coalesce(string_agg(t.xmin || t::text, ',' ORDER BY t.ctid), '')) "
                    + "FROM \(table) t")
            return "\(table) \(digest)"
        }
    }

    /// The newest term of a run.
    func term(of run: String) throws -> Int {
        try count("SELECT term FROM kugiri.run WHERE run = '\(run)'")
    }

    /// How long after a moment the first interval was committed under a coordinator of a newer term,
    /// in seconds; the database's clock is this machine's.
    ///
    /// - Parameter moment: Seconds since 1970.
    func firstInterval(of run: String, after moment: Double) throws -> Double? {
        let rows = try texts(
            """
            SELECT extract(epoch FROM min(i.committed_at)) - \(moment) FROM kugiri.interval i
            JOIN kugiri.tenure t ON t.run = i.run AND t.term = 2
            WHERE i.run = '\(run)' AND i.committed_at > t.started_at
            """)
        return rows.first.flatMap { Double($0) }
    }
}

/// Seconds since 1970, by the clock that the private server has too.
var secondsSinceEpoch: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
