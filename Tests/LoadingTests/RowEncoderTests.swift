// Rows as the worker encodes them, COPYed into a real staging table and read back.

import Ledger
import Plan
import Postgres
import Records
import Testing

@testable import Loading

extension PostgresTests {
    @Suite struct RowEncoderTests {
        private static let columns: [(name: String, field: String, TargetPlan.Encoding)] = [
            ("member", "member", .text), ("code", "code", .text), ("small", "small", .int2),
            ("medium", "medium", .int4), ("large", "large", .int8), ("exact", "exact", .numeric),
            ("day", "day", .date), ("note", "note", .text), ("sender", "header.sender", .text),
            ("h_day", "header.day", .date), ("h_small", "header.number", .int2),
            ("h_exact", "header.number", .numeric), ("h_none", "header.none", .int8),
        ]

        private func plan() -> TargetPlan {
            let types: [TargetPlan.Encoding: String] = [
                .text: "text", .int2: "smallint", .int4: "integer", .int8: "bigint",
                .numeric: "numeric", .date: "date",
            ]
            return TargetPlan(
                table: "public.member", tableID: 0, keys: [], lockColumn: "updated_at",
                updateCountColumn: nil,
                columns: Self.columns.map {
                    TargetPlan.StagingColumn(
                        name: $0.name, field: $0.field, type: types[$0.2] ?? "",
                        encoding: $0.2, isRequired: false)
                },
                checks: [], assignments: [], values: [], sums: [], inserts: true, history: false)
        }

        /// Checks, encodes and copies; the staging table's name.
        private func copy(
            _ records: [[UInt8]], seen: [Seen?], _ connection: borrowing Connection
        ) throws -> String {
            let group = GroupEnvelope(
                number: 0, headerRecord: 1,
                headerFields: ["sender": "0042", "day": "2026-02-28", "number": "0123"],
                trailerRecord: 0, promised: [:], dataRecords: 0)
            let rules = try SliceRules(
                contract: Plain.contract,
                parameters: RunParameters(values: ["business_date": "2026-11-20"]),
                partitions: .single, groups: [group], commitInterval: 100, maxReported: 100,
                targetKey: ["member"])
            let tables = RunTables(number: 1, plan: plan())
            let slice = try rules.check(
                Placed.slice(
                    records.enumerated().map { Placed(number: UInt64($0 + 1), group: 0, bytes: $1) }
                ),
                breathe: {})
            #expect(slice.findings.rejects == [])
            try connection.execute(tables.createSlice(3, range: .all, logged: false))
            var encoder = try RowEncoder(plan: tables.plan, rules: rules, withPlaces: true)
            let entries = slice.entries.sorted { $0.number < $1.number }
            let copied = try connection.copyIn(
                "COPY \(tables.slice(3)) (\(tables.copyColumns(withPlaces: true))) FROM STDIN (FORMAT binary)"
            ) { writer in
                var block = RowEncoder.fileHeader
                for (index, found) in entries.enumerated() {
                    var entry = found
                    entry.digest = UInt64.max - UInt64(index)
                    encoder.append(
                        entry, record: slice.bytes.span.extracting(entry.place),
                        keys: slice.keys, sequence: index, isLast: index % 2 == 0,
                        seen: seen[index], to: &block)
                }
                block += RowEncoder.fileTrailer
                try writer.write(block)
            }
            #expect(copied == records.count)
            return tables.slice(3)
        }

        private func row(_ rows: borrowing Rows, _ number: Int) -> [String?] {
            (0..<rows.columnNames.count).map { rows.text(number, $0) }
        }

