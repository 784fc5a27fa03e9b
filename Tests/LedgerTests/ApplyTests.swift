// The load's one statement on a small table: every way a record can meet its row.

import Ledger
import Postgres
import Testing

extension PostgresTests {
    @Suite struct ApplyTests {
        /// Rows a to d with the amounts 1 to 4.
        private func night(
            _ table: String, inserts: Bool = true, _ connection: borrowing Connection
        ) throws -> Night {
            let night = try Night(table, inserts: inserts, connection)
            try connection.execute(
                "INSERT INTO \(night.table) (id, amount) "
                    + "VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4)")
            return night
        }

        @Test func `records insert, update, or find their row as it should be`() throws {
            let connection = try connect()
            let night = try night("apply_plain", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            try night.stage("e", amount: 50, record: 3, connection)
            try night.stage("f", amount: nil, record: 4, connection)
            let done = try night.apply(connection)
            #expect(
                done == Night.Applied(staged: 4, inserted: 2, updated: 1, unchanged: 1, sum: 62))
            #expect(try night.outcomes(connection) == [1: "UD", 2: "ND", 3: "ID", 4: "ID"])
            #expect(
                try night.amounts(connection)
                    == ["a": 10, "b": 2, "c": 3, "d": 4, "e": 50, "f": -1])
            #expect(try night.note(connection) == 0)
            let writes = try connection.query(
                "SELECT string_agg(id || writes, ',' ORDER BY id) FROM \(night.table)"
            ).text(0, 0)
            #expect(writes == "a1,b0,c0,d0,e1,f1")
        }

        @Test func `the lock column only moves forwards, and only on rows that are written`()
            throws
        {
            let connection = try connect()
            let night = try night("apply_lock", connection)
            try connection.execute(
                "UPDATE \(night.table) SET updated_at = '2100-01-01' WHERE id = 'a'")
            let before = try connection.query(
                "SELECT updated_at FROM \(night.table) WHERE id = 'b'"
            ).text(0, 0)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            #expect(try night.apply(connection).updated == 1)
            let rows = try connection.query(
                "SELECT updated_at FROM \(night.table) WHERE id IN ('a', 'b') ORDER BY id")
            #expect(rows.text(0, 0) == "2100-01-01 00:00:00.000001+00")
            #expect(rows.text(1, 0) == before)
        }

