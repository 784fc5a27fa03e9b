// The short forms of the load's statement: what they settle is what the general statement would
// have settled, and everything else they leave alone.

import Ledger
import Plan
import Postgres
import Testing

extension PostgresTests {
    @Suite struct ShortFormTests {
        /// Rows a to f with the amounts 1 to 6.
        private func night(
            _ table: String, inserts: Bool = true, _ connection: borrowing Connection
        ) throws -> Night {
            let night = try Night(table, inserts: inserts, connection)
            try connection.execute(
                "INSERT INTO \(night.table) (id, amount) VALUES "
                    + "('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5), ('f', 6)")
            return night
        }

        /// One record for every way it can meet its row, and what has happened online since.
        private func mixed(_ night: Night, _ connection: borrowing Connection) throws {
            let amounts: [(String, Int64?)] = [
                ("a", 10), ("b", 2), ("c", 30), ("d", 40), ("e", 50), ("f", 60), ("g", 70),
                ("h", 80),
            ]
            for (index, (key, amount)) in amounts.enumerated() {
                try night.stage(key, amount: amount, record: Int64(index + 1), connection)
            }
            // c changes, d is brought to the wanted value, e goes, h comes.
            try connection.execute(
                """
                UPDATE \(night.table) SET online = 'x', updated_at = clock_timestamp()
                    WHERE id = 'c';
                UPDATE \(night.table) SET amount = 40 WHERE id = 'd';
                DELETE FROM \(night.table) WHERE id = 'e';
                INSERT INTO \(night.table) (id, amount) VALUES ('h', 8)
                """)
        }

