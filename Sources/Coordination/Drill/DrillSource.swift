// The copy that every run of a drill begins with: one database with the table and an empty ledger.

import FoundationEssentials
import Journal
import Ledger
import Messaging
import Plan
import Postgres
import Settings

/// The template of a drill's databases.
struct DrillSource {
    /// The table as it was read.
    private(set) var copy: TargetCopy
    /// Whether only rows whose keys are in the file were copied.
    private(set) var isPartial = false
    /// Columns two runs may fill differently in some rows.
    private(set) var inPart: [TargetCopy.InPart] = []

    /// Columns that a row of one run can be inserted with in another.
    ///
    /// Not those that are numbered or timed anew, but the lock column.
    func insertable(lock: String) -> [String] {
        let moving = Set(inPart.map(\.column))
        return copy.columns.filter {
            $0.takesValues && (!moving.contains($0.name) || $0.quotedName == quoteIdentifier(lock))
        }.map(\.name)
    }

    /// The template's name on the drill's server.
    static let database = "drill_source"

    /// Reads the real table in one snapshot, makes the server and the template.
    init(_ drill: Drill, _ pace: DrillPace, inputBytes: Int64) throws {
        let request = drill.request
        let breathe = { try drill.breathe() }
        let real = try Connection(
            url: request.sourceURL, applicationName: "kugiri drill",
            settings: [("default_transaction_read_only", "on")], idle: breathe)
        try real.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        copy = try TargetCopy(job: request.job, real)
        let found =
            try real.query(
                "SELECT count(*) FROM (SELECT FROM \(copy.table) LIMIT \(request.rowsMax + 1)) t"
            ).int(0, 0) ?? 0
        isPartial = found > request.rowsMax
        try Self.checkSpace(isPartial ? 0 : copy.bytes, inputBytes, drill.place.folder)
        try drill.breathe()
        do {
            try drill.place.start()
        } catch let error as PrivateServerError where error.kind == .notInstalled {
            throw DrillImpossible(
                "it needs a PostgreSQL of its own, and the server programs are not on this machine; "
                    + "install the package postgresql")
        }
        try drill.breathe()
        try drill.place.make(Self.database)
        try drill.place.set(searchPath: copy.searchPath, of: Self.database)
        let url = drill.place.url(Self.database)
        do {
            let scratch = try Connection(
                url: url, applicationName: "drill/copy", idle: breathe)
            try copy.make(scratch)
            if !isPartial {
                let table = copy.table
                try copy.copyRows(from: real, to: scratch) { done in
                    drill.screen.note(done: done, total: found, text: "rows of \(table)")
                }
                copy.rows = found
            }
            try copy.finish(scratch)
            try Schema.migrate(scratch)
        }
        // The session above is gone: a database with one in it cannot be copied.
        if isPartial { try copyRowsOfFile(drill, pace, real) }
        try real.execute("COMMIT")
        let scratch = try Connection(url: url, applicationName: "drill/copy", idle: breathe)
        try copy.mark(scratch)
        inPart = try copy.comparedInPart(job: request.job, scratch)
    }

    /// Copies the rows whose keys are in the file: a run that only checks it stages them.
    private mutating func copyRowsOfFile(
        _ drill: Drill, _ pace: DrillPace, _ real: borrowing Connection
    ) throws {
        let breathe = { try drill.breathe() }
        let keys = try DrillKeys(drill, pace, copy)
        let scratch = try Connection(
            url: drill.place.url(Self.database), applicationName: "drill/copy", idle: breathe)
        let copy = copy
        var copied: Int64 = 0
        try keys.forEachPage { page in
            copied += try copy.copyRows(of: keys.columns, page, from: real, to: scratch)
            drill.screen.note(done: copied, total: 0, text: "rows of \(copy.table)")
        }
        self.copy.rows = copied
        keys.discard(drill)
    }