        @Test func `a changed row is a conflict, one changed to what is wanted has converged`()
            throws
        {
            let connection = try connect()
            let night = try night("apply_changed", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 20, record: 2, connection)
            try night.stage("c", amount: 30, record: 3, connection)
            try connection.execute(
                "UPDATE \(night.table) SET online = 'x', updated_at = clock_timestamp() "
                    + "WHERE id = 'a'")
            try connection.execute("UPDATE \(night.table) SET amount = 20 WHERE id = 'b'")
            #expect(
                try night.apply(connection)
                    == Night.Applied(staged: 3, updated: 1, unchanged: 1, converged: 1, sum: 50))
            #expect(try night.note(connection) == 1)
            #expect(try night.conflicts(connection) == [1: "changed"])
            #expect(try night.outcomes(connection) == [1: "XE", 2: "ND", 3: "UD"])
            #expect(try night.amounts(connection) == ["a": 1, "b": 20, "c": 30, "d": 4])
        }

        @Test(arguments: [true, false])
        func `an online change that leaves the lock column alone is seen all the same`(
            isShort: Bool
        ) throws {
            let connection = try connect()
            let night = try night("apply_xmin_\(isShort)", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try connection.execute("UPDATE \(night.table) SET online = 'x' WHERE id = 'a'")
            if isShort {
                // The changed row may have come to stand where the one seen stood.
                try connection.execute(
                    "UPDATE \(night.tables.slice(0)) s SET kugiri_tid = t.ctid "
                        + "FROM \(night.table) t WHERE t.id = s.id")
            }
            try expectChanged(night, isShort: isShort, connection)
        }

        @Test(arguments: [true, false])
        func `a row version that came round again is told apart by the lock column`(
            isShort: Bool
        ) throws {
            let connection = try connect()
            let night = try night("apply_round_\(isShort)", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try connection.execute(
                "UPDATE \(night.table) SET online = 'x', updated_at = clock_timestamp() "
                    + "WHERE id = 'a'")
            // Numbers of transactions are used again after four thousand million, places at once.
            try connection.execute(
                """
                UPDATE \(night.tables.slice(0)) s SET kugiri_lock_xmin = t.xmin, kugiri_tid = t.ctid
                FROM \(night.table) t WHERE t.id = s.id
                """)
            try expectChanged(night, isShort: isShort, connection)
        }

        /// The row that was staged is not written, and is told as changed.
        private func expectChanged(
            _ night: Night, isShort: Bool, _ connection: borrowing Connection
        ) throws {
            if isShort {
                let settled = try night.settle(night.statement.updateSeen(), connection)
                #expect(settled == Night.Settled())
            } else {
                #expect(try night.apply(connection) == Night.Applied(staged: 1))
            }
            #expect(try night.note(connection) == 1)
            #expect(try night.conflicts(connection) == [1: "changed"])
        }

        @Test(arguments: [true, false])
        func `a vanished row does not rise again, an appeared one is not overwritten`(
            inserts: Bool
        ) throws {
            let connection = try connect()
            let night = try night("apply_gone_\(inserts)", inserts: inserts, connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("e", amount: 50, record: 2, connection)
            try connection.execute("DELETE FROM \(night.table) WHERE id = 'a'")
            try connection.execute(
                "INSERT INTO \(night.table) (id, amount) VALUES ('e', 5)")
            #expect(try night.apply(connection) == Night.Applied(staged: 2))
            #expect(try night.note(connection) == 2)
            #expect(try night.conflicts(connection) == [1: "vanished", 2: "appeared"])
            #expect(try night.amounts(connection) == ["b": 2, "c": 3, "d": 4, "e": 5])
        }

        @Test func `busy records are left alone and noted as such`() throws {
            let connection = try connect()
            let night = try night("apply_busy", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            try night.stage("e", amount: 50, record: 3, connection)
            try night.stage("d", amount: 40, record: 4, connection)
            #expect(
                try night.apply(busy: [1, 2, 3], connection)
                    == Night.Applied(staged: 4, updated: 1, sum: 40))
            #expect(try night.note(busy: [1, 2, 3], connection) == 3)
            #expect(try night.conflicts(connection) == [1: "busy", 2: "busy", 3: "busy"])
            #expect(try night.amounts(connection) == ["a": 1, "b": 2, "c": 3, "d": 40])
        }

        @Test func `rows that others hold are found without waiting`() throws {
            let connection = try connect()
            let other = try connect()
            let night = try night("apply_locked", connection)
            for (record, key) in ["a", "b", "c"].enumerated() {
                try night.stage(key, amount: 9, record: Int64(record), connection)
            }
            try other.execute("BEGIN")
            try other.query("SELECT FROM \(night.table) WHERE id IN ('a', 'c') FOR UPDATE")
            let rows = try connection.query(night.statement.lockFree, Night.all)
            #expect((0..<rows.count).map { rows.int($0, 0) } == [0, 2])
            try other.execute("ROLLBACK")
        }

        @Test func `two records of one row are applied one after the other`() throws {
            let connection = try connect()
            let night = try night("apply_twice", connection)
            for (key, record) in [("a", 1), ("e", 3), ("b", 5)] as [(String, Int64)] {
                try night.stage(
                    key, amount: record * 100, record: record, isLast: false, connection)
                try night.stage(
                    key, amount: record * 100 + 1, record: record + 1, sequence: 1, connection)
            }
            try connection.execute("UPDATE \(night.table) SET online = 'x' WHERE id = 'b'")
            #expect(
                try night.apply(connection)
                    == Night.Applied(staged: 3, inserted: 1, updated: 1, sum: 400))
            #expect(try night.note(connection) == 1)
            let scope = Night.all + [.int(1)]
            let carried = try connection.query(night.statement.carryForward(.range), scope)
            #expect(carried.affected == 2)
            #expect(
                try night.apply(sequence: 1, connection)
                    == Night.Applied(staged: 3, updated: 2, sum: 402))
            #expect(try night.note(sequence: 1, connection) == 1)
            #expect(try night.conflicts(connection) == [5: "changed", 6: "changed"])
            #expect(
                try night.amounts(connection) == ["a": 101, "b": 2, "c": 3, "d": 4, "e": 301])
        }

        @Test func `without the row carried forward the second record is a conflict`() throws {
            let connection = try connect()
            let night = try night("apply_alone", connection)
            try night.stage("a", amount: 10, record: 1, isLast: false, connection)
            try night.stage("a", amount: 11, record: 2, sequence: 1, connection)
            #expect(try night.apply(connection).updated == 1)
            #expect(try night.apply(sequence: 1, connection).updated == 0)
        }

        @Test func `every change leaves its before-image`() throws {
            let connection = try connect()
            let night = try night("apply_history", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            try night.stage("e", amount: 50, record: 3, connection)
            _ = try night.apply(connection)
            let rows = try connection.query(
                """
                SELECT h.kugiri_action || h.kugiri_record || h.id || coalesce(h.amount, -1) || '/'
                    || t.amount || (t.xmin = h.kugiri_lock_xmin AND t.updated_at = h.kugiri_lock_at)
                FROM \(night.tables.history) h JOIN \(night.table) t USING (id)
                ORDER BY h.kugiri_record
                """)
            #expect((0..<rows.count).map { rows.text($0, 0) } == ["U1a1/10true", "I3e-1/50true"])
        }

        @Test func `a row the table refuses is marked late, and only it`() throws {
            let connection = try connect()
            let night = try night("apply_late", connection)
            try night.stage("a", amount: -5, record: 1, connection)
            try night.stage("b", amount: 20, record: 2, connection)
            #expect(caught { _ = try night.apply(connection) }?.kind == .data)
            let bounds: [Parameter] = [.text("a"), .text("b")]
            let marked = try connection.query(night.statement.markLate, bounds)
            #expect(marked.count == 1 && marked.int(0, 0) == 1)
            #expect(try night.outcomes(connection) == [1: "RE", 2: "-U"])
            let keys = try connection.query(night.statement.keysOfRange, Night.all)
            #expect((0..<keys.count).map { keys.text($0, 0) } == ["a", "b"])
            let recount = try connection.query(night.statement.recount, bounds)
            #expect(recount.int(0, 0) == 1 && recount.int(0, 1) == 1_000)
        }

        @Test func `certify counts outcomes and compares what is still ours`() throws {
            let connection = try connect()
            let night = try night("apply_certify", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 2, record: 2, connection)
            try night.stage("c", amount: 30, record: 3, connection)
            try night.stage("d", amount: 40, record: 4, connection)
            try night.stage("e", amount: 50, record: 5, connection)
            try connection.execute("UPDATE \(night.table) SET online = 'x' WHERE id = 'd'")
            _ = try night.apply(connection)
            _ = try night.note(connection)
            let digest: Int64 = 1_000 ^ 2_000 ^ 3_000 ^ 4_000 ^ 5_000
            let good: [String: Int64] = [
                "staged": 5, "inserted": 1, "updated": 2, "unchanged": 1, "conflicts": 1,
                "digest": digest, "sum": 92,
            ]
            #expect(try night.certify(connection) == good)

            // Changed or deleted by others after the load: told, no fault.
            try connection.execute(
                "UPDATE \(night.table) SET amount = 0 WHERE id = 'a'; "
                    + "DELETE FROM \(night.table) WHERE id = 'e'")
            #expect(try night.certify(connection) == good.merging(["changed": 2]) { $1 })
        }

        @Test func `a row that is ours and holds something else is found`() throws {
            let connection = try connect()
            let night = try night("apply_differs", connection)
            try night.stage("a", amount: 10, record: 1, connection)
            try night.stage("b", amount: 20, record: 2, connection)
            _ = try night.apply(connection)
            // The staged value changes behind the load's back; lock and version stay ours.
            try connection.execute(
                "UPDATE \(night.tables.slice(0)) SET amount = 11 WHERE kugiri_key = 'a'")
            let found = try night.certify(connection)
            #expect(found["differing"] == 1)
            #expect(found["changed"] == nil)
            try connection.execute("UPDATE \(night.tables.slice(0)) SET kugiri_state = 'U'")
            #expect(try night.certify(connection)["undone"] == 2)
        }

        @Test func `requeued records see their rows anew, except those that vanished`() throws {
            let connection = try connect()
            let night = try night("apply_again", connection)
            for (key, record) in [("a", 1), ("b", 2), ("e", 3), ("f", 4)] as [(String, Int64)] {
                try night.stage(key, amount: 90 + record, record: record, connection)
            }
            try connection.execute(
                "UPDATE \(night.table) SET online = 'x' WHERE id = 'a'; "
                    + "DELETE FROM \(night.table) WHERE id = 'b'; "
                    + "INSERT INTO \(night.table) (id, amount) VALUES ('e', 5), ('f', 6)")
            #expect(try night.apply(connection) == Night.Applied(staged: 4))
            #expect(try night.note(connection) == 4)
            // The row that had appeared is gone again: its record may insert after all.
            try connection.execute("DELETE FROM \(night.table) WHERE id = 'f'")
            let scope: [Parameter] = [
                .textArray(["a", "b", "e", "f"]), .intArray([1, 2, 3, 4]),
            ]
            let seen = try connection.query(night.statement.seeAgain, scope)
            #expect(Set((0..<seen.count).compactMap { seen.int($0, 0) }) == [1, 3, 4])
            let rows = try connection.query(
                night.statement.apply(.records), scope + [.int(0), .intArray([])])
            #expect(rows.int(0, 1) == 1 && rows.int(0, 2) == 2)
            #expect(
                try night.amounts(connection)
                    == ["a": 91, "c": 3, "d": 4, "e": 93, "f": 94])
            let outcomes = try connection.query(night.statement.outcomes, scope)
            #expect(
                (0..<outcomes.count).map { outcomes.text($0, 1) } == ["U", "X", "U", "I"])
            try ProofLedger.settle(
                [(1, "U"), (3, "U"), (4, "I")], run: night.run, revision: 1, connection)
            #expect(try night.conflicts(connection) == [2: "vanished"])
        }

        @Test func `validation sees lock value, version, count and place of the rows there are`()
            throws
        {
            let connection = try connect()
            let night = try night("apply_see", connection)
            let rows = try connection.query(
                ApplyStatement.see(night.tables.plan), [.textArray(["x", "b", "a"])])
            let expected = try connection.query(
                "SELECT updated_at, xmin, writes, ctid FROM \(night.table) WHERE id = 'b'")
            #expect(rows.count == 2)
            let row = (0..<rows.count).first { rows.int($0, 0) == 2 }
            let found = try #require(row)
            #expect(rows.text(found, 1) == expected.text(0, 0))
            #expect(rows.text(found, 2) == expected.text(0, 1))
            #expect(rows.text(found, 3) == "0")
            #expect(rows.text(found, 4) == expected.text(0, 3))
        }
    }
}
