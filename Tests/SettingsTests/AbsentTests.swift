// `absent` of a target: what it means, and every way of saying something that closes wrongly.

import Settings
import Testing

@Suite struct AbsentTests {
    private static let block =
        "absent: {action: close, max_share: 0.02, open: {closed_on: null, kind: m}, "
        + "set: {closed_on: {parameter: business_date}}}"

    /// The shortest file with `absent`, and with the columns that open a row again.
    private func file(
        _ block: String = block, columns: String = "closed_on: {constant: null}"
    ) -> String {
        let text = changed("{field: amount}", "{field: amount}\n        \(columns)")
        return replaced(text, "      columns:\n", "      \(block)\n      columns:\n")
    }

    private func block(_ old: String, _ new: String) -> String {
        replaced(Self.block, old, new)
    }

    @Test func `it says which rows are open, how many may be closed, and with what`() throws {
        let job = try #require(try settings(file()).jobs["debit-result"])
        let absent = try #require(job.target.absent)
        #expect(absent.action == .close)
        #expect(absent.maxShareMillionths == 20_000)
        #expect(absent.maxShareText == "0.02")
        #expect(
            absent.open == [
                .init(column: "closed_on", value: nil), .init(column: "kind", value: "m"),
            ])
        #expect(
            absent.set == [.init(column: "closed_on", source: .parameter("business_date"))])
        #expect(job.target.columns.last == .init(column: "closed_on", source: .null))
        #expect(try settings(shortest).jobs["debit-result"]?.target.absent == nil)
    }

    @Test func `null in quotes is a text`() throws {
        let quoted = file(columns: "closed_on: {constant: null}, other: {constant: \"null\"}")
            .replacing(", other", with: "\n        other")
        let job = try #require(try settings(quoted).jobs["debit-result"])
        #expect(job.target.columns.last == .init(column: "other", source: .constant("null")))
    }

    @Test(arguments: [
        ("0", 0, "0"), ("1", 1_000_000, "1"), ("1.0", 1_000_000, "1"), ("0.5", 500_000, "0.5"),
        ("0.000001", 1, "0.000001"),
    ])
    func `a share is a decimal, exactly`(text: String, millionths: Int, shown: String) throws {
        let job = try settings(file(block("0.02", text))).jobs["debit-result"]
        #expect(job?.target.absent?.maxShareMillionths == millionths)
        #expect(job?.target.absent?.maxShareText == shown)
    }

    @Test func `a share allows what it says and not one row more`() {
        func absent(_ millionths: Int) -> Target.Absent {
            Target.Absent(action: .close, maxShareMillionths: millionths, open: [], set: [])
        }
        #expect(absent(20_000).allows(closing: 18, of: 900))
        #expect(!absent(20_000).allows(closing: 19, of: 900))
        #expect(absent(0).allows(closing: 0, of: 900))
        #expect(!absent(0).allows(closing: 1, of: .max))
        #expect(absent(1_000_000).allows(closing: 900, of: 900))
        #expect(!absent(1).allows(closing: .max, of: 900))
    }

    @Test(arguments: [
        ("0.02", "1.1", "a share from 0 to 1"), ("0.02", "0.0000001", "a share from 0 to 1"),
        ("0.02", "-0.1", "a share from 0 to 1"), ("0.02", "two", "a share from 0 to 1"),
        ("action: close", "action: delete", "expected one of close"),
        ("closed_on: null, kind: m", "", "'open' is empty"),
        ("closed_on: {parameter: business_date}", "", "'set' is empty"),
        ("open: {", "open: {updated_at: null, ", "column 'updated_at' is the lock column"),
        ("set: {", "set: {customer_number: {constant: x}, ", "column 'customer_number' is a key"),
        ("{parameter: business_date}", "{field: amount}", "there is no record to take field"),
        ("{parameter: business_date}", "{parameter: day}", "the job has no parameter 'day'"),
        ("{parameter: business_date}", "{before: amount, per: amount}", "'before' belongs to"),
        ("{parameter: business_date}", "{sql: \"old.amount\"}", "the expression reads old.amount"),
        ("{parameter: business_date}", "{sql: \"new.amount\"}", "the expression reads new.amount"),
        ("{parameter: business_date}", "{sql: \"now()\"}", "is still open by 'open'"),
        ("{parameter: business_date}", "{constant: null}", "is still open by 'open'"),
        (
            "set: {closed_on: {parameter: business_date}}", "set: {kind: {constant: x}}",
            "a key that comes back would stay closed; add kind: {constant: m}"
        ),
    ])
    func `what closes wrongly is a fault`(old: String, new: String, message: String) {
        let found = faults(file(block(old, new)))
        #expect(found.contains { $0.message.contains(message) }, "\(found)")
    }

    @Test func `a column that nothing opens again is a fault`() {
        let found = faults(file(columns: "kind: {constant: m}"))
        #expect(found.count == 1)
        #expect(
            found.first?.message.contains("add closed_on: {constant: null} to 'columns'") == true,
            "\(found)")
    }

    @Test(arguments: [
        ("[{number: 1, low: A}]", 1), ("[{number: 1, high: Z}]", 1),
        ("[{number: 1, high: M}, {number: 2, low: M}]", 0),
    ])
    func `ranges must hold every key`(ranges: String, count: Int) {
        let text = replaced(file(), "{auto: {count: 4}}", "{ranges: \(ranges)}")
        let found = faults(text)
        #expect(found.count == count, "\(found)")
        #expect(found.allSatisfy { $0.message.contains("the ranges leave keys out") })
        #expect(
            faults(replaced(shortest, "{auto: {count: 4}}", "{ranges: \(ranges)}")).isEmpty)
    }

    @Test func `rows that are closed carry their state`() {
        let text = replaced(file(), "workers: 2", "workers: 2\n    indicator: intervals")
        let found = faults(text)
        #expect(found.map(\.path) == ["jobs.debit-result.indicator"], "\(found)")
        #expect(faults(replaced(text, "intervals", "full")).isEmpty)
    }

    @Test func `the partition key must be in the target's key`() throws {
        let job = try #require(try settings(file()).jobs["debit-result"])
        let contract = try Contracts.find("zengin-91-result", directory: nil)
        #expect(faults(job: job, contract: contract).isEmpty)
        var other = job
        other.target.key = [.init(column: "bank", field: "bank_code")]
        let found = faults(job: other, contract: contract).map(\.description)
        #expect(
            found.contains { $0.contains("partition key 'customer_number' is not in the target") },
            "\(found)")
    }
}
