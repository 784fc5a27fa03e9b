// What the target holds for a slice's keys, read by range and by key.

import Ledger
import Plan
import Postgres
import Records
import Testing

@testable import Loading

extension PostgresTests {
    @Suite struct TargetReaderTests {
        private func plan(_ table: String, type: String = "text") -> TargetPlan {
            TargetPlan(
                table: "public.\(table)", tableID: 0,
                keys: [.init(column: "member", staging: "member", type: type)],
                lockColumn: "updated_at", updateCountColumn: "writes",
                columns: [
                    .init(
                        name: "member", field: "member", type: type, encoding: .text,
                        isRequired: true)
                ],
                checks: [], assignments: [], values: [], sums: [], inserts: true, history: false)
        }

        /// What is seen of a table for some keys: the update count, which tells the rows apart.
        private func counts(
            _ plan: TargetPlan, _ keys: [String], _ connection: borrowing Connection
        ) throws -> [String: Int64?] {
            let group = GroupEnvelope(
                number: 0, headerRecord: 1, headerFields: [:], trailerRecord: 0, promised: [:],
                dataRecords: 0)
            let rules = try SliceRules(
                contract: Plain.contract,
                parameters: RunParameters(values: ["business_date": "2026-11-20"]),
                partitions: .single, groups: [group], commitInterval: 100, maxReported: 100,
                targetKey: ["member"])
            let slice = try rules.check(
                Placed.slice(
                    keys.enumerated().map {
                        Placed(
                            number: UInt64($0 + 1), group: 0,
                            bytes: Plain.record(["member": $1, "day": "1120"]))
                    }), breathe: {})
            try #require(slice.findings.rejects == [])
            let seen = try TargetReader(rules: rules, plan: plan).see(slice, connection)
            var found: [String: Int64?] = [:]
            for (index, entry) in slice.entries.enumerated() {
                let row = try connection.query(
                    """
                    SELECT (extract(epoch FROM updated_at) * 1000000)::bigint - 946684800000000,
                        xmin, split_part(btrim(ctid::text, '()'), ',', 1)::bigint << 16
                            | split_part(btrim(ctid::text, '()'), ',', 2)::bigint
                    FROM \(plan.table) WHERE member = $1
                    """, [.text(slice.keyText(entry))])
                #expect(row.count == (seen[index] == nil ? 0 : 1))
                if row.count == 1 {
                    #expect(seen[index]?.lockAt == row.int(0, 0))
                    #expect(seen[index].map { Int64($0.rowVersion) } == row.int(0, 1))
                    #expect(seen[index]?.address.map { Int64($0) } == row.int(0, 2))
                }
                found[slice.keyText(entry)] = .some(seen[index]?.count)
            }
            return found
        }

        private let keys = ["A", "A1", "B", "C", "E", "E9", "Z"]

        /// A table with the rows A, B, C, D, E, Z, counted from 1, and more to be stepped over.
        private func table(
            _ name: String, type: String, others: Int, _ connection: borrowing Connection
        ) throws {
            try connection.execute(
                """
                CREATE TABLE public.\(name) (member \(type) PRIMARY KEY,
                    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), writes bigint);
                INSERT INTO public.\(name) (member, writes) VALUES ('A', 1), ('B', 2), ('C', 3),
                    ('D', 4), ('E', 5), ('Z', 6);
                INSERT INTO public.\(name) (member, writes)
                    SELECT 'F' || n, 100 FROM generate_series(1, \(others)) n
                """)
        }

        private let expected: [String: Int64?] = [
            "A": 1, "A1": nil, "B": 2, "C": 3, "E": 5, "E9": nil, "Z": 6,
        ]

        @Test(arguments: [
            ("text", 0), ("text", 1_000), ("character varying(20)", 0), ("char(20)", 0),
            ("text COLLATE \"en-x-icu\"", 0),
        ])
        func `every row is seen, whether the range is full of others or ordered otherwise`(
            type: String, others: Int
        ) throws {
            let connection = try connect()
            let name = "reader_\(type.filter(\.isLetter).lowercased())_\(others)"
            try table(name, type: type, others: others, connection)
            let plan = plan(
                name, type: String(type.prefix { $0 != " " || !type.contains("COLLATE") }))
            #expect((ApplyStatement.seeRange(plan) == nil) == (type == "char(20)"))
            #expect(try counts(plan, keys, connection) == expected)
        }

        @Test func `an empty table shows nothing`() throws {
            let connection = try connect()
            try table("reader_empty", type: "text", others: 0, connection)
            try connection.execute("TRUNCATE public.reader_empty")
            let found = try counts(plan("reader_empty"), keys, connection)
            #expect(found.count == keys.count)
            #expect(found.values.allSatisfy { $0 == nil })
        }

        @Test func `order by another alphabet hides no row`() throws {
            // a < B < c there, B < a < c by bytes.
            let connection = try connect()
            try connection.execute(
                """
                CREATE TABLE public.reader_order (member text COLLATE "en-x-icu" PRIMARY KEY,
                    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(), writes bigint);
                INSERT INTO public.reader_order (member, writes)
                    VALUES ('1-2', 1), ('12', 2), ('1-3', 3), ('13', 4), ('2-1', 5), ('2', 6)
                """)
            let found = try counts(
                plan("reader_order"), ["1-2", "12", "1-3", "13", "2-1", "2"], connection)
            #expect(found == ["1-2": 1, "12": 2, "1-3": 3, "13": 4, "2-1": 5, "2": 6])
        }
    }
}
