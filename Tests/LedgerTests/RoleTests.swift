// The roles of least privilege: what each may do with every table of the ledger, tried out, and the
// ways in which they cannot be set up.

import Ledger
import Plan
import Postgres
import Testing

/// What a role may do with a table, beyond reading it.
private struct Rights {
    var insert = false
    var delete = false
    /// Columns it may change; nil: all of them.
    var update: Set<String>? = []
    var select = true

    static let readOnly = Rights()
    static let none = Rights(select: false)
    static let all = Rights(insert: true, delete: true, update: nil)
    static let append = Rights(insert: true)
}

private let roles = ["kugiri_coordinator", "kugiri_worker", "kugiri_reader"]

/// Every table of the ledger: what coordinator and worker may; the reader reads.
private let matrix: [String: (coordinator: Rights, worker: Rights)] = [
    "migration": (.readOnly, .readOnly),
    "run": (Rights(insert: true, update: nil), .readOnly),
    "partition": (.all, .readOnly),
    "slice": (
        .all,
        Rights(update: [
            "staged", "rejected", "digest", "open_rows", "nameless", "proved_run", "proved_slice",
        ])
    ),
    "claim": (
        .all,
        Rights(update: [
            "epoch", "attempts", "worker", "pid", "backend_start", "chunk_no", "done_to",
            "processing", "taken_at", "finished_at",
        ])
    ),
    "interval": (.all, Rights(insert: true, delete: true)),
    "chunk": (.all, Rights(insert: true, delete: true)),
    "total": (.all, Rights(insert: true, delete: true)),
    "share": (.all, Rights(insert: true, delete: true)),
    "reject": (.all, Rights(insert: true, delete: true)),
    "absent": (.all, Rights(insert: true, delete: true)),
    "conflict": (.all, Rights(insert: true, update: ["state", "outcome", "settled_at"])),
    "certificate": (.append, .none),
    "publication": (Rights(insert: true, update: nil), .none),
    "audit": (.append, .none),
    "record_state_row": (.readOnly, .none),
    "tenure": (.all, .none), "phase_time": (.all, .none), "crew": (.all, .none),
    "revision": (.all, .none), "backout": (.all, .none), "backout_row": (.all, .none),
    "instruction": (.all, .none),
]

extension PostgresTests {
    @Suite(.serialized) struct RoleTests {
        /// A database with the schema and its roles.
        private func prepared(_ name: String) throws -> Connection {
            try connect().execute("CREATE DATABASE \(name)")
            let connection = try connect(database: name)
            try Schema.migrate(connection)
            #expect(try Schema.setUpRoles(connection) == nil)
            return connection
        }

        /// The SQLSTATE with which a role's statement ends; nil: it works.
        private func state(
            of statement: String, as role: String, _ connection: borrowing Connection
        ) throws -> String? {
            try connection.execute("SET ROLE \(role)")
            let error = caught { try connection.execute(statement) }
            try connection.execute("RESET ROLE")
            return error?.sqlState
        }

