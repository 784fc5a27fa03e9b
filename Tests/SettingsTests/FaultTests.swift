// Each kind of fault with its place and its suggestion; several in one file.

import Settings
import Testing

/// A change of the shortest file and the fault it makes.
struct Case: Sendable, CustomTestStringConvertible {
    var old: String
    var new: String
    var line: Int
    var column: Int
    var path: String
    var message: String
    var suggestion: String?

    init(
        _ old: String, _ new: String, _ line: Int, _ column: Int, _ path: String,
        _ message: String, _ suggestion: String? = nil
    ) {
        self.old = old
        self.new = new
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.suggestion = suggestion
    }

    var testDescription: String { new }
}

private let job = "jobs.debit-result"

private let cases: [Case] = [
    Case(
        "workers: 2", "workers: two", 15, 14, "\(job).workers",
        "expected a whole number from 0 to 64, found 'two'"),
    Case(
        "workers: 2", "workers: 65", 15, 14, "\(job).workers",
        "expected a whole number from 0 to 64, found '65'"),
    Case(
        "workers: 2", "workers: \"2\"", 15, 14, "\(job).workers",
        "expected a whole number from 0 to 64, found '2'"),
    Case(
        "workers: 2", "workers: 1_0", 15, 14, "\(job).workers",
        "expected a whole number from 0 to 64, found '1_0'"),
    Case(
        "workers: 2", "workers:", 15, 13, "\(job).workers",
        "expected a whole number from 0 to 64, found nothing"),
    Case(
        "workers: 2", "workers: [2]", 15, 14, "\(job).workers",
        "expected a whole number from 0 to 64, found a list"),
    Case(
        "workers: 2", "spool: {transfer: streem}", 15, 23, "\(job).spool.transfer",
        "expected one of auto, shared, stream, found 'streem'", "stream"),
    Case(
        "mode: update", "mode: updaet", 9, 13, "\(job).target.mode",
        "expected one of update, upsert, found 'updaet'", "update"),
    Case(
        "      table: member_account\n", "", 8, 7, "\(job).target",
        "the key 'table' is missing"),
    Case(
        "workers: 2", "history: yes", 15, 14, "\(job).history",
        "expected on or off, found 'yes'"),
    Case(
        "workers: 2", "silence: 10", 15, 14, "\(job).silence",
        "expected a duration from 1s to 60m (500ms, 10s, 5m), found '10'"),
    Case(
        "table: member_account", "table: member account", 8, 14, "\(job).target.table",
        "expected a table's name as SQL writes it, SCHEMA.TABLE or TABLE; a name with other "
            + "characters than letters, digits and '_' stands in double quotes, found "
            + "'member account'"),
    Case(
        "workers: 2", "ready: {stable: 10s, marker: F.end}", 15, 12, "\(job).ready",
        "expected exactly one of 'stable', 'marker', found stable and marker"),
    Case(
        "workers: 2", "ready: {stable: 500ms}", 15, 21, "\(job).ready.stable",
        "expected whole seconds, found '500ms'"),
    Case(
        "kugiri: 1", "kugiri: 2", 1, 9, "kugiri",
        "expected version 1 of the grammar, found '2'"),
    Case(
        "debit-result:", "Debit:", 3, 3, "jobs.Debit",
        "expected a name of a-z, 0-9 and '-', found 'Debit'"),
    Case(
        "{field: amount}", "{sql: \"1\", constant: \"1\"}", 13, 17,
        "\(job).target.columns.amount",
        "expected exactly one of 'field', 'constant', 'parameter', 'sql', 'before',"
            + " found constant and sql"),
    Case(
        "amount: {field", "customer_number: {field", 13, 9,
        "\(job).target.columns.customer_number",
        "column 'customer_number' is a key column; it is written without a mapping"),
    Case(
        "amount: {field", "updated_at: {field", 13, 9, "\(job).target.columns.updated_at",
        "column 'updated_at' is the lock column; it is written without a mapping"),
    Case(
        "lock: {column: updated_at}", "lock: {column: customer_number}", 11, 13,
        "\(job).target.lock",
        "column 'customer_number' is a key column already; it cannot be the lock column too"),
    Case(
        "{field: amount}", "{parameter: busines_date}", 13, 17, "\(job).target.columns.amount",
        "the job has no parameter 'busines_date'; add it to 'parameters'", "business_date"),
    Case(
        "{field: amount}", "{sql: \"old.amount + 1\"}", 13, 17, "\(job).target.columns.amount",
        "the expression reads old.amount, but no column keeps it: a rerun would change the row;"
            + " add a column {before: amount, per: BUSINESS_DATE_COLUMN}"),
    Case(
        "{field: amount}", "{sql: \"1; DROP TABLE x\"}", 13, 17, "\(job).target.columns.amount",
        "an expression holds no ';'"),
    Case(
        "{auto: {count: 4}}", "{ranges: [{number: 1, high: \"3\"}, {number: 2, low: \"4\"}]}",
        14, 51, "\(job).partitions.ranges[2]",
        "keys from '3' up to '4' are in no partition: they lie between 1 and 2"),
    Case(
        "{auto: {count: 4}}", "{ranges: [{number: 1, high: \"5\"}, {number: 2, low: \"4\"}]}",
        14, 51, "\(job).partitions.ranges[2]",
        "partitions 1 and 2 both hold the keys from '4' on"),
    Case(
        "{auto: {count: 4}}", "{ranges: [{number: 1, high: \"5\"}, {number: 1, low: \"5\"}]}",
        14, 51, "\(job).partitions.ranges[2]", "partition 1 stands twice"),
    Case(
        "{auto: {count: 4}}", "{ranges: [{number: 1, low: \"5\", high: \"5\"}]}",
        14, 27, "\(job).partitions.ranges[1]",
        "expected low below high in byte order ('5' is not below '5'), found a map"),
    Case(
        "{auto: {count: 4}}", "{ranges: []}", 14, 26, "\(job).partitions.ranges",
        "the list of ranges is empty"),
    Case(
        "workers: 2", "workers: 2\n    workers: 3", 15, 5, "",
        "the key 'workers' stands twice in this map"),
    Case(
        "workers: 2", "workers: &two 2", 15, 14, "\(job).workers",
        "anchors ('&') are not allowed in settings; quote the value if it is text"),
    Case(
        "workers: 2", "workers: *two", 15, 14, "\(job).workers",
        "aliases ('*') are not allowed in settings; quote the value if it is text"),
    Case(
        "workers: 2", "workers: !!int 2", 15, 14, "\(job).workers",
        "tags ('!') are not allowed in settings; quote the value if it is text"),
    Case(
        "workers: 2", "<<: {workers: 2}", 15, 5, job,
        "merge keys are not allowed in settings; write the keys out"),
    Case(
        "workers: 2", "workers: 2\n---\nkugiri: 1", 16, 1, "",
        "a settings file is one document; a second begins here"),
]