        @Test func `every encoding comes back as it went, blank fields as NULL`() throws {
            // 0x5C is the yen sign in JIS X 0201.
            let connection = try connect()
            let numbers = ["0", "1", "9999", "10000", "10001", "99990000", "2147483647"]
            let large = [
                "100000000000000000", "999999999999999999", "0", "9999", "10000",
                "100000000", "1000000010000",
            ]
            var records = numbers.indices.map { index in
                Plain.record([
                    "member": "M\(index)", "code": "0\(100 + index)",
                    "small": String(index * 5_461), "medium": numbers[index],
                    "large": large[index], "exact": large[index], "day": "1120",
                    "note": "a'\\\"b",
                ])
            }
            records.append(Plain.record(["member": "NULLS", "day": "1121"]))
            let staging = try copy(
                records, seen: [Seen?](repeating: nil, count: records.count), connection)
            let names = Self.columns.map(\.name).joined(separator: ", ")
            let rows = try connection.query(
                "SELECT \(names) FROM \(staging) ORDER BY kugiri_record")
            #expect(rows.count == records.count)
            for index in numbers.indices {
                let found = row(rows, index)
                #expect(
                    found == [
                        "M\(index)", "0\(100 + index)", String(index * 5_461), numbers[index],
                        large[index], large[index], "2026-11-20", "a'¥\"b", "0042", "2026-02-28",
                        "123", "123", nil,
                    ])
            }
            let nulls = row(rows, numbers.count)
            #expect(
                nulls == [
                    "NULLS", nil, nil, nil, nil, nil, "2025-11-21", nil, "0042", "2026-02-28",
                    "123", "123", nil,
                ])
        }

        @Test(arguments: [
            0, 1, -1, 9_999, 10_000, 99_999_999, 100_000_000, 100_000_000_000_000_000,
            999_999_999_999_999_999, Int64.max, Int64.min,
        ])
        func `a numeric is the number, and equal to one the server made`(number: Int64) throws {
            let connection = try connect()
            try connection.execute(
                "CREATE TEMP TABLE exact (made numeric, sent numeric)")
            _ = try connection.copyIn("COPY exact (sent) FROM STDIN (FORMAT binary)") { writer in
                var block = RowEncoder.fileHeader + [0, 1]
                block.append(addingCapacity: 64) { RowEncoder.append(numeric: number, to: &$0) }
                try writer.write(block + RowEncoder.fileTrailer)
            }
            let rows = try connection.query(
                """
                SELECT sent::text, numeric_send(sent) = numeric_send($1::text::numeric), scale(sent)
                FROM exact
                """, [.text(String(number))])
            #expect(rows.text(0, 0) == String(number))
            #expect(rows.bool(0, 1) == true)
            #expect(rows.int(0, 2) == 0)
        }

        @Test func `what stands around the fields comes back too`() throws {
            let connection = try connect()
            let records = ["A", "B", "C"].map { Plain.record(["member": $0]) }
            let seen: [Seen?] = [
                nil,
                Seen(lockAt: 1, rowVersion: .max, count: 7, address: 0xFFFF_FFFE_0000 | 291),
                Seen(lockAt: nil, rowVersion: 3, count: nil),
            ]
            let staging = try copy(records, seen: seen, connection)
            let rows = try connection.query(
                """
                SELECT kugiri_key, kugiri_record, kugiri_seq, kugiri_last, kugiri_seen,
                    kugiri_lock_at, kugiri_lock_xmin::text, kugiri_lock_count, kugiri_tid, kugiri_digest,
                    kugiri_state, kugiri_outcome FROM \(staging) ORDER BY kugiri_record
                """)
            let first = row(rows, 0)
            let second = row(rows, 1)
            let third = row(rows, 2)
            #expect(first == ["A", "1", "0", "t", "f", nil, nil, nil, nil, "-1", "U", nil])
            #expect(
                second == [
                    "B", "2", "1", "f", "t", "2000-01-01 00:00:00.000001+00", "4294967295", "7",
                    "(4294967294,291)", "-2", "U", nil,
                ])
            #expect(third == ["C", "3", "2", "t", "t", nil, "3", nil, nil, "-3", "U", nil])
        }

        @Test(arguments: [("small", "32768"), ("medium", "2147483648"), ("medium", "9999999999")])
        func `a number that does not fit its column is refused, not made smaller`(
            field: String, number: String
        ) throws {
            let connection = try connect()
            let records = [
                Plain.record(["member": "A"]), Plain.record(["member": "B", field: number]),
            ]
            let error = caught { _ = try copy(records, seen: [nil, nil], connection) }
            #expect(error?.kind == .data)
            #expect(error?.context?.contains(", line 2") == true)
        }
    }
}
