// Undisturbed nights: any number of workers and partitions gives the rows of a serial load.

import Testing

extension FleetTests {
    @Suite struct NightTests {
        @Test(arguments: [1, 2, 4])
        func `any number of workers loads what a serial load would`(workers: Int) throws {
            let night = try Night { $0.workers = workers }
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.counts.inserted == 3_000)
            #expect(try end.facts.workers.count == workers)
        }

        @Test(arguments: [1, 7, 64])
        func `any partition table gives the same rows`(partitions: Int) throws {
            let night = try Night()
            let sample = try night.sample(records: 3_000)
            let oracle = try Oracle(night)
            let end = try night.run(sample, ["--partitions", String(partitions)])
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.partitions.count == partitions)
        }

        @Test(arguments: ["none", "crlf", "lf", "cr"])
        func `several header groups under any framing are one night`(framing: String) throws {
            let night = try Night()
            let sample = try night.sample(records: 1_500, groupRecords: 400, framing: framing)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectLoaded(sample, end)
            #expect(Set(try end.facts.controlTotals.map(\.group)) == [1, 2, 3, 4])
        }

        @Test func `the second night of the same members updates them and counts failures up`()
            throws
        {
            let night = try Night()
            var first = try Oracle(night)
            let monday = try night.sample(records: 3_000, seed: 1)
            try first.expectLoaded(monday, try night.run(monday))

            first = try Oracle(night)
            let tuesday = try night.sample(records: 3_000, seed: 2, date: "2026-11-24")
            let end = try night.run(tuesday)
            try first.expectLoaded(tuesday, end)
            #expect(try end.facts.counts.updated == 3_000)
            let failures = "SELECT count(*) FROM member_account WHERE failures = 2"
            #expect(try night.count(failures) > 0)
            // Staging of the first night is gone, that of the second is kept (see the oracle).
            #expect(try night.count("SELECT count(*) FROM kugiri.publication") == 2)
        }

        @Test func `several debits of one member are applied in file order in one chunk`() throws {
            let night = try Night()
            let members = (1...300).map { Handmade.Debit(customer: "M\($0)", amount: 100 + $0) }
            let file = Handmade.file([
                (
                    "1118",
                    members.map { .init(customer: $0.customer, amount: $0.amount, result: "1") }
                ),
                ("1119", members.filter { $0.amount % 3 != 0 }),
                (
                    "1120",
                    members.filter { $0.amount % 2 == 0 }
                        .map { .init(customer: $0.customer, amount: $0.amount + 1, result: "4") }
                ),
            ])
            let sample = try night.file(file)
            let oracle = try Oracle(night)
            let end = try night.run(sample)
            try oracle.expectLoaded(sample, end)
            #expect(try end.facts.counts.inserted == 300)
            #expect(try end.facts.counts.updated == 350)
            let row = try night.texts(
                "SELECT last_debit_date || ' ' || last_amount || ' ' || failures "
                    + "FROM member_account WHERE customer_number = 'M8'")
            #expect(row == ["2026-11-20 109 1"])
        }

        @Test func `in mode update an unknown member is a reject found before the barrier`() throws
        {
            let night = try Night { $0.mode = "update" }
            let sample = try night.sample(records: 1_500)
            let debits = try sample.debits()
            let unknown = debits.enumerated().filter { $0.offset % 100 == 7 }.map(\.element)
            let strangers = Set(unknown.map(\.customer))
            try night.enrol(debits.map(\.customer).filter { !strangers.contains($0) })
            let rejects = unknown.map {
                Defect(
                    record: $0.record, byte: $0.byte + 91, field: "customer_number",
                    rule: "key-unknown")
            }
            let oracle = try Oracle(night)
            try oracle.expectUntouched(try night.run(sample), code: 8, rejects: rejects)

            let end = try night.run(sample, ["--max-rejects", "15"])
            try oracle.expectLoaded(sample, end, code: 4, extra: rejects)
            #expect(try end.facts.tolerances.map(\.name) == ["max_rejects"])
        }

        @Test func `a file without data records is a night of its own`() throws {
            let night = try Night()
            let sample = try night.sample(records: 0)
            let oracle = try Oracle(night)
            try oracle.expectUntouched(try night.run(sample, ["--on-empty", "warn"]), code: 5)
            try oracle.expectLoaded(sample, try night.run(sample))
        }

        @Test func `a run stopped before the barrier is gone on with later`() throws {
            let night = try Night()
            let sample = try night.sample(records: 2_000)
            let oracle = try Oracle(night)
            let stopped = try night.run(sample, ["--until", "validate"])
            #expect(stopped.code == 0)
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            let states = try night.states(of: try stopped.run)
            #expect(states == ["unprocessed": 2_000])

            try oracle.expectLoaded(sample, try night.resume(try stopped.run))
        }
    }
}