@Test(arguments: cases)
func `a fault has its line, column, path, words and suggestion`(_ example: Case) {
    let found = faults(changed(example.old, example.new))

    #expect(found.count == 1)
    #expect(found.first?.line == example.line)
    #expect(found.first?.column == example.column)
    #expect(found.first?.path == example.path)
    #expect(found.first?.message == example.message)
    #expect(found.first?.suggestion == example.suggestion)
}

@Test func `a column of the day before needs a written column and a date`() {
    let text = changed(
        "amount: {field: amount}",
        """
        failures: {sql: "coalesce(old.failures, 0) + new.amount"}
                kept: {before: failure, per: day}
                twice: {before: kept, per: failures}
                good: {before: failures, per: day}
                day: {parameter: business_date}
        """)

    #expect(
        faults(text).map { "\($0.line) \($0.message)" } == [
            "14 'before' names 'failure', which is not among the columns",
            "15 'before' names 'kept', which is a 'before' column itself",
            "15 'per' names 'failures', which is not mapped to a parameter of type date",
        ])
}

@Test func `an unknown key names the keys there are and the one that was meant`() {
    let found = faults(changed("lock: {column", "lock: {colum"))

    #expect(found.map(\.column) == [13, 14])
    #expect(found.last?.message == "unknown key 'colum'; known here: column, trusted")
    #expect(found.last?.suggestion == "column")
}

