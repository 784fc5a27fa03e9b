// Rules of `partitions`, `why` and `doctor` that need no database.

import Journal
import Plan
import Records
import Settings
import Testing

@testable import Coordination
@testable import Ledger

struct PartitionFactsTests {
    private func slice(_ number: Int, _ low: String, _ high: String?, staged: Int64?) -> SliceRow {
        var row = SliceRow(
            slice: number, range: KeyRange(low: Key(low), high: high.map { Key($0) }),
            file: "", records: 100, bytes: 0, checksum: 0, staging: "")
        row.staged = staged
        return row
    }

    /// Three partitions over two slices; the middle one lies in both.
    private func facts(_ phase: Phase, state: String = "open") throws -> PartitionFacts {
        let table = PartitionTable(cutAt: [Key("3"), Key("6")])
        var facts = PartitionFacts(state: state, phase: phase, partitions: table.partitions)
        facts.slices = [slice(0, "", "5", staged: 98), slice(1, "5", nil, staged: nil)]
        return facts
    }

    private func load(_ staged: Int64, inserted: Int64) -> PartitionLoad {
        var counts = IntervalCounts()
        counts.staged = staged
        counts.inserted = inserted
        return PartitionLoad(counts: counts, workers: ["w1"], startedAt: 1_000, committedAt: 3_500)
    }

    @Test func `before the barrier a partition is as far as the slices that meet it`() throws {
        let rows = try facts(.validate).rows()
        #expect(rows.map(\.doneShare) == [1, 0.5, 0])
        #expect(rows.map(\.state) == [.validated, .waiting, .waiting])
    }

    @Test func `a claim in hand makes its partitions run, by slice or by partition`() throws {
        var validating = try facts(.validate)
        validating.inHand = [
            ClaimInHand(
                claim: 1, phase: .validate, slice: 1, partition: nil, worker: "w2", epoch: 1,
                takenAt: 0)
        ]
        let rows = validating.rows()
        #expect(rows.map(\.state) == [.validated, .running, .running])
        #expect(rows.map(\.workers) == [[], ["w2"], ["w2"]])
    }

    @Test func `a partition is done when all its staged rows are handled`() throws {
        var loading = try facts(.load)
        loading.slices[1].staged = 100
        loading.shares = [1: (60, 1, 0), 2: (80, 0, 2), 3: (60, 0, 0), 0: (3, 3, 0)]
        loading.loads = [1: load(59, inserted: 59), 2: load(41, inserted: 40)]
        loading.conflicts = [
            2: [ConflictRow(partition: 2, state: "applied", outcome: "U", count: 1)]
        ]
        let rows = loading.rows()
        #expect(rows.map(\.state) == [.done, .waiting, .waiting])
        #expect(rows.map(\.staged) == [59, 82, 60])
        #expect(rows[1].doneShare == 0.5)
        #expect(rows[1].counts.updated == 1)
        #expect(rows[0].elapsedSeconds == 2.5)
        #expect(rows[2].startedAt == nil)
    }

    @Test func `a run that is over stops what is not done`() throws {
        #expect(try facts(.validate, state: "ended").rows().map(\.state).last == .stopped)
    }

    @Test func `a thousand slices and partitions are put together in a step each`() {
        let cuts = (1..<1_000).map { Key(String(10_000 + $0 * 7)) }
        let table = PartitionTable(cutAt: cuts)
        var facts = PartitionFacts(
            state: "open", phase: .validate, partitions: table.partitions)
        let ranges = SlicePlan.ranges(cutAt: (1..<1_000).map { Key(String(10_003 + $0 * 7)) })
        facts.slices = ranges.enumerated().map {
            slice($0, $1.low.text, $1.high?.text, staged: 100)
        }
        var rows: [PartitionReport.Row] = []
        let elapsed = ContinuousClock().measure { rows = facts.rows() }
        #expect(rows.count == 1_000 && rows.allSatisfy { $0.doneShare == 1 })
        #expect(elapsed < .milliseconds(500), "\(elapsed)")
    }
}

struct LocalTimeTests {
    @Test(arguments: [(0, "000000"), (1, "000001"), (1_234_567, "234567"), (-1, "999999")])
    func `a lock value keeps its microseconds`(value: Int64, digits: String) {
        let text = LocalTime.lock(value)
        #expect(text.split(separator: ".")[1].hasPrefix(digits), "\(text)")
        #expect(text.count == 32)
    }
}

struct KeyTextTests {
    private func contract() throws -> Contract {
        try Contracts.find("zengin-91-result", directory: "/nonexistent")
    }

    @Test func `padding of a text key is taken off, and what no field holds is refused`() throws {
        let contract = try contract()
        #expect(try KeyText.image(of: "M8        ", contract) == "M8")
        #expect(try KeyText.image(of: "M8", contract) == "M8")
        for text in ["", "   ", String(repeating: "1", count: 21), "漢字"] {
            #expect(throws: WhyRefusal.self) { try KeyText.image(of: text, contract) }
        }
    }

    @Test func `a key of digits is filled up with zeros`() throws {
        var contract = try contract()
        contract.partitionKey = "account_number"
        #expect(try KeyText.image(of: "42", contract) == "0000042")
        #expect(throws: WhyRefusal.self) { try KeyText.image(of: "4x", contract) }
    }
}

