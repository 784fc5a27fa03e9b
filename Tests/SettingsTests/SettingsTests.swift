// The good file, precedence, directories, the canonical text.

import FoundationEssentials
import Plan
import Settings
import Testing

/// The file at the top of the repository.
private var realFile: String {
    let here: StaticString = #filePath
    return here.description.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        + "/partitions.yaml"
}

@Test func `the file in the repository has no fault and says what it shows`() throws {
    let settings = try Settings.load(path: realFile, environment: [:])
    let job = try #require(settings.jobs["debit-result"])

    #expect(settings.jobs.keys.sorted() == ["bank-branches", "debit-result"])
    #expect(settings.database == nil)
    #expect(job.program == "KGRB091")
    #expect(job.contract == "zengin-91-result")
    #expect(job.parameters == ["business_date": .date])
    #expect(job.identity == ["consignor_code": "1234567890"])
    #expect(job.target.mode == .upsert)
    #expect(
        job.target.key == [
            Target.ColumnField(column: "customer_number", field: "customer_number")
        ])
    #expect(job.target.lockColumn == "updated_at")
    #expect(!job.target.lockTrusted)
    #expect(job.target.updateCountColumn == "update_count")
    #expect(
        job.target.columns.map(\.column) == [
            "last_debit_date", "last_amount", "last_result_code", "business_date",
            "failures_before", "failures",
        ])
    #expect(job.target.columns[0].source == .field("header.debit_date"))
    #expect(job.target.columns[4].source == .before(column: "failures", per: "business_date"))
    #expect(job.partitions == .count(4))
}

@Test func `what the file in the repository shows are the defaults`() throws {
    let shown = try #require(
        try Settings.load(path: realFile, environment: [:]).jobs["debit-result"])
    let bare = Job(
        name: shown.name, program: shown.program, contract: shown.contract,
        parameters: shown.parameters, identity: shown.identity, target: shown.target,
        partitions: shown.partitions)

    #expect(shown == bare)
}

@Test func `keys that are left out have their defaults`() throws {
    let job = try #require(try settings(shortest).jobs["debit-result"])

    #expect(job.ready == .stable(seconds: 0))
    #expect(job.onEmpty == .normal)
    #expect(job.commitInterval == 10_000)
    #expect(job.sliceRecords == 131_072)
    #expect(job.maxReported == 100_000)
    #expect(job.lockBudgetMilliseconds == 500)
    #expect(job.silenceMilliseconds == 10_000)
    #expect(job.history)
    #expect(job.indicator == .full)
    #expect(job.attemptsMax == 3)
    #expect(job.spoolTransfer == .auto)
    #expect(job.target.updateCountColumn == nil)
}

@Test func `every key of a job reaches its property`() throws {
    let text =
        shortest + "\n" + """
                ready: {marker: F.end}
                on_empty: warn
                commit_interval: 500
                slice_records: 2000
                max_rejects: 3
                max_reported: 4
                on_budget: stop
                max_conflicts: 5
                conflicts: skip
                lock_budget: 1s
                history: off
                indicator: intervals
                silence: 2m
                attempts: 7
                spool: {transfer: stream}
            """
    let job = try #require(try settings(text).jobs["debit-result"])

    #expect(job.ready == .marker(suffix: ".end"))
    #expect(job.onEmpty == .warn)
    #expect(job.commitInterval == 500)
    #expect(job.sliceRecords == 2_000)
    #expect(job.maxRejects == 3)
    #expect(job.maxReported == 4)
    #expect(job.onBudget == .stop)
    #expect(job.maxConflicts == 5)
    #expect(job.conflicts == .skip)
    #expect(job.lockBudgetMilliseconds == 1_000)
    #expect(!job.history)
    #expect(job.indicator == .intervals)
    #expect(job.silenceMilliseconds == 120_000)
    #expect(job.attemptsMax == 7)
    #expect(job.spoolTransfer == .stream)
}

@Test func `ranges written by hand become a partition table`() throws {
    let text = changed(
        "{auto: {count: 4}}",
        "{ranges: [{number: 1, high: \"3\"}, {number: 2, low: \"3\", high: \"6\"}, {number: 3, low: \"6\"}]}"
    )
    let table = try PartitionTable([
        Partition(number: 1, range: KeyRange(low: .lowest, high: Key("3"))),
        Partition(number: 2, range: KeyRange(low: Key("3"), high: Key("6"))),
        Partition(number: 3, range: KeyRange(low: Key("6"), high: nil)),
    ])

    #expect(try settings(text).jobs["debit-result"]?.partitions == .explicit(table))
}

@Test func `a job kept in the ledger before slices could be streamed is read as auto`() throws {
    let job = try #require(try settings(shortest).jobs["debit-result"])
    let text = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
    let old = text.replacing(",\"spoolTransfer\":\"auto\"", with: "")
        .replacing("\"spoolTransfer\":\"auto\",", with: "")

    #expect(!old.contains("spoolTransfer"))
    #expect(try JSONDecoder().decode(Job.self, from: Data(old.utf8)) == job)
}

