// Runs done again, answers typed on a terminal, and what must be the same before and after.

import FoundationEssentials
import Postgres
import Testing

extension Night {
    /// Does a run again; agreed to, with a reason.
    func rerun(
        _ run: String, _ flags: [String], environment: [String: String] = [:]
    ) throws -> Conclusion {
        try Conclusion(kugiri(Self.rerunArguments(run, flags), environment: environment))
    }

    /// Starts `rerun` and does not wait for its end.
    func startRerun(
        _ run: String, _ flags: [String], environment: [String: String] = [:]
    ) throws -> Running {
        try Binary.start(
            Self.rerunArguments(run, flags) + ["--settings", "\(folder)/partitions.yaml"],
            environment: environment, scratch: "\(folder)/out")
    }

    /// Starts `backout` and does not wait for its end.
    func startBackout(_ run: String, environment: [String: String] = [:]) throws -> Running {
        try Binary.start(
            ["backout", run, "--reason", "a test", "--yes", "--json"]
                + ["--settings", "\(folder)/partitions.yaml"],
            environment: environment, scratch: "\(folder)/out")
    }

    private static func rerunArguments(_ run: String, _ flags: [String]) -> [String] {
        ["rerun", run, "--reason", "a test", "--yes", "--json"] + flags
    }

    /// A command with a terminal of its own, on which an answer is typed.
    func asked(
        _ arguments: [String], _ answer: String, environment: [String: String] = [:]
    ) throws -> Ended {
        let words = [Binary.path] + arguments + ["--settings", "\(folder)/partitions.yaml"]
        let command = words.map { "'\($0)'" }.joined(separator: " ")
        // `script` gives the command a terminal and types what it reads itself.
        let typing = "{ sleep 1; echo \(answer); sleep 8; } | script -qec \"$0\" /dev/null"
        return try Binary.shell(
            typing, command, environment: environment, scratch: "\(folder)/out")
    }

    /// The key range of a partition, as SQL.
    func bounds(of partition: Int) throws -> String {
        try texts(
            """
            SELECT format('customer_number COLLATE "C" >= %L', low)
                || coalesce(format(' AND customer_number COLLATE "C" < %L', high), '')
            FROM kugiri.partition WHERE number = \(partition) ORDER BY revision DESC LIMIT 1
            """)[0]
    }

    /// The key in the middle.
    func middle() throws -> String {
        try texts(
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY customer_number) FROM member_account"
        )[0]
    }

    /// The target without the columns that only move forwards.
    func contents(where condition: String = "true") throws -> [String: Member] {
        let keys = Set(
            try texts("SELECT customer_number FROM member_account WHERE \(condition)"))
        return try members().filter { keys.contains($0.key) }
            .mapValues { member in
                var member = member
                member.updateCount = 0
                return member
            }
    }

    /// What the ledger says of the runs, without who had them last.
    func ledger() throws -> [String] {
        var found = try texts(
            "SELECT (to_jsonb(r) - 'term' - 'coordinator')::text FROM kugiri.run r ORDER BY 1")
        for table in [
            "partition", "slice", "interval", "chunk", "total", "share", "reject", "conflict",
            "certificate", "publication", "revision",
        ] {
            found += try texts("SELECT '\(table)' || t::text FROM kugiri.\(table) t ORDER BY 1")
        }
        return found
    }
}
