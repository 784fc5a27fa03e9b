// What of a server's settings hurts a nightly load, judged from values; no database here.

import Journal
import Ledger
import Postgres

/// Rules about a server's settings.
enum ServerChecks {
    typealias Check = DoctorReport.Check

    /// Settings that are looked at.
    static let names = [
        "server_version_num", "server_version", "server_encoding", "fsync", "full_page_writes",
        "synchronous_commit", "max_wal_size", "shared_buffers", "statement_timeout", "lock_timeout",
        "idle_in_transaction_session_timeout", "idle_session_timeout", "autovacuum", "jit",
        "wal_level", "archive_mode", "max_connections", "superuser_reserved_connections",
        "default_transaction_read_only", "data_directory",
    ]

    /// Every rule that needs nothing but settings.
    static func judge(
        _ settings: [String: ServerSetting], facts: ServerFacts, workers: Int
    ) -> [Check] {
        [
            version(settings), encoding(settings), standby(settings, facts),
            durability("fsync", settings), durability("full_page_writes", settings),
            commit(settings), walSize(settings), buffers(settings),
        ] + timeouts(settings, role: facts.role) + [
            autovacuum(settings), jit(settings), wal(settings),
            connections(settings, facts, workers: workers),
        ]
    }

    private static func version(_ settings: [String: ServerSetting]) -> Check {
        let number = settings["server_version_num"].flatMap { Int($0.value) } ?? 0
        let text = "PostgreSQL \(settings["server_version"]?.value ?? "of an unknown version")"
        if number < DoctorLimits.versionMin {
            return .fault("server", text, "use PostgreSQL 15")
        }
        if number >= DoctorLimits.versionUntested {
            return .warning("server", text, "Kugiri is tested with PostgreSQL 15")
        }
        return .ok("server", text)
    }

    private static func encoding(_ settings: [String: ServerSetting]) -> Check {
        let found = settings["server_encoding"]?.value ?? "?"
        guard found != "UTF8" else { return .ok("encoding", found) }
        return .fault(
            "encoding", found, "key ranges need a database of encoding UTF8; make one and load there")
    }

    private static func standby(
        _ settings: [String: ServerSetting], _ facts: ServerFacts
    ) -> Check {
        if facts.isStandby {
            return .fault("writable", "the server is a standby", "connect to the primary")
        }
        if settings["default_transaction_read_only"]?.initial == "on" {
            return .fault(
                "writable", "transactions of role \(facts.role) are read-only",
                "ALTER ROLE \(quoteIdentifier(facts.role)) SET default_transaction_read_only = off")
        }
        return .ok("writable", "database \(facts.database) as role \(facts.role)")
    }

    private static func durability(
        _ name: String, _ settings: [String: ServerSetting]
    ) -> Check {
        guard settings[name]?.value == "off" else {
            return .ok(name, settings[name]?.value ?? "not visible")
        }
        return .fault(
            name, "off: a crash of the machine can destroy ledger and target",
            "set \(name) = on and restart nothing: a reload is enough")
    }

    private static func commit(_ settings: [String: ServerSetting]) -> Check {
        let found = settings["synchronous_commit"]?.value ?? "not visible"
        return .ok(
            "synchronous_commit",
            found == "off" ? "off: safe here, the publish commit switches it on" : found)
    }

    private static func walSize(_ settings: [String: ServerSetting]) -> Check {
        guard let bytes = settings["max_wal_size"]?.bytes else {
            return .ok("max_wal_size", "not visible")
        }
        guard bytes < DoctorLimits.walBytesMin else {
            return .ok("max_wal_size", Figures.bytes(bytes))
        }
        return .warning(
            "max_wal_size", "\(Figures.bytes(bytes)): a load makes a checkpoint every few seconds",
            "raise it to 4GB or more")
    }

    private static func buffers(_ settings: [String: ServerSetting]) -> Check {
        guard let bytes = settings["shared_buffers"]?.bytes else {
            return .ok("shared_buffers", "not visible")
        }
        guard bytes < DoctorLimits.bufferBytesMin else {
            return .ok("shared_buffers", Figures.bytes(bytes))
        }
        return .warning(
            "shared_buffers", Figures.bytes(bytes), "raise it to about a quarter of the memory")
    }

    /// Time limits of the role that would end a session in the middle of the night.
    private static func timeouts(
        _ settings: [String: ServerSetting], role: String
    ) -> [Check] {
        [
            ("statement_timeout", "COPY, ANALYZE and index reads of a night take as long as they do"),
            ("lock_timeout", "Kugiri sets its own where it may not wait"),
            ("idle_in_transaction_session_timeout", "a worker reads its spool inside transactions"),
            ("idle_session_timeout", "the session that takes claims back idles for most of a night"),
        ].map { name, reason in
            guard let setting = settings[name], setting.initial != "0" else {
                return .ok(name, "none")
            }
            return .warning(
                name, "\(setting.initial) ms for role \(role): \(reason)",
                "ALTER ROLE \(quoteIdentifier(role)) SET \(name) = 0")
        }
    }