@Test func `no workers of its own is a number of workers`() throws {
    let text = changed("workers: 2", "workers: 0")

    #expect(try settings(text).jobs["debit-result"]?.workers == 0)
}

@Test func `a job survives JSON`() throws {
    for (_, job) in try Settings.load(path: realFile, environment: [:]).jobs {
        let data = try JSONEncoder().encode(job)
        #expect(try JSONDecoder().decode(Job.self, from: data) == job)
    }
}

@Test func `equal settings have equal canonical text and others do not`() throws {
    let first = try settings(shortest)
    let commented = try settings("# a comment\n" + shortest)
    let other = try settings(changed("workers: 2", "workers: 3"))

    #expect(first.canonicalText == commented.canonicalText)
    #expect(first.canonicalText != other.canonicalText)
    #expect(first.canonicalText.contains("\"table\":\"member_account\""))
}

@Test func `directories lie in the state directory and start from the file's folder`() throws {
    let plain = try settings(shortest).directories
    #expect(plain.state == "/srv/kugiri/.kugiri")
    #expect(plain.spool == "/srv/kugiri/.kugiri/spool")

    let text = changed("kugiri: 1", "kugiri: 1\ndirectories: {state: ../state, spool: /fast}")
    let moved = try settings(text).directories
    #expect(moved.state == "/srv/state")
    #expect(moved.runs == "/srv/state/runs")
    #expect(moved.spool == "/fast")
}

@Test func `the folders inputs are taken from start from the file's folder too`() throws {
    #expect(try settings(shortest).directories.inputs == nil)
    func changedBy(_ inputs: String) -> String {
        changed("kugiri: 1", "kugiri: 1\ndirectories: {inputs: \(inputs)}")
    }
    let named = try settings(changedBy("[incoming, ../drop, /mnt/sftp]")).directories
    #expect(named.inputs == ["/srv/kugiri/incoming", "/srv/drop", "/mnt/sftp"])
    let moved = try settings(
        changedBy("[incoming]"), environment: ["KUGIRI_DIRECTORY": "/var/kugiri"])
    #expect(moved.directories.inputs == ["/srv/kugiri/incoming"])
    let tooMany = Array(repeating: "a", count: SettingsLimits.inputFoldersMax + 1)
    for wrong in ["incoming", "[]", "[[a]]", "[\(tooMany.joined(separator: ", "))]"] {
        #expect(faults(changedBy(wrong)).count == 1, "\(wrong)")
    }
}

@Test func `the environment goes over the file and flags over the environment`() throws {
    let text = changed("kugiri: 1", "kugiri: 1\ndatabase: postgresql://file/db")
    let environment = [
        "KUGIRI_DATABASE_URL": "postgresql://environment/db", "KUGIRI_WORKERS": "5",
        "KUGIRI_DIRECTORY": "/var/kugiri",
    ]
    #expect(try settings(text).database == "postgresql://file/db")

    let resolved = try settings(text, environment: environment)
    #expect(resolved.database == "postgresql://environment/db")
    #expect(resolved.jobs["debit-result"]?.workers == 5)
    #expect(resolved.directories.archive == "/var/kugiri/archive")

    var flags = Overrides()
    flags.workers = 7
    flags.partitionCount = 9
    flags.database = "service=nightly"
    let final = try flags.apply(to: resolved)
    #expect(final.database == "service=nightly")
    #expect(final.jobs["debit-result"]?.workers == 7)
    #expect(final.jobs["debit-result"]?.partitions == .count(9))
    #expect(final.jobs["debit-result"]?.attemptsMax == 3)
}

@Test func `an empty variable counts as absent`() throws {
    let environment = ["KUGIRI_DATABASE_URL": "", "KUGIRI_WORKERS": "", "KUGIRI_DIRECTORY": ""]
    #expect(try settings(shortest, environment: environment) == settings(shortest))
}

@Test func `faults of the environment are reported with those of the file`() {
    let found = faults(
        changed("workers: 2", "workers: none"), environment: ["KUGIRI_WORKERS": "many"])

    #expect(found.map(\.path) == ["KUGIRI_WORKERS", "jobs.debit-result.workers"])
    #expect(
        found.first?.rendered
            == "environment: KUGIRI_WORKERS: expected a whole number from 0 to 64, found 'many'")
}

@Test func `every flag out of bounds is named`() throws {
    var flags = Overrides()
    flags.workers = 65
    flags.commitInterval = 1
    flags.maxRejects = 12
    let job = try #require(try settings(shortest).jobs["debit-result"])

    let error = #expect(throws: SettingsFaults.self) { try flags.apply(to: job) }
    #expect(error?.faults.map(\.path) == ["--workers", "--commit-interval"])
}

@Test func `a file that is not there is a fault that names it`() {
    let error = #expect(throws: SettingsFaults.self) {
        try Settings.load(path: "/nowhere/partitions.yaml", environment: [:])
    }
    #expect(
        error?.description
            == "/nowhere/partitions.yaml: the file cannot be read: there is no such file")
}
