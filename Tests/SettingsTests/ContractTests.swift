// Contracts from YAML, where they are found, and what a job says about its contract.

import FoundationEssentials
import Records
import Settings
import Testing

private func contractFaults(_ text: String) -> [SettingsFault] {
    do {
        _ = try Contract.parse(text, file: "small.yaml")
        return []
    } catch {
        return error.faults
    }
}

@Test func `a contract in YAML equals the one written by hand`() throws {
    #expect(try Contract.parse(smallContract, file: "small.yaml") == smallContractValue)
}

@Test(arguments: [
    ("end_mark: 0x1A", "end_mark: 0x100", 5, "end_mark"),
    ("marker: \"1\"", "marker: \"12\"", 9, "records.header.marker"),
    ("type: digits, required", "type: digit, required", 13, "records.header.fields.type_code.type"),
    ("header:\n", "haeder:\n", 8, "records.haeder"),
    ("[none, crlf]", "[none, crlff]", 4, "framings[2]"),
    ("at: 4,", "at: 0,", 14, "records.header.fields.debit_date.at"),
    ("count: all", "count: any", 34, "control_totals.all.count"),
    ("count: all", "count: all, sum: amount", 34, "control_totals.all"),
    ("[1, 99]", "[99, 1]", 20, "records.data.fields.amount.sample.number"),
    ("shuffled_number", "shufled_number", 19, "records.data.fields.customer.sample"),
    ("{setting: consignor_code}", "{}", 37, "identity.consignor"),
    ("{not: [\"0\"]}", "{nto: [\"0\"]}", 32, "control_totals.total.where.result_code"),
])
func `a fault of a contract has its line and path`(
    _ old: String, _ new: String, _ line: Int, _ path: String
) {
    let found = contractFaults(replaced(smallContract, old, new))
    #expect(found.first?.line == line)
    #expect(found.first?.path == path)
}

@Test func `all faults of a contract are reported together`() {
    let text = "contract: c\nrecord_byte: 20\nframings: lf\ncharacters: utf-9\nrecords: {data: {}}"
    let found = contractFaults(text)

    #expect(found.map(\.line) == [1, 1, 2, 3, 4, 5, 5])
    #expect(found[2].suggestion == "record_bytes")
}

@Test func `a contract of the directory goes before those built in`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kugiri-\(UUID())").path
    let contracts = "\(folder)/ops/contracts"
    try FileManager.default.createDirectory(
        atPath: contracts, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(smallContract.utf8).write(to: URL(filePath: "\(contracts)/small.yaml"))
    try Data(smallContract.utf8).write(to: URL(filePath: "\(contracts)/other.yaml"))

    #expect(try Contracts.find("small", directory: folder) == smallContractValue)
    #expect(try Contracts.find("small", directory: contracts) == smallContractValue)
    let misnamed = #expect(throws: SettingsFaults.self) {
        try Contracts.find("other", directory: folder)
    }
    #expect(misnamed?.faults.first?.path == "contract")
    let unknown = #expect(throws: SettingsFaults.self) {
        try Contracts.find("smal", directory: folder)
    }
    #expect(unknown?.faults.first?.suggestion == "small")
    #expect(throws: SettingsFaults.self) { try Contracts.find("../small", directory: contracts) }
}

@Test func `the standard result file's contract is built in`() {
    #expect(Contracts.builtIn.contains("zengin-91-result"))
}

@Test func `a job that fits its contract has no faults`() {
    #expect(faults(job: fitting, contract: smallContractValue).isEmpty)
}

@Test func `every field a job names and its contract lacks is reported`() {
    var job = fitting
    job.contract = "other"
    job.identity = ["consignor": "1"]
    job.parameters = [:]
    job.target.key[0].field = "costumer"
    job.target.columns[0].source = .field("debit_date")
    job.target.columns[1].source = .sql("'new.x' || new.amout || \"new\".y")
    let found = faults(job: job, contract: smallContractValue)

    #expect(
        found.map(\.path) == [
            "jobs.nightly.contract", "jobs.nightly.target.key.id",
            "jobs.nightly.target.columns.day",
            "jobs.nightly.target.columns.total", "jobs.nightly.identity.consignor",
            "jobs.nightly.parameters",
        ])
    #expect(
        found.map(\.suggestion) == [nil, "customer", "header.debit_date", "new.amount", nil, nil])
}

@Test func `a target key without the partition key is refused`() {
    var job = fitting
    job.target.key = [.init(column: "id", field: "amount")]
    #expect(
        faults(job: job, contract: smallContractValue).map(\.path) == ["jobs.nightly.target.key"])
    job.target.key.append(.init(column: "member", field: "customer"))
    #expect(faults(job: job, contract: smallContractValue).isEmpty)
}

private let fitting = Job(
    name: "nightly", program: "P", contract: "small", parameters: ["business_date": .date],
    identity: ["consignor_code": "1"],
    target: Target(
        table: "t", mode: .update,
        key: [Target.ColumnField(column: "id", field: "customer")], lockColumn: "updated_at",
        lockTrusted: false, updateCountColumn: nil,
        columns: [
            Target.ColumnMapping(column: "day", source: .field("header.debit_date")),
            Target.ColumnMapping(column: "total", source: .sql("NEW.amount + 1")),
        ]),
    partitions: .count(1))