        @Test func `each form settles its own records, the rest is left to the general statement`()
            throws
        {
            let connection = try connect()
            let night = try night("short_mixed", connection)
            try mixed(night, connection)
            let statement = night.statement
            #expect(
                try night.settle(statement.updateSeen(), connection)
                    == Night.Settled(rows: 2, digest: 1_000 ^ 6_000, sum: 70))
            #expect(
                try night.settle(statement.confirmSeen(), connection)
                    == Night.Settled(rows: 1, digest: 2_000, sum: 2))
            // A row that appeared ends the form before it has done anything.
            let fault = #expect(throws: PostgresError.self) {
                try night.settle(statement.insertUnseen(), connection)
            }
            #expect(fault?.isTaken == true)
            #expect(try night.amounts(connection)["g"] == nil)
            try connection.execute("DELETE FROM \(night.table) WHERE id = 'h'")
            try connection.execute(
                "UPDATE \(night.tables.slice(0)) SET kugiri_seq = 9 WHERE kugiri_key = 'h'")
            #expect(
                try night.settle(statement.insertUnseen(), connection)
                    == Night.Settled(rows: 1, digest: 7_000, sum: 70, written: 1))
            try connection.execute("INSERT INTO \(night.table) (id, amount) VALUES ('h', 8)")
            // Nothing is settled twice.
            for form in [statement.updateSeen(), statement.confirmSeen(), statement.insertUnseen()]
            {
                #expect(try night.settle(form, connection).rows == 0)
            }
            try connection.execute(
                "UPDATE \(night.tables.slice(0)) SET kugiri_seq = 0 WHERE kugiri_key = 'h'")
            #expect(
                try night.apply(connection)
                    == Night.Applied(staged: 4, unchanged: 1, converged: 1, sum: 40))
            #expect(try night.note(connection) == 3)
            #expect(
                try night.conflicts(connection) == [3: "changed", 5: "vanished", 8: "appeared"])
            #expect(
                try night.outcomes(connection) == [
                    1: "UD", 2: "ND", 3: "XE", 4: "ND", 5: "XE", 6: "UD", 7: "ID", 8: "XE",
                ])
            #expect(
                try night.amounts(connection)
                    == ["a": 10, "b": 2, "c": 3, "d": 40, "f": 60, "g": 70, "h": 8])
            let proof = try night.certify(connection)
            #expect(proof["changed"] == nil && proof["differing"] == nil)
        }

        @Test func `without marks the forms do the same, and certify reads outcomes off the rows`()
            throws
        {
            let connection = try connect()
            let night = try night("short_unmarked", connection)
            for (index, (key, amount)) in [("a", 10), ("b", 2), ("f", 60), ("g", 70)].enumerated() {
                try night.stage(key, amount: Int64(amount), record: Int64(index + 1), connection)
            }
            let statement = night.statement
            var transaction = ""
            try connection.transaction { connection in
                let number = try connection.query("SELECT pg_current_xact_id()::xid::text")
                transaction = number.text(0, 0) ?? ""
                #expect(
                    try night.settle(statement.updateSeen(marks: false), connection)
                        == Night.Settled(rows: 2, digest: 1_000 ^ 3_000, sum: 70))
                #expect(
                    try night.settle(statement.confirmSeen(marks: false), connection)
                        == Night.Settled(rows: 1, digest: 2_000, sum: 2))
                #expect(
                    try night.settle(statement.insertUnseen(marks: false), connection)
                        == Night.Settled(rows: 1, digest: 4_000, sum: 70, written: 1))
            }
            #expect(try night.outcomes(connection) == [1: "-U", 2: "-U", 3: "-U", 4: "-U"])
            #expect(
                try night.amounts(connection)
                    == ["a": 10, "b": 2, "c": 3, "d": 4, "e": 5, "f": 60, "g": 70])
            let images = try connection.query("SELECT count(*) FROM \(night.tables.history)")
            #expect(images.int(0, 0) == 3)

            func outcomes() throws -> [String] {
                let rows = try connection.query(
                    statement.certifyDerived, Night.all + [.text(transaction)])
                let columns = [0, 1, 4, 5, 7]
                return (0..<rows.count).map { row in
                    columns.map { rows.text(row, $0) ?? "-" }.joined(separator: " ")
                }.sorted()
            }
            // Outcome, rows, changed since, differing, sum.
            #expect(try outcomes() == ["I 1 0 0 70", "N 1 0 0 2", "U 2 0 0 70"])
            // Whoever changes a row takes from it whether the load had changed it.
            try connection.execute(
                """
                UPDATE \(night.table) SET online = 'x' WHERE id IN ('a', 'b');
                DELETE FROM \(night.table) WHERE id = 'g'
                """)
            #expect(try outcomes() == ["I 1 1 0 70", "L 2 2 0 12", "U 1 0 0 60"])
            // A row of ours must hold what was staged.
            try connection.execute(
                "UPDATE \(night.tables.slice(0)) SET amount = 61 WHERE kugiri_key = 'f'")
            #expect(try outcomes() == ["I 1 1 0 70", "L 2 2 0 12", "U 1 0 1 61"])
        }

        @Test func `rows, staging and before-images are those of the general statement`() throws {
            let connection = try connect()
            func result(_ table: String, isShort: Bool) throws -> [String?] {
                let night = try night(table, connection)
                try mixed(night, connection)
                if isShort {
                    _ = try night.settle(night.statement.updateSeen(), connection)
                    _ = try night.settle(night.statement.confirmSeen(), connection)
                    // As a chunk that fell over a row is done: without that form.
                    _ = #expect(throws: PostgresError.self) {
                        try night.settle(night.statement.insertUnseen(), connection)
                    }
                }
                _ = try night.apply(connection)
                _ = try night.note(connection)
                let rows = try connection.query(
                    """
                    SELECT concat_ws(' ', t.id, t.amount, t.online, t.writes, h.kugiri_action::text,
                        h.kugiri_record, h.id, h.amount, h.online, h.writes,
                        h.kugiri_lock_at = t.updated_at, h.kugiri_lock_xmin = t.xmin,
                        h.updated_at < t.updated_at, s.kugiri_state::text, s.kugiri_outcome::text,
                        s.kugiri_lock_at = t.updated_at, s.kugiri_lock_xmin = t.xmin,
                        s.kugiri_tid = t.ctid)
                    FROM \(night.table) t
                        FULL JOIN \(night.tables.slice(0)) s ON s.kugiri_key = t.id
                        LEFT JOIN \(night.tables.history) h ON h.id = t.id
                    ORDER BY coalesce(t.id, s.kugiri_key)
                    """)
                return (0..<rows.count).map { rows.text($0, 0) }
            }
            let general = try result("short_general", isShort: false)
            #expect(try result("short_forms", isShort: true) == general)
            #expect(general.first == "a 10 1 U 1 a 1 0 t t t D U t t t")
        }

        @Test func `a row that was moved by an update of nothing is left alone`() throws {
            let connection = try connect()
            let night = try night("short_moved", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            try connection.execute("UPDATE \(night.table) SET amount = amount")
            #expect(try night.settle(night.statement.updateSeen(), connection).rows == 0)
            #expect(try night.settle(night.statement.confirmSeen(), connection).rows == 0)
            #expect(
                try night.apply(connection)
                    == Night.Applied(staged: 2, unchanged: 1, converged: 1, sum: 2))
            #expect(try night.note(connection) == 1)
            #expect(try night.conflicts(connection) == [1: "changed"])
        }

        @Test func `a place taken by another key is not written, whatever else it has in common`()
            throws
        {
            let connection = try connect()
            let night = try night("short_reused", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try connection.execute("DELETE FROM \(night.table) WHERE id = 'a'")
            try connection.execute("VACUUM \(night.table)")
            try connection.execute("INSERT INTO \(night.table) (id, amount) VALUES ('z', 26)")
            // Staging even takes the other row's lock value, version and count for those it saw.
            let forged = try connection.query(
                """
                UPDATE \(night.tables.slice(0)) s SET kugiri_lock_at = t.updated_at,
                    kugiri_lock_xmin = t.xmin, kugiri_lock_count = t.writes
                FROM \(night.table) t WHERE t.id = 'z' AND s.kugiri_tid = t.ctid
                """)
            #expect(forged.affected == 1)
            #expect(try night.settle(night.statement.updateSeen(), connection).rows == 0)
            try connection.execute("UPDATE \(night.tables.slice(0)) SET amount = 26")
            #expect(try night.settle(night.statement.confirmSeen(), connection).rows == 0)
            #expect(try night.apply(connection) == Night.Applied(staged: 1))
            #expect(try night.note(connection) == 1)
            #expect(try night.conflicts(connection) == [1: "vanished"])
            #expect(try night.amounts(connection)["z"] == 26)
        }

        @Test func `rows that VACUUM FULL moved are all loaded, and certify finds them again`()
            throws
        {
            let connection = try connect()
            let night = try night("short_full", connection)
            for (record, key) in ["b", "c", "d", "e", "f"].enumerated() {
                try night.stage(
                    key, amount: key == "e" ? 5 : 99, record: Int64(record), connection)
            }
            try connection.execute("DELETE FROM \(night.table) WHERE id = 'a'")
            try connection.execute("VACUUM FULL \(night.table)")
            #expect(try night.settle(night.statement.updateSeen(), connection).rows == 0)
            #expect(try night.settle(night.statement.confirmSeen(), connection).rows == 0)
            #expect(
                try night.apply(connection)
                    == Night.Applied(staged: 5, updated: 4, unchanged: 1, sum: 401))
            let proof = try night.certify(connection)
            #expect(proof["updated"] == 4 && proof["changed"] == nil && proof["differing"] == nil)
            try connection.execute("VACUUM FULL \(night.table)")
            #expect(try night.certify(connection) == proof)
            // Still compared after the move, not only counted.
            try connection.execute(
                "UPDATE \(night.tables.slice(0)) SET amount = 98 WHERE kugiri_key = 'b'")
            #expect(try night.certify(connection)["differing"] == 1)
        }

        @Test func `later records of a row follow the first one wherever it was settled`() throws {
            let connection = try connect()
            let night = try night("short_twice", connection)
            for (key, record) in [("a", 1), ("g", 3), ("b", 5)] as [(String, Int64)] {
                try night.stage(
                    key, amount: record * 100, record: record, isLast: false, connection)
                try night.stage(
                    key, amount: record * 100 + 1, record: record + 1, sequence: 1, connection)
            }
            try connection.execute("UPDATE \(night.table) SET online = 'x' WHERE id = 'b'")
            #expect(try night.settle(night.statement.updateSeen(), connection).rows == 1)
            #expect(try night.settle(night.statement.insertUnseen(), connection).rows == 1)
            #expect(try night.apply(connection) == Night.Applied(staged: 1))
            #expect(try night.note(connection) == 1)
            try connection.query(
                night.statement.carryForward(.range), Night.all + [.int(1)])
            #expect(
                try night.apply(sequence: 1, connection)
                    == Night.Applied(staged: 3, updated: 2, sum: 402))
            #expect(try night.note(sequence: 1, connection) == 1)
            #expect(try night.conflicts(connection) == [5: "changed", 6: "changed"])
            #expect(try night.amounts(connection)["a"] == 101)
            #expect(try night.amounts(connection)["g"] == 301)
            #expect(try night.certify(connection)["changed"] == nil)
        }

        @Test func `a locked row stops a form within the lock timeout, a refused one at once`()
            throws
        {
            let connection = try connect()
            let other = try connect()
            let night = try night("short_locked", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 20, record: 2, connection)
            try connection.execute("SET lock_timeout = 50")
            try other.execute("BEGIN")
            try other.query("SELECT FROM \(night.table) WHERE id = 'b' FOR UPDATE")
            let locked = caught {
                _ = try night.settle(night.statement.updateSeen(), connection)
            }
            #expect(locked?.kind == .lockNotAvailable)
            try other.execute("ROLLBACK")
            try night.stage("c", amount: -1, record: 3, connection)
            let refused = caught {
                _ = try night.settle(night.statement.updateSeen(), connection)
            }
            #expect(refused?.kind == .data)
            #expect(try night.outcomes(connection) == [1: "-U", 2: "-U", 3: "-U"])
        }

        @Test func `rows to be closed are not taken for records`() throws {
            let connection = try connect()
            let night = try night("short_close", connection)
            var plan = night.tables.plan
            plan.absent = AbsentPlan(
                column: "id", boundType: "text", isBytewise: true, isIndexed: true,
                open: "(t.amount > 0)",
                closing: [.init(column: "amount", type: "bigint", value: "0", isFixed: true)])
            let tables = RunTables(number: night.tables.number, plan: plan)
            try connection.execute(tables.createSlice(0, range: .all, logged: false))
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: nil, record: -1, connection)
            try connection.execute(
                "UPDATE \(tables.slice(0)) SET kugiri_action = 'C' WHERE kugiri_key = 'b'")
            let statement = ApplyStatement(tables: tables, slice: 0)
            #expect(try night.settle(statement.updateSeen(), connection).rows == 1)
            #expect(try night.settle(statement.confirmSeen(), connection).rows == 0)
            let rows = try connection.query(
                statement.apply(.range), Night.all + [.int(0), .intArray([])])
            #expect(rows.int(0, 8) == 1)
            #expect(try night.amounts(connection)["b"] == 0)
            #expect(try night.outcomes(connection) == [1: "UD", -1: "CD"])
        }

        @Test func `the target is reached by address and never read whole`() throws {
            let connection = try connect()
            let night = try Night("short_plan", connection)
            try connection.execute(
                """
                INSERT INTO \(night.table) (id, amount)
                    SELECT lpad(n::text, 9, '0'), n FROM generate_series(1, 20000) n;
                INSERT INTO \(night.tables.slice(0)) (kugiri_key, kugiri_record, kugiri_seq,
                    kugiri_last, kugiri_seen, kugiri_lock_at, kugiri_lock_xmin, kugiri_lock_count,
                    kugiri_tid, kugiri_digest, kugiri_state, id, amount)
                SELECT id, 1, 0, true, true, updated_at, xmin, writes, ctid, 1, 'U', id, 0
                FROM \(night.table);
                ANALYZE \(night.table);
                ANALYZE \(night.tables.slice(0));
                SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_seqscan = off;
                SET jit = off
                """)
            for mode in ["force_custom_plan", "force_generic_plan"] {
                try connection.execute("SET plan_cache_mode = \(mode)")
                for form in [
                    night.statement.updateSeen(), night.statement.confirmSeen(),
                    night.statement.certify, night.statement.certifyByAddress ?? "",
                ] {
                    try connection.execute("DEALLOCATE ALL")
                    try connection.execute("PREPARE form (text, text) AS \(form)")
                    let rows = try connection.query(
                        "EXPLAIN EXECUTE form ('000005000', '000015000')")
                    let plan = (0..<rows.count).compactMap { rows.text($0, 0) }
                        .joined(separator: "\n")
                    #expect(plan.contains("Tid Scan on short_plan"), "\(plan)")
                    #expect(!plan.contains("Seq Scan"), "\(plan)")
                    #expect(!plan.contains("Hash Join"), "\(plan)")
                }
            }
        }
    }
}
