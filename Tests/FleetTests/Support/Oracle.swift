// The one oracle of all fleet tests: whatever happened in between, the night ended with the rows,
// rejects, counts and leftovers of an undisturbed serial load.

import FoundationEssentials
import Postgres
import Testing

/// Judges a run against the target as it was when the oracle was made.
struct Oracle {
    private let night: Night
    private let before: [String: Member]
    private let fingerprint: [String]

    /// Remembers the target as it is now: what the load must start from.
    init(_ night: Night) throws {
        self.night = night
        before = try night.members()
        fingerprint = try night.fingerprint()
    }

    /// For a run that is already under way: the target as it was before it.
    init(_ night: Night, before: [String: Member]) throws {
        self.night = night
        self.before = before
        fingerprint = []
    }

    /// The run is published, and everything is as a serial load would have it.
    ///
    /// - Parameters:
    ///   - extra: Rejects beside those of the file's truth.
    ///   - skipping: Physical records that end as conflicts.
    ///   - closing: Customers whose rows the file lacks, and that are closed for it.
    ///   - isAlone: Whether nothing of Kugiri is to live on: no standby, no worker of elsewhere.
    ///   - isStaged: Whether staging is there, so that the state of every record can be told.
    ///
    /// Records that became late rejects are not in this oracle: such a run ends with 8.
    func expectLoaded(
        _ sample: Sample, _ conclusion: Conclusion, code: Int32 = 0, extra: [Defect] = [],
        skipping: Set<Int> = [], closing: Set<String> = [], isStaged: Bool = true,
        isAlone: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectEnd(conclusion, code: code, sourceLocation)
        let report = try #require(
            conclusion.report, "\(conclusion.ended.stderr)", sourceLocation: sourceLocation)
        var expected = Reference(before, inserts: night.settings.mode == "upsert")
        let rejects = sample.defects + extra
        let left = Set(rejects.map(\.record)).union(skipping)
        expected.load(try sample.bytes, date: sample.date, without: left)
        expected.close(closing)
        try expectRows(expected.members, sourceLocation)
        try expectRejects(rejects, run: report.runId, sourceLocation)
        #expect(expected.unknown == [], sourceLocation: sourceLocation)
        let counts = report.counts
        #expect(counts.conflicts == skipping.count, sourceLocation: sourceLocation)
        #expect(counts.rejected == Set(rejects.map(\.record)).count, sourceLocation: sourceLocation)
        #expect(counts.inserted == expected.inserted, sourceLocation: sourceLocation)
        #expect(counts.updated == expected.updated, sourceLocation: sourceLocation)
        #expect(counts.unchanged == expected.unchanged, sourceLocation: sourceLocation)
        #expect(counts.closed == closing.count, sourceLocation: sourceLocation)
        try expectEquation(report, sourceLocation)
        if isStaged { try expectStates(report, sourceLocation) }
        try expectPublished(report, sourceLocation)
        try expectNoResidue(published: report.runId, isAlone: isAlone, sourceLocation)
    }

    /// The run ended without touching the target: every row is the same version as before.
    ///
    /// - Parameter rejects: nil: not looked at.
    func expectUntouched(
        _ conclusion: Conclusion, code: Int32, rejects: [Defect]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectEnd(conclusion, code: code, sourceLocation)
        let now = try night.fingerprint()
        #expect(now == fingerprint, sourceLocation: sourceLocation)
        if let rejects {
            try expectRejects(rejects, run: try conclusion.run, sourceLocation)
        }
        if let report = conclusion.report {
            let published = try night.count(
                "SELECT count(*) FROM kugiri.publication WHERE run = '\(report.runId)'")
            #expect(published == 0, sourceLocation: sourceLocation)
        }
        let last = try night.texts("SELECT run FROM kugiri.current_run")
        try expectNoResidue(published: last.first, sourceLocation)
    }

    // MARK: Parts

    /// Exit code, report and the stable last line agree.
    private func expectEnd(
        _ conclusion: Conclusion, code: Int32, _ place: SourceLocation
    ) throws {
        // Another end makes all the rest untrue: what standard error says is enough.
        try #require(
            conclusion.code == code, "\(conclusion.ended.stderr)", sourceLocation: place)
        guard let report = conclusion.report else { return }
        #expect(report.schema == "kugiri.run/1", sourceLocation: place)
        #expect(report.exitCode == conclusion.code, sourceLocation: place)
        let (id, result) =
            switch code {
            case 0: ("KGR9001I", "NORMAL")
            case 4, 5: ("KGR9002W", "WARNING")
            case 8...11: ("KGR9003E", "DATA")
            case 12...15: ("KGR9003E", "RETRY")
            case 16: ("KGR9003E", "CONFIG")
            case 130, 143: ("KGR9003E", "SIGNAL")
            default: ("KGR9003E", "BUG")
            }
        #expect(report.result == result, sourceLocation: place)
        let line = conclusion.ended.lastErrorLine
        let start = "\(id) run=\(report.runId) job=debit-result result=\(result) exit=\(code) "
        #expect(line.hasPrefix(start), "\(line)", sourceLocation: place)
        let counts = report.counts
        let figures =
            "input=\(counts.input) loaded=\(counts.inserted + counts.updated + counts.closed) "
            + "unchanged=\(counts.unchanged) rejected=\(counts.rejected) "
            + "conflicts=\(counts.conflicts) "
        #expect(line.contains(figures), "\(line)", sourceLocation: place)
    }

    private func expectRows(_ expected: [String: Member], _ place: SourceLocation) throws {
        let found = try night.members()
        let keys = Set(expected.keys).union(found.keys).sorted()
        let differences = keys.filter { expected[$0] != found[$0] }.map { key in
            "\(key): expected \(expected[key]?.description ?? "no row"), "
                + "found \(found[key]?.description ?? "no row")"
        }
        #expect(
            differences.isEmpty,
            "\(differences.count) rows differ: \(differences.prefix(5).joined(separator: "; "))",
            sourceLocation: place)
    }

    private func expectRejects(
        _ expected: [Defect], run: String, _ place: SourceLocation
    ) throws {
        let rows = try night.connection.query(
            "SELECT record, byte_offset, field, rule FROM kugiri.reject WHERE run = $1",
            [.text(run)])
        let found = (0..<rows.count).map { row in
            Defect(
                record: Int(rows.int(row, 0) ?? -1), byte: Int(rows.int(row, 1) ?? -1),
                field: rows.text(row, 2), rule: rows.text(row, 3) ?? "")
        }
        let missing = Set(expected).subtracting(found).sorted().prefix(5)
        let surplus = Set(found).subtracting(expected).sorted().prefix(5)
        #expect(missing.isEmpty, "not reported: \(missing)", sourceLocation: place)
        #expect(surplus.isEmpty, "reported, but not there: \(surplus)", sourceLocation: place)
        #expect(found.count == expected.count, sourceLocation: place)
    }

    /// Invariant 1, per partition and in total, and against the database.
    private func expectEquation(_ report: Report, _ place: SourceLocation) throws {
        let total = report.counts
        #expect(total.balances, "\(total)", sourceLocation: place)
        for part in report.partitions {
            #expect(part.counts.balances, "\(part)", sourceLocation: place)
            #expect(part.done, "\(part)", sourceLocation: place)
        }
        try expectPartitionsAddUp(report, place)
        #expect(report.controlTotals.filter { !$0.holds } == [], sourceLocation: place)
        let run = "'\(report.runId)'"
        let load = try night.connection.query(
            """
            SELECT sum(staged), sum(inserted), sum(updated), sum(unchanged), sum(conflicts),
                sum(late), sum(closed) FROM kugiri.interval WHERE run = \(run) AND phase = 'load'
            """)
        let figures = (0..<7).map { Int(load.int(0, $0) ?? 0) }
        func applied(_ outcome: String) throws -> Int {
            try night.count(
                "SELECT count(*) FROM kugiri.conflict WHERE run = \(run) AND state = 'applied' "
                    + "AND outcome = '\(outcome)'")
        }
        let applied = try ["I", "U", "N", "C"].map { try applied($0) }
        #expect(figures[0] + total.rejected == total.input + total.absent, sourceLocation: place)
        #expect(figures[1] + applied[0] == total.inserted, sourceLocation: place)
        #expect(figures[2] + applied[1] == total.updated, sourceLocation: place)
        #expect(figures[3] + applied[2] == total.unchanged, sourceLocation: place)
        #expect(
            figures[4] - applied.reduce(0, +) == total.conflicts, sourceLocation: place)
        #expect(figures[6] + applied[3] == total.closed, sourceLocation: place)
        #expect(figures[5] == 0, sourceLocation: place)
    }

    /// Partitions add up to the total.
    ///
    /// A record whose key cannot be read, or lies outside every range, is in no partition: it is a
    /// reject of the run alone.
    private func expectPartitionsAddUp(_ report: Report, _ place: SourceLocation) throws {
        var sums = report.counts.list.map { _ in 0 }
        for part in report.partitions {
            for (index, figure) in part.counts.list.enumerated() { sums[index] += figure }
        }
        let homeless = try night.count(
            """
            SELECT coalesce(sum(rejected), 0) FROM kugiri.share
            WHERE run = '\(report.runId)' AND partition = 0
            """)
        let unnamed = try night.count(
            """
            SELECT count(DISTINCT record) FROM kugiri.reject
            WHERE run = '\(report.runId)' AND partition IS NULL
            """)
        #expect(unnamed == homeless, sourceLocation: place)
        var rest = report.counts
        rest.input -= homeless
        rest.rejected -= homeless
        #expect(sums == rest.list, sourceLocation: place)
    }

    /// Nothing is unprocessed or processing: D + E + rejects = input.
    private func expectStates(_ report: Report, _ place: SourceLocation) throws {
        let states = try night.states(of: report.runId)
        let open = states.filter { ["unprocessed", "processing"].contains($0.key) }
        #expect(open.isEmpty, "\(states)", sourceLocation: place)
        #expect(
            states.values.reduce(0, +) == report.counts.input + report.counts.absent,
            "\(states)", sourceLocation: place)
        #expect(
            states["rejected", default: 0] == report.counts.rejected, sourceLocation: place)
        #expect(states["error", default: 0] == report.counts.conflicts, sourceLocation: place)
    }

    private func expectPublished(_ report: Report, _ place: SourceLocation) throws {
        #expect(
            try night.texts("SELECT run FROM kugiri.current_run") == [report.runId],
            sourceLocation: place)
        #expect(
            try night.texts("SELECT state FROM kugiri.run WHERE run = '\(report.runId)'")
                == ["published"], sourceLocation: place)
        let verified = try night.kugiri(["certificate", "verify", report.runId])
        #expect(
            verified.code == 0, "\(verified.stdout)\(verified.stderr)", sourceLocation: place)
        let stored = try night.texts(
            "SELECT sha256 FROM kugiri.certificate WHERE run = '\(report.runId)'")
        #expect(stored == [report.certificate ?? "-"], sourceLocation: place)
    }

    /// No lock, session, process, socket folder, spool or foreign staging is left.
    private func expectNoResidue(
        published: String?, isAlone: Bool = true, _ place: SourceLocation
    ) throws {
        if isAlone { try expectNobody(place) }
        #expect(entries("spool") == [], sourceLocation: place)
        #expect(
            entries("archive").filter { $0.hasPrefix("arriving") } == [], sourceLocation: place)
        try expectStaging(of: published, place)
    }

    private func expectNobody(_ place: SourceLocation) throws {
        let sessions =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            + "AND (application_name LIKE 'kugiri%' OR state LIKE 'idle in transaction%')"
        // The server notices a closed connection a moment after its process is gone.
        try? waitUntil("no session left", limit: .seconds(5)) { try night.count(sessions) == 0 }
        #expect(try night.count(sessions) == 0, sourceLocation: place)
        let locks =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            + "(SELECT oid FROM pg_database WHERE datname = current_database())"
        #expect(try night.count(locks) == 0, sourceLocation: place)
        #expect(Processes.naming(night.folder + "/") == [], sourceLocation: place)
        #expect(entries("ipc") == [], sourceLocation: place)
    }

    private func expectStaging(of published: String?, _ place: SourceLocation) throws {
        let staged = try night.texts(
            "SELECT relname FROM pg_class WHERE relnamespace = 'kugiri_stage'::regnamespace "
                + "AND relkind IN ('r', 'p') ORDER BY relname")
        guard let published else {
            #expect(staged == [], sourceLocation: place)
            return
        }
        let own = try night.texts(
            """
            SELECT name FROM (
                SELECT 'r' || number AS name FROM kugiri.run WHERE run = '\(published)'
                UNION ALL
                SELECT split_part(staging, '.', 2) FROM kugiri.slice WHERE run = '\(published)'
            ) x ORDER BY name COLLATE "C"
            """)
        #expect(staged.sorted() == own.sorted(), sourceLocation: place)
    }

    private func entries(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(night.state)/\(directory)")) ?? []
    }
}

extension Night {
    /// How many records of a run are in which state, by `kugiri.record_state`.
    func states(of run: String) throws -> [String: Int] {
        let rows = try connection.query(
            "SELECT state, count(*) FROM kugiri.record_state($1) GROUP BY state", [.text(run)])
        var result: [String: Int] = [:]
        for row in 0..<rows.count { result[rows.text(row, 0) ?? "?"] = Int(rows.int(row, 1) ?? 0) }
        return result
    }
}