struct OutcomeFactsTests {
    private let image = RowImage(
        values: [:], lock: .init(at: 1, version: "7"), action: "U")

    @Test func `what is known first decides: rejects, staging, conflicts, before-images, the load`()
    {
        var facts = OutcomeFacts(
            hasHistory: true, isLoaded: true, conflicts: [:], rejected: [1], images: [2: image],
            staged: [:])
        #expect(facts.outcome(of: 1) == "rejected")
        #expect(facts.outcome(of: 2) == "updated")
        #expect(facts.outcome(of: 3) == "unchanged")
        facts.hasHistory = false
        #expect(facts.outcome(of: 3) == "loaded")
        facts.isLoaded = false
        #expect(facts.outcome(of: 3) == "waiting")
    }
}

struct ServerChecksTests {
    private let facts = ServerFacts(
        role: "night", database: "d", isStandby: false, isLocal: true, clock: 0, sessions: 5,
        hiddenSessions: 0, maySignal: false)

    private let good: [String: ServerSetting] = [
        "server_version_num": ServerSetting(value: "150018"),
        "server_version": ServerSetting(value: "15.18"),
        "server_encoding": ServerSetting(value: "UTF8"), "fsync": ServerSetting(value: "on"),
        "full_page_writes": ServerSetting(value: "on"),
        "synchronous_commit": ServerSetting(value: "on"),
        "max_wal_size": ServerSetting(value: "4096", unit: "MB"),
        "shared_buffers": ServerSetting(value: "65536", unit: "8kB"),
        "statement_timeout": ServerSetting(value: "0"), "lock_timeout": ServerSetting(value: "0"),
        "idle_in_transaction_session_timeout": ServerSetting(value: "0"),
        "idle_session_timeout": ServerSetting(value: "0"),
        "autovacuum": ServerSetting(value: "on"), "jit": ServerSetting(value: "on"),
        "max_connections": ServerSetting(value: "100"),
        "superuser_reserved_connections": ServerSetting(value: "3"),
    ]

    private func verdicts(_ change: (inout [String: ServerSetting]) -> Void) -> [String: String] {
        var settings = good
        change(&settings)
        let checks = ServerChecks.judge(settings, facts: facts, workers: 2)
        return Dictionary(
            checks.filter { $0.verdict != .ok }.map { ($0.name, $0.verdict.rawValue) }
        ) { first, _ in first }
    }

    @Test func `a good server has nothing to say against it`() {
        #expect(verdicts { _ in }.isEmpty)
    }

    @Test(arguments: [
        ("server_version_num", "140000", nil, "server", "fault"),
        ("server_version_num", "160002", nil, "server", "warning"),
        ("server_encoding", "EUC_JP", nil, "encoding", "fault"),
        ("fsync", "off", nil, "fsync", "fault"),
        ("full_page_writes", "off", nil, "full_page_writes", "fault"),
        ("max_wal_size", "64", "MB", "max_wal_size", "warning"),
        ("shared_buffers", "1024", "8kB", "shared_buffers", "warning"),
        ("statement_timeout", "60000", "ms", "statement_timeout", "warning"),
        ("idle_session_timeout", "60000", "ms", "idle_session_timeout", "warning"),
        ("autovacuum", "off", nil, "autovacuum", "warning"),
        ("max_connections", "12", nil, "connections", "fault"),
        ("default_transaction_read_only", "on", nil, "writable", "fault"),
    ])
    func `a setting that hurts is named`(
        name: String, value: String, unit: String?, check: String, verdict: String
    ) {
        let found = verdicts { $0[name] = ServerSetting(value: value, unit: unit) }
        #expect(found == [check: verdict])
    }

    @Test func `clocks differ only by what the question itself did not take`() {
        let within = ServerChecks.clock(server: 150, before: 100, after: 200)
        #expect(within.verdict == .ok)
        let ahead = ServerChecks.clock(server: 5_000_000, before: 100, after: 200)
        #expect(ahead.verdict == .warning)
        let behind = ServerChecks.clock(server: -5_000_000, before: 100, after: 200)
        #expect(behind.verdict == .warning && behind.found.contains("−5000 ms"))
    }

    @Test func `a large target on small buffers is a warning`() {
        let settings = ["shared_buffers": ServerSetting(value: "16384", unit: "8kB")]
        let small = ServerChecks.buffers(settings, target: 100 << 20, table: "t")
        #expect(small.verdict == .ok)
        let large = ServerChecks.buffers(settings, target: 10 << 30, table: "t")
        #expect(large.verdict == .warning)
    }
}

struct ExplainedTests {
    @Test func `every exit code and every reject rule is explained, and no other`() {
        let topics = Explanations.english.all.map(\.topic)
        let codes = topics.compactMap { Int32($0) }
        #expect(codes == Outcome.allCases.map(\.rawValue).sorted())
        let rules = topics.filter { Int32($0) == nil && !$0.hasPrefix("KGR") }
        #expect(rules == RuleID.allCases.map(\.rawValue))
        for entry in Explanations.english.all where !entry.topic.hasPrefix("KGR") {
            #expect(!entry.title.isEmpty, "\(entry.topic)")
        }
        for outcome in Outcome.allCases {
            let entry = Explanations.english.find(String(outcome.rawValue))
            #expect(entry?.title.hasPrefix(outcome.result) == true, "\(outcome)")
        }
    }
}