    private static func autovacuum(_ settings: [String: ServerSetting]) -> Check {
        guard settings["autovacuum"]?.value == "off" else { return .ok("autovacuum", "on") }
        return .warning(
            "autovacuum", "off: a table that is updated every night grows without end",
            "set autovacuum = on, or vacuum the target after every night")
    }

    private static func jit(_ settings: [String: ServerSetting]) -> Check {
        let found = settings["jit"]?.value ?? "not visible"
        return .ok("jit", found == "on" ? "on; the load switches it off for itself" : found)
    }

    private static func wal(_ settings: [String: ServerSetting]) -> Check {
        let level = settings["wal_level"]?.value ?? "not visible"
        let archive = settings["archive_mode"]?.value ?? "not visible"
        return .ok(
            "wal_level",
            "\(level), archive_mode \(archive); staging is unlogged, target and ledger are in it")
    }

    private static func connections(
        _ settings: [String: ServerSetting], _ facts: ServerFacts, workers: Int
    ) -> Check {
        guard let most = settings["max_connections"].flatMap({ Int64($0.value) }) else {
            return .ok("connections", "not visible")
        }
        let reserved =
            settings["superuser_reserved_connections"].flatMap { Int64($0.value) } ?? 0
        let free = most - reserved - facts.sessions
        let needed = Int64(workers) + DoctorLimits.coordinatorSessions
        let found = "\(free) of \(most) free, \(needed) needed for \(workers) workers"
        guard free < needed else { return .ok("connections", found) }
        return .fault("connections", found, "raise max_connections, or use fewer workers")
    }

    /// Buffers beside the target they serve.
    static func buffers(
        _ settings: [String: ServerSetting], target bytes: Int64, table: String
    ) -> Check {
        let size = "\(table) has \(Figures.bytes(bytes)) with its indexes"
        guard let buffers = settings["shared_buffers"]?.bytes,
            bytes > buffers * DoctorLimits.targetToBuffersMax
        else { return .ok("target size", size) }
        return .warning(
            "target size", "\(size), shared_buffers is \(Figures.bytes(buffers))",
            "raise shared_buffers: scattered updates will wait for the disk")
    }

    /// The clocks of this machine and the server's.
    ///
    /// - Parameters:
    ///   - before, after: This machine's, around the question; microseconds.
    static func clock(server: Int64, before: Int64, after: Int64) -> Check {
        let difference =
            server < before ? server - before : server > after ? server - after : 0
        let text = "\(difference < 0 ? "−" : "")\(difference.magnitude / 1_000) ms"
        guard difference.magnitude > UInt64(DoctorLimits.clockMicrosecondsMax) else {
            return .ok("clock", "server and this machine differ by \(text)")
        }
        return .warning(
            "clock", "the server's clock differs from this machine's by \(text)",
            "synchronise both; the ledger's times are the server's, log lines are this machine's")
    }
}

extension ServerSetting {
    /// The value in bytes; nil: it is no number, or its unit is not one of memory.
    var bytes: Int64? {
        guard let number = Int64(value) else { return nil }
        switch unit {
        case "B": return number
        case "kB": return number << 10
        case "8kB": return number << 13
        case "MB": return number << 20
        default: return nil
        }
    }
}

/// Bounds of `kugiri doctor`, with their reasons.
enum DoctorLimits {
    /// The oldest server whose features are used (14 lacks nothing but was never tried).
    static let versionMin = 150_000
    /// From here on nothing was tried.
    static let versionUntested = 160_000
    /// The server's default; a load of a million rows writes about as much.
    static let walBytesMin: Int64 = 1 << 30
    /// The server's default; below it even the catalog's indexes are pushed out.
    static let bufferBytesMin: Int64 = 128 << 20
    /// A target this many times the buffers does not keep its index in memory.
    static let targetToBuffersMax: Int64 = 8
    /// Coordinator, the session that takes claims back, and one to look with.
    static let coordinatorSessions: Int64 = 3
    /// Beyond a second log lines and ledger rows no longer sort together.
    static let clockMicrosecondsMax: Int64 = 1_000_000
    /// A transaction open longer than this holds back vacuum for a whole night's updates.
    static let transactionSecondsMax = 900
    /// Transactions named at the most; a person looks at the first.
    static let transactionsShown = 3
    /// Dead rows beyond this share of the live ones mean that vacuum does not keep up.
    static let deadShareMax: Int64 = 2
    /// Open files: sockets and logs of a fleet, a connection per worker, and a wide margin.
    static let filesMin: UInt64 = 256
}
