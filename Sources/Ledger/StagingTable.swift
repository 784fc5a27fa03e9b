// Tables of a run: one staging table per slice, their common parent, the before-images.

public import Plan
import Postgres

/// The tables a run makes for itself.
///
/// Names carry the run's number, never anything from outside.
public struct RunTables: Sendable {
    /// The run's number in the ledger.
    public var number: Int64
    /// A later revision stages under names of its own; before-images are those of the whole run.
    public var revision: Int
    /// What the run writes and how.
    public var plan: TargetPlan

    /// The tables of a run.
    public init(number: Int64, revision: Int = 1, plan: TargetPlan) {
        self.number = number
        self.revision = revision
        self.plan = plan
    }

    /// The partitioned table that shows all slices at once.
    public var parent: String {
        "kugiri_stage.r\(number)\(revision > 1 ? "v\(revision)" : "")"
    }
    /// The before-images.
    public var history: String { "kugiri_history.r\(number)" }
    /// One slice.
    public func slice(_ slice: Int) -> String { "\(parent)_s\(slice)" }

    /// Columns that every staging table has before those of the fields.
    ///
    /// In the order of their alignment: every byte of a row that is filled up is one on half a page, as
    /// half of it waits for the row's second version. What is nearly always the same is a default,
    /// which COPY need not send.
    static let fixedColumns = """
        kugiri_record bigint NOT NULL, kugiri_digest bigint NOT NULL, \
        kugiri_lock_at timestamptz, kugiri_lock_count bigint, kugiri_lock_xmin xid, kugiri_tid tid, \
        kugiri_seq smallint NOT NULL DEFAULT 0, kugiri_last boolean NOT NULL DEFAULT true, \
        kugiri_seen boolean NOT NULL, kugiri_state "char" NOT NULL DEFAULT 'U', \
        kugiri_outcome "char", kugiri_key text COLLATE "C" NOT NULL
        """

    private var columns: String {
        let keys = plan.keys.map(\.staging)
        let fields = plan.columns.map { column in
            let isNotNull = column.isRequired && (!plan.closes || keys.contains(column.name))
            return "\(column.name) \(column.type)\(isNotNull ? " NOT NULL" : "")"
        }
        return ([Self.fixedColumns + action] + fields).joined(separator: ", ")
    }

    /// R: a record; C: a row to be closed, of which only the key is staged.
    private var action: String {
        plan.closes ? ", kugiri_action \"char\" NOT NULL DEFAULT 'R'" : ""
    }

    /// What the target demands of a row, demanded of records alone where rows are closed too.
    private var checks: String {
        var conditions = plan.checks
        if plan.closes {
            let keys = plan.keys.map(\.staging)
            conditions += plan.columns
                .filter { $0.isRequired && !keys.contains($0.name) }
                .map { "\($0.name) IS NOT NULL" }
            conditions = conditions.map { "kugiri_action = 'C' OR (\($0))" }
        }
        return conditions.enumerated()
            .map { ", CONSTRAINT target_\($0) CHECK (\($1))" }.joined()
    }

    /// The columns of a slice's COPY.
    ///
    /// - Parameter withPlaces: With each record's place among those of its target row; without, each
    ///   is the only one.
    public func copyColumns(withPlaces: Bool) -> String {
        (["kugiri_key", "kugiri_record"] + (withPlaces ? ["kugiri_seq", "kugiri_last"] : [])
            + [
                "kugiri_seen", "kugiri_lock_at", "kugiri_lock_xmin", "kugiri_lock_count",
                "kugiri_tid", "kugiri_digest",
            ] + plan.columns.map(\.name)).joined(separator: ", ")
    }

    /// Pages of a slice whose lowest and highest key the index holds: some 400 rows, so that a chunk of
    /// 10,000 reads two such ranges too many and one row costs no more than a page's worth of looks.
    private static let pagesPerKeyRange = 16

    /// The index on the keys of a slice's table.
    ///
    /// Rows are staged in the order of their keys and stay on their page, so what it says of a range of
    /// pages is as good as an entry for every row, and costs a tenth (decision 0025). Where rows stand
    /// otherwise it only shows more pages than needed.
    public static func keyIndex(of staging: String) -> String { "\(staging)_key" }

    /// Makes one slice's table; the CHECK on its range lets it be attached without a scan.
    ///
    /// Half of every page waits for the second versions of its rows, unless rows mostly stay as they
    /// are staged.
    ///
    /// - Parameter logged: Staging survives a crash (conflict policy `skip`, PROTOCOL 8).
    public func createSlice(_ slice: Int, range: KeyRange, logged: Bool) -> String {
        let name = self.slice(slice)
        return """
            DROP TABLE IF EXISTS \(name);
            CREATE \(logged ? "" : "UNLOGGED ")TABLE \(name) (\(columns)\(checks), \
            CHECK (\(Self.contains(range)))) WITH (fillfactor = \(plan.derivesState == true ? 100 : 50), \
            autovacuum_enabled = off);
            CREATE INDEX \(name.split(separator: ".").last ?? "")_key ON \(name) \
            USING brin (kugiri_key) WITH (pages_per_range = \(Self.pagesPerKeyRange));
            """
    }

    /// Gives a slice that an earlier version made the defaults that COPY counts on.
    public func keepDefaults(ofSlice slice: Int) -> String {
        """
        ALTER TABLE \(self.slice(slice)) ALTER kugiri_seq SET DEFAULT 0, \
        ALTER kugiri_last SET DEFAULT true, ALTER kugiri_state SET DEFAULT 'U'
        """
    }

    /// Makes the parent that shows all slices at once.
    public var createParent: String {
        """
        DROP TABLE IF EXISTS \(parent);
        CREATE TABLE \(parent) (\(columns)) PARTITION BY RANGE (kugiri_key);
        """
    }

    /// Attaches one slice to the parent.
    public func attach(_ slice: Int, range: KeyRange) -> String {
        let low = range.low == .lowest ? "MINVALUE" : quoteLiteral(range.low.text)
        let high = range.high.map { quoteLiteral($0.text) } ?? "MAXVALUE"
        return "ALTER TABLE \(parent) ATTACH PARTITION \(self.slice(slice)) "
            + "FOR VALUES FROM (\(low)) TO (\(high))"
    }

    /// Makes the table of before-images: the target's columns, what was done to the row, and at its
    /// end the partition key's image and the backout that dealt with it (NULL: none did).
    public var createHistory: String {
        """
        CREATE TABLE IF NOT EXISTS \(history) AS SELECT 'U'::"char" AS kugiri_action, \
        0::bigint AS kugiri_record, NULL::timestamptz AS kugiri_lock_at, \
        NULL::xid AS kugiri_lock_xmin, t.*, NULL::text COLLATE "C" AS kugiri_key, \
        NULL::bigint AS kugiri_backout FROM \(plan.table) t WITH NO DATA;
        ALTER TABLE \(history) ADD COLUMN IF NOT EXISTS kugiri_key text COLLATE "C", \
        ADD COLUMN IF NOT EXISTS kugiri_backout bigint;
        """
    }

    private static func contains(_ range: KeyRange) -> String {
        let low = "kugiri_key >= \(quoteLiteral(range.low.text))"
        guard let high = range.high else { return low }
        return "\(low) AND kugiri_key < \(quoteLiteral(high.text))"
    }
}