    private static func checkSpace(_ table: Int64, _ input: Int64, _ folder: String) throws {
        let needed =
            DrillLimits.spaceMin + table * DrillLimits.spacePerTableByte
            + input * DrillLimits.spacePerInputByte
        guard let free = Files.freeBytes(folder), free < needed else { return }
        throw RunStop(
            .infrastructure,
            LogMessage(
                .spaceShort,
                [
                    "directory": folder, "available": Figures.bytes(free),
                    "needed": Figures.bytes(needed),
                ]))
    }
}

/// The keys of a drill's file, as a run that only checks it has staged them.
struct DrillKeys {
    /// The target's key columns; empty: the file is refused, and has no keys.
    private(set) var columns: [TargetPlan.KeyColumn] = []
    private let site: DrillSite
    private var staging: [String] = []

    /// Checks the file on an empty copy of the table.
    ///
    /// No row has to be there for that: in the copy every record may make one, whatever the job
    /// says, and no other column has to be filled.
    init(_ drill: Drill, _ pace: DrillPace, _ copy: TargetCopy) throws {
        var job = pace.job
        job.target.mode = .upsert
        job.target.absent = nil
        job.maxRejects = SettingsLimits.toleranceMax
        site = try drill.makeSite(
            "keys", job: job, environment: [:], searchPath: copy.searchPath)
        let key = Set(job.target.key.map { quoteIdentifier($0.column) })
        try site.look { connection in
            for column in copy.columns where column.takesValues {
                guard !key.contains(column.quotedName), !column.isIdentity else { continue }
                try connection.execute(
                    "ALTER TABLE \(copy.table) ALTER COLUMN \(column.name) DROP NOT NULL")
            }
        }
        let process = try site.start(drill.arguments + ["--until", "validate"])
        let deadline = Monotonic.now() + DrillLimits.undisturbedLimit
        while !process.hasEnded {
            try drill.rest()
            guard Monotonic.now() < deadline else {
                throw DrillImpossible(
                    "the keys of the file were not read within "
                        + Figures.duration(DrillLimits.undisturbedLimit))
            }
        }
        let end = try DrillEnd(process, at: site)
        guard end.code == Outcome.normal.rawValue || end.code == Outcome.warning.rawValue else {
            let isRefusal = [Outcome.totals, .structure, .rejects, .empty, .input]
                .contains { $0.rawValue == end.code }
            guard isRefusal else {
                throw DrillImpossible(
                    "the keys of the file could not be read: "
                        + (end.messages.last ?? "no message"))
            }
            return
        }
        guard let run = try site.progress()?.run,
            let row = try site.look({ try RunLedger.get(run, $0) })
        else { return }
        let plan = try JSONDecoder().decode(TargetPlan.self, from: Data(row.plan.utf8))
        columns = plan.keys
        staging = try site.look {
            try SliceLedger.slices(run: run, revision: row.revision, $0).map(\.staging)
        }
    }

    /// Lends the keys, each once: for every page a list of values per column.
    func forEachPage(_ body: ([[String]]) throws -> Void) throws {
        guard !columns.isEmpty, !staging.isEmpty else { return }
        let connection = try site.connect("drill/keys")
        let names = columns.map { "\($0.staging)::text" }.joined(separator: ", ")
        // A key in two slices is one row all the same.
        let all = staging.map { "SELECT \(names) FROM \($0)" }.joined(separator: " UNION ")
        try connection.execute(
            "BEGIN READ ONLY; DECLARE drill_keys NO SCROLL CURSOR FOR \(all)")
        while true {
            let rows = try connection.query("FETCH \(DrillLimits.rowsPerPage) FROM drill_keys")
            guard rows.count > 0 else { return }
            try body(
                columns.indices.map { column in
                    (0..<rows.count).map { rows.text($0, column) ?? "" }
                })
        }
    }

    /// Gives back its space.
    func discard(_ drill: Drill) { drill.discard(site) }
}