        @Test func `every verb on every table works for whom it must, and is 42501 for all others`()
            throws
        {
            let connection = try prepared("role_matrix")
            let rows = try connection.query(
                """
                SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = 'kugiri'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
                    AND NOT a.attisdropped AND a.attidentity = '' ORDER BY 1, a.attnum
                """)
            var columns: [String: [String]] = [:]
            for row in 0..<rows.count {
                columns[rows.text(row, 0) ?? "", default: []].append(rows.text(row, 1) ?? "")
            }
            #expect(Set(columns.keys) == Set(matrix.keys), "a new table needs its rights")
            var tried = 0
            for (table, rights) in matrix {
                for role in roles {
                    let may =
                        switch role {
                        case "kugiri_coordinator": rights.coordinator
                        case "kugiri_worker": rights.worker
                        default: Rights.readOnly
                        }
                    let name = "kugiri.\(table)"
                    var verbs = [
                        ("SELECT * FROM \(name) LIMIT 0", may.select),
                        ("DELETE FROM \(name) WHERE false", may.delete),
                        (
                            "INSERT INTO \(name) OVERRIDING SYSTEM VALUE SELECT * FROM \(name) "
                                + "WHERE false", may.insert
                        ),
                        ("TRUNCATE \(name)", false), ("DROP TABLE \(name)", false),
                        ("ALTER TABLE \(name) ADD COLUMN forged text", false),
                        (
                            "CREATE TRIGGER t AFTER INSERT ON \(name) EXECUTE FUNCTION "
                                + "suppress_redundant_updates_trigger()", false
                        ),
                    ]
                    for column in columns[table] ?? [] {
                        verbs.append(
                            (
                                "UPDATE \(name) SET \(column) = NULL WHERE false",
                                may.update?.contains(column) ?? true
                            ))
                    }
                    for (statement, isAllowed) in verbs {
                        let found = try state(of: statement, as: role, connection)
                        #expect(found == (isAllowed ? nil : "42501"), "\(role): \(statement)")
                        tried += 1
                    }
                }
            }
            #expect(tried > 900)
        }

        @Test func `no role reaches beyond the ledger, and only the coordinator makes tables`()
            throws
        {
            let connection = try prepared("role_reach")
            for role in roles {
                for statement in [
                    "CREATE TABLE kugiri.a (a int)", "CREATE SCHEMA kugiri_more",
                    "CREATE TABLE public.a (a int)", "CREATE ROLE kugiri_more",
                    "COPY (SELECT 1) TO PROGRAM 'true'", "COPY kugiri.run TO '/tmp/kugiri-run'",
                    "SELECT pg_read_file('/etc/passwd')", "SELECT kugiri.set_up_roles()",
                    "CREATE OR REPLACE FUNCTION kugiri.record_state(wanted text) RETURNS SETOF "
                        + "kugiri.record_state_row LANGUAGE sql AS 'SELECT NULL'",
                    "ALTER SYSTEM SET fsync = off", "SET ROLE kugiri_owner",
                    "SELECT * FROM pg_authid",
                ] {
                    // SET ROLE is judged by the login: not under SET ROLE of a superuser.
                    if statement == "SET ROLE kugiri_owner" {
                        try connection.execute("SET SESSION AUTHORIZATION \(role)")
                        let error = caught { try connection.execute(statement) }
                        try connection.execute("RESET SESSION AUTHORIZATION")
                        #expect(error?.sqlState == "42501", "\(role)")
                        continue
                    }
                    #expect(
                        try state(of: statement, as: role, connection) == "42501",
                        "\(role): \(statement)")
                }
                for schema in ["kugiri_stage", "kugiri_history"] {
                    let found = try state(
                        of: "CREATE TABLE \(schema).\(role) (a int)", as: role, connection)
                    #expect(found == (role == "kugiri_coordinator" ? nil : "42501"), "\(role)")
                }
            }
        }

