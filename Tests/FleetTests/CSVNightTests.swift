// Nights of CSV files: the same rows as of the fixed form, and a table of one's own.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct CSVNightTests {
        private static let rows = """
            SELECT concat_ws(' ', customer_number, last_debit_date, last_amount, last_result_code,
                business_date, failures) FROM member_account ORDER BY customer_number
            """

        /// A night of the CSV form of the debit result.
        private func csvNight() throws -> Night {
            let night = try Night()
            let text = night.settings.text
            let changed = text.replacing("zengin-91-result", with: "zengin-91-result-csv")
            try #require(changed != text)
            try changed.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            return night
        }

        @Test func `the same records as fixed and as CSV give the same rows and totals`() throws {
            let fixed = try Night()
            let fixedEnd = try fixed.run(
                try fixed.sample(records: 3_000, seed: 5, groupRecords: 1_200))
            let lines = try csvNight()
            let linesEnd = try lines.run(
                try lines.sample(records: 3_000, seed: 5, groupRecords: 1_200))

            #expect(fixedEnd.code == 0)
            #expect(linesEnd.code == 0)
            #expect(try lines.count("SELECT count(*) FROM member_account") == 3_000)
            #expect(try lines.texts(Self.rows) == fixed.texts(Self.rows))
            let totals = try linesEnd.facts.controlTotals
            #expect(totals.count == 18)
            #expect(totals == (try fixedEnd.facts.controlTotals))
            // The proved sums of validation, load and certify, over all slices.
            let sums = """
                SELECT concat_ws(' ', phase, sum(staged), sum(inserted), sum(i.sums[1]))
                FROM kugiri.interval i GROUP BY phase ORDER BY phase
                """
            #expect(try lines.texts(sums).count == 3)
            #expect(try lines.texts(sums) == fixed.texts(sums))
        }

        @Test func `rejects of a CSV night stand at their bytes of the file`() throws {
            let night = try csvNight()
            let sample = try night.sample(records: 1_000, defects: ["bad-enum:3"])
            let end = try night.run(sample)
            #expect(end.code == 8)
            #expect(try night.count("SELECT count(*) FROM member_account") == 0)
            let wanted = sample.defects.sorted().map {
                "\($0.record) \($0.byte) \($0.field ?? "") \($0.rule)"
            }
            #expect(wanted.count == 3)
            let found = try night.texts(
                "SELECT concat_ws(' ', record, byte_offset, field, rule) FROM kugiri.reject "
                    + "ORDER BY record")
            #expect(found == wanted)
        }

        @Test func `a table file of one's own needs nothing but YAML`() throws {
            let night = try Night()
            try """
            contract: cities
            format: csv
            csv: {header_row: required, byte_order_mark: optional}
            columns:
              code: {type: digits, bytes: 5, required: true, zero_fill: true}
              name: {type: text, max_length: 20, required: true}
              since: {type: date, format: yyyy/mm/dd}
              area: {type: decimal, scale: 2, signed: true}
              people: {type: integer, signed: true}
            partition_key: code
            unique_key: [code]
            """
            .write(toFile: "\(night.folder)/cities.yaml", atomically: false, encoding: .utf8)
            let settings = """
                kugiri: 1
                database: \(night.settings.database)
                directories: {state: .kugiri}
                jobs:
                  cities:
                    program: KGRT001
                    contract: cities
                    target:
                      table: city
                      mode: upsert
                      key: {code: code}
                      lock: {column: updated_at, trusted: true}
                      columns:
                        name: {field: name}
                        since: {field: since}
                        area: {field: area}
                        people: {field: people}
                    partitions: {auto: {count: 2}}
                """
            try settings.write(
                toFile: "\(night.folder)/partitions.yaml", atomically: false, encoding: .utf8)
            try night.online(
                """
                CREATE TABLE city (code text PRIMARY KEY, name text NOT NULL, since date,
                    area numeric(14,3), people bigint, updated_at timestamptz NOT NULL DEFAULT now())
                """)
            let file = """
                \u{FEFF}code,name,since,area,people
                1100,札幌市,1922/08/01,1121.26,1959313
                "13101","千代田区 ""都心""\\.",1947/03/15,-11.6,-3
                14100,\\.,,,
                """
            let path = "\(night.folder)/cities.csv"
            try file.write(toFile: path, atomically: false, encoding: .utf8)
            let end = try night.kugiri(["run", "cities", "--input", path, "--json"])

            #expect(end.code == 0, "\(end.stderr)")
            let found = try night.texts(
                "SELECT concat_ws('|', code, name, since, area, people) FROM city ORDER BY code")
            #expect(
                found == [
                    "01100|札幌市|1922-08-01|1121.260|1959313",
                    "13101|千代田区 \"都心\"\\.|1947-03-15|-11.600|-3", "14100|\\.",
                ])
            let again = try night.kugiri(["run", "cities", "--input", path, "--json"])
            #expect(again.code == 0, "\(again.stderr)")
        }
    }
}