@Test func `a rendered fault shows nothing that steers a terminal`() {
    let fault = SettingsFault(
        file: "p.yaml", line: 1, column: 4, path: "", message: "wrong",
        sourceLine: "\u{1B}]0;x\u{7}\tポ\u{202E}\u{9B}2J")
    #expect(fault.rendered.hasSuffix("    \u{FFFD}]0;x\u{FFFD}\tポ\u{FFFD}\u{FFFD}2J\n       ^"))
}

@Test func `a rendered fault shows the line and a caret below the place`() {
    let found = faults(changed("mode: update", "mode: updaet"))

    #expect(
        found.first?.rendered == """
            partitions.yaml:9:13: jobs.debit-result.target.mode: expected one of update, upsert,\
             found 'updaet'; did you mean 'update'?
                      mode: updaet
                            ^
            """)
}

@Test func `the caret stands below its place behind wide letters and tabs`() {
    let fault = SettingsFault(
        file: "a.yaml", line: 1, column: 5, path: "a", message: "wrong", sourceLine: "\"口座\": x")
    #expect(fault.rendered.hasSuffix("    \"口座\": x\n          ^"))
}

@Test func `all faults of a file are reported together, in the order of the file`() {
    let text = """
        kugiri: 1
        job: {}
        jobs:
          first:
            program: A
            contract: c
            wrokers: 3
            workers: -1
            workers: 1
            attempts: 0
            target:
              table: t
              mode: delete
              key: {}
              columns: {a: {feild: b}, a: {field: b}}
          second: none
        """
    let found = faults(text)

    #expect(
        found.map { "\($0.line) \($0.message.prefix(24))" } == [
            "2 unknown key 'job'; known",
            "5 the key 'partitions' is ",
            "7 unknown key 'wrokers'; k",
            "8 the key 'workers' stands",
            "10 expected a whole number ",
            "12 the key 'lock' is missin",
            "13 expected one of update, ",
            "14 a key has at least one c",
            "15 the key 'a' stands twice",
            "16 expected a job, a map, f",
        ])
}

@Test func `a password in an address is refused and repeated nowhere`() {
    let addresses = [
        "postgresql://me:s3cret@host/db", "postgres://me:s3/cret@host/db",
        "postgresql://host/db?password=s3cret", "host=a password=s3cret",
        "host=a password = 's3 cret'", "host=a sslpassword=s3cret",
    ]
    for address in addresses {
        let text = changed("kugiri: 1", "kugiri: 1\ndatabase: \(address)")
        for found in [
            faults(text), faults(shortest, environment: ["KUGIRI_DATABASE_URL": address]),
        ] {
            #expect(found.count == 1, "\(address)")
            let rendered = found.map(\.rendered).joined()
            #expect(rendered.contains("passfile"), "\(address)")
            #expect(!rendered.contains("s3"), "\(rendered)")
        }
    }
}

@Test func `an address without a password is accepted`() throws {
    let addresses = [
        "postgresql://me@host:5432/db?sslmode=require", "postgres:///db", "service=nightly",
        "host=/run/postgresql dbname=db passfile=/etc/kugiri/pgpass", "postgresql://[::1]:5432/db",
    ]
    for address in addresses {
        let text = changed("kugiri: 1", "kugiri: 1\ndatabase: '\(address)'")
        #expect(try settings(text).database == address)
    }
}

@Test(arguments: [
    ("wrokers", "workers"), ("worker", "workers"), ("colum", "column"), ("mod", "mode"),
])
func `the nearest word is suggested`(_ word: String, _ meant: String) {
    #expect(nearest(word, among: ["mode", "column", "workers"]) == meant)
}

@Test func `nothing is suggested for a word that is far from all`() {
    #expect(nearest("at", among: ["as", "it"]) == nil)
    #expect(nearest("partition", among: ["workers"]) == nil)
    #expect(nearest("x", among: []) == nil)
    #expect(nearest(String(repeating: "a", count: 65), among: ["a"]) == nil)
}