        @Test func `a worker fills the coordinator's staging and owns none of it`() throws {
            let connection = try prepared("role_staging")
            let slice = "kugiri_stage.r1_s0"
            let images = "kugiri_history.r1"
            for table in [slice, images] {
                #expect(
                    try state(
                        of: "CREATE TABLE \(table) (a int)", as: "kugiri_coordinator", connection)
                        == nil)
            }
            let looks = StagingLedger.lookAt(slice)
            for (statement, worker) in [
                ("INSERT INTO \(slice) VALUES (1), (2)", true), ("SELECT * FROM \(slice)", true),
                ("UPDATE \(slice) SET a = a", true), ("TRUNCATE ONLY \(slice)", true),
                (looks, true), ("DELETE FROM \(slice)", false), ("DROP TABLE \(slice)", false),
                ("ALTER TABLE \(slice) ADD b int", false),
                ("INSERT INTO \(images) VALUES (1)", true), ("SELECT * FROM \(images)", true),
                ("UPDATE \(images) SET a = a", false), ("DELETE FROM \(images)", false),
                ("TRUNCATE \(images)", false),
            ] {
                #expect(
                    try state(of: statement, as: "kugiri_worker", connection)
                        == (worker ? nil : "42501"), "\(statement)")
                #expect(
                    try state(of: statement, as: "kugiri_reader", connection) == "42501",
                    "\(statement)")
            }
            // It really looked, and looks at nothing else.
            try connection.execute("INSERT INTO \(slice) SELECT generate_series(1, 500)")
            #expect(try state(of: looks, as: "kugiri_worker", connection) == nil)
            let seen = try connection.query(
                "SELECT reltuples FROM pg_class WHERE oid = '\(slice)'::regclass")
            #expect(seen.text(0, 0) == "500")
            for other in ["kugiri.run", images, "pg_catalog.pg_class"] {
                #expect(
                    try state(
                        of: StagingLedger.lookAt(other), as: "kugiri_worker", connection)
                        == "42501", "\(other)")
            }
            try connection.execute("SET ROLE kugiri_worker")
            #expect(try !StagingLedger.isOwn(slice, connection))
            try connection.execute("SET ROLE kugiri_coordinator")
            #expect(try StagingLedger.isOwn(slice, connection))
        }

        @Test func `setting the roles up again changes nothing, and reaches later tables`() throws {
            let connection = try prepared("role_again")
            try connection.execute("CREATE TABLE kugiri.later (a int)")
            #expect(
                try state(of: "SELECT * FROM kugiri.later", as: "kugiri_reader", connection)
                    == "42501")
            #expect(try Schema.setUpRoles(connection) == nil)
            #expect(
                try state(of: "SELECT * FROM kugiri.later", as: "kugiri_reader", connection) == nil)
            let owners = try connection.query(
                """
                SELECT DISTINCT relowner::regrole::text FROM pg_class
                WHERE relnamespace = 'kugiri'::regnamespace AND relkind IN ('r', 'v')
                """)
            #expect(owners.count == 1 && owners.text(0, 0) == "kugiri_owner")
            #expect(try DoctorLedger.roles(connection).areSetUp)
        }

        @Test func `a role that may make roles sets them up without being superuser`() throws {
            let admin = try connect()
            try admin.execute("CREATE ROLE role_dba CREATEROLE")
            try admin.execute("CREATE DATABASE role_dba OWNER role_dba")
            let connection = try connect(database: "role_dba")
            try connection.execute("SET SESSION AUTHORIZATION role_dba")
            try Schema.migrate(connection)
            #expect(try Schema.setUpRoles(connection) == nil)
            // It still is master of the ledger, by its membership, and later migrations work.
            let created = try Night.createRun(job: "dba", connection)
            try connection.execute("ALTER TABLE kugiri.run ADD COLUMN later text")
            #expect(try Schema.setUpRoles(connection) == nil)
            #expect(try RunLedger.get(created.run, connection)?.job == "dba")
            #expect(try DoctorLedger.roles(connection).idleMembership == nil)
        }

        @Test func `a role that may not make roles keeps its ledger as it was, and is told so`()
            throws
        {
            let admin = try connect()
            try admin.execute("CREATE ROLE role_plain")
            try admin.execute("CREATE DATABASE role_plain OWNER role_plain")
            let connection = try connect(database: "role_plain")
            try connection.execute("SET SESSION AUTHORIZATION role_plain")
            try Schema.migrate(connection)
            let reason = try Schema.setUpRoles(connection)
            #expect(reason?.hasPrefix("role role_plain may not ") == true, "\(reason ?? "none")")
            #expect(try !DoctorLedger.roles(connection).areSetUp)
            let owner = try connection.query(
                "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'kugiri.run'::regclass")
            #expect(owner.text(0, 0) == "role_plain")
            _ = try Night.createRun(job: "plain", connection)
            #expect(try DoctorLedger.lacking(connection).isEmpty)
            try connection.execute("CREATE TABLE kugiri_stage.r9_s0 (a int)")
            #expect(try StagingLedger.isOwn("kugiri_stage.r9_s0", connection))
        }
    }
}
