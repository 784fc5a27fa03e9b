// Statements about slices, chunks, control totals and rejects: what split and validation found.

public import Plan
public import Postgres

/// A slice as the ledger has it.
public struct SliceRow: Sendable {
    /// Its number in the run, from 0.
    public var slice: Int
    /// The keys it holds.
    public var range: KeyRange
    /// Name of the spool file in the run's spool directory.
    public var file: String
    /// Data records in it.
    public var records: Int64
    /// The spool file's length.
    public var bytes: Int64
    /// XXH64 of the spool file.
    public var checksum: UInt64
    /// The staging table, quoted and with its schema.
    public var staging: String
    /// Known after validation.
    public var staged: Int64?
    /// Rejected records; known after validation.
    public var rejected: Int64?
    /// Open target rows in its range; known after a validation that closes what is absent.
    public var open: Int64?

    /// Memberwise; not yet validated.
    public init(
        slice: Int, range: KeyRange, file: String, records: Int64, bytes: Int64,
        checksum: UInt64, staging: String
    ) {
        self.slice = slice
        self.range = range
        self.file = file
        self.records = records
        self.bytes = bytes
        self.checksum = checksum
        self.staging = staging
    }
}

/// What validation promises of one load chunk.
public struct ChunkPromise: Sendable, Equatable {
    /// The chunk's lowest key image, inclusive; "" for the lowest of all.
    public var low: String
    /// Exclusive; nil: no upper bound.
    public var high: String?
    /// Staged rows in it.
    public var rows: Int64
    /// Exclusive or of the rows' digests.
    public var digest: UInt64
    /// The largest number of records for one target row.
    public var depth: Int

    /// Memberwise.
    public init(low: String, high: String?, rows: Int64, digest: UInt64, depth: Int) {
        self.low = low
        self.high = high
        self.rows = rows
        self.digest = digest
        self.depth = depth
    }
}

/// A record that broke a rule.
public struct Reject: Sendable, Equatable {
    /// nil: the key lies outside every partition, or could not be read.
    public var partition: Int?
    /// 1-based number of the physical record in the file.
    public var record: Int64
    /// 0-based offset of the offending byte in the file.
    public var byteOffset: Int64
    /// Masked key image; nil: unreadable.
    public var key: String?
    /// The field that broke the rule.
    public var field: String
    /// The rule's id.
    public var rule: String
    /// The value, masked where personal.
    public var value: String

    /// Memberwise.
    public init(
        partition: Int?, record: Int64, byteOffset: Int64, key: String?, field: String,
        rule: String, value: String
    ) {
        self.partition = partition
        self.record = record
        self.byteOffset = byteOffset
        self.key = key
        self.field = field
        self.rule = rule
        self.value = value
    }
}

/// Everything validation found in one slice, as it is committed.
public struct SliceFindings: Sendable {
    /// Valid records.
    public var staged: Int64 = 0
    /// Rejected records; known after validation.
    public var rejected: Int64 = 0
    /// Exclusive or of the digests of the staged rows.
    public var digest: UInt64 = 0
    /// Sums of the staged rows, one per summed field.
    public var sums: [Int64] = []
    /// The load chunks, in key order.
    public var chunks: [ChunkPromise] = []
    /// Per header group: data records, and one figure per control total (nil: unreadable).
    public var totals: [Int: (records: Int64, figures: [Int64?])] = [:]
    /// Per partition (0: outside every range): records and rejected records.
    public var shares: [Int: (records: Int64, rejected: Int64)] = [:]
    /// Per partition: rows of the target that are staged to be closed.
    public var absent: [Int: Int64] = [:]
    /// Open target rows in the slice's range; nil: the job closes none, or they were not looked at.
    public var open: Int64?
    /// Records whose key cannot be trusted: each may be anybody's.
    public var nameless: Int64 = 0
    /// What is listed; at most as many as the job reports.
    public var rejects: [Reject] = []

    /// Nothing found yet.
    public init() {}
}

/// Statements about slices.
public enum SliceLedger {
    /// Inserts the partition table of a run.
    public static func insert(
        partitions: PartitionTable, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        let list = partitions.partitions
        try connection.query(
            sql(PackageResources.partition_insert_sql),
            [
                .text(run), .int(Int64(revision)), .intArray(list.map { Int64($0.number) }),
                .textArray(list.map(\.range.low.text)),
                .optionalTextArray(list.map { $0.range.high?.text }),
            ])
    }

    /// The partition table of a run.
    public static func partitions(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> PartitionTable {
        let rows = try connection.query(
            sql(PackageResources.partitions_sql), [.text(run), .int(Int64(revision))])
        return try PartitionTable(
            (0..<rows.count).map { row in
                Partition(
                    number: Int(rows.int(row, 0) ?? 0),
                    range: KeyRange(
                        low: Key(rows.text(row, 1) ?? ""),
                        high: rows.text(row, 2).map { Key($0) }))
            })
    }

    /// Inserts one slice of the split.
    public static func insert(
        _ slice: SliceRow, run: String, revision: Int, _ connection: borrowing Connection
    ) throws {
        try connection.query(
            sql(PackageResources.slice_insert_sql),
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice.slice)),
                .text(slice.range.low.text), .optional(slice.range.high?.text),
                .text(slice.file), .int(slice.records), .int(slice.bytes),
                .int(Int64(bitPattern: slice.checksum)), .text(slice.staging),
            ])
    }

    /// All slices of a run, by number.
    public static func slices(
        run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [SliceRow] {
        let rows = try connection.query(
            sql(PackageResources.slices_sql), [.text(run), .int(Int64(revision))])
        return (0..<rows.count).map { row in
            var slice = SliceRow(
                slice: Int(rows.int(row, 0) ?? 0),
                range: KeyRange(
                    low: Key(rows.text(row, 1) ?? ""), high: rows.text(row, 2).map { Key($0) }),
                file: rows.text(row, 3) ?? "", records: rows.int(row, 4) ?? 0,
                bytes: rows.int(row, 5) ?? 0,
                checksum: UInt64(bitPattern: rows.int(row, 6) ?? 0),
                staging: rows.text(row, 7) ?? "")
            slice.staged = rows.int(row, 8)
            slice.rejected = rows.int(row, 9)
            slice.open = rows.int(row, 11)
            return slice
        }
    }

    /// One slice of a run; nil: there is none of that number.
    public static func slice(
        _ number: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> SliceRow? {
        let rows = try connection.query(
            sql(PackageResources.slice_get_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(number))])
        guard rows.count == 1 else { return nil }
        var slice = SliceRow(
            slice: number,
            range: KeyRange(
                low: Key(rows.text(0, 0) ?? ""), high: rows.text(0, 1).map { Key($0) }),
            file: rows.text(0, 2) ?? "", records: rows.int(0, 3) ?? 0,
            bytes: rows.int(0, 4) ?? 0, checksum: UInt64(bitPattern: rows.int(0, 5) ?? 0),
            staging: rows.text(0, 6) ?? "")
        slice.staged = rows.int(0, 7)
        slice.rejected = rows.int(0, 8)
        slice.open = rows.int(0, 10)
        return slice
    }

    /// Writes what validation found, replacing what it said of the slice before; inside the
    /// transaction that staged the rows.
    ///
    /// A second validation must find the same.
    public static func write(
        _ findings: SliceFindings, of slice: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision)), .int(Int64(slice))]
        let known = try connection.query(
            sql(PackageResources.slice_validated_sql),
            identity + [
                .int(findings.staged), .int(findings.rejected),
                .int(Int64(bitPattern: findings.digest)), .optional(findings.open),
                .int(findings.nameless),
            ])
        guard known.affected == 1 else {
            throw LedgerError.broken(
                "slice \(slice) of \(run) was staged again and is not what it was")
        }
        for statement in [
            PackageResources.chunk_delete_sql, PackageResources.total_delete_sql,
            PackageResources.share_delete_sql, PackageResources.reject_delete_sql,
        ] {
            try connection.query(sql(statement), identity)
        }
        try connection.query(
            sql(PackageResources.chunk_insert_sql),
            identity + [
                .textArray(findings.chunks.map(\.low)),
                .optionalTextArray(findings.chunks.map(\.high)),
                .intArray(findings.chunks.map(\.rows)),
                .intArray(findings.chunks.map { Int64(bitPattern: $0.digest) }),
                .intArray(findings.chunks.map { Int64($0.depth) }),
            ])
        for (group, total) in findings.totals.sorted(by: { $0.key < $1.key }) {
            try connection.query(
                sql(PackageResources.total_insert_sql),
                identity + [
                    .int(Int64(group)), .int(total.records), .optionalIntArray(total.figures),
                ])
        }
        let numbers = Set(findings.shares.keys).union(findings.absent.keys).sorted()
        try connection.query(
            sql(PackageResources.share_insert_sql),
            identity + [
                .intArray(numbers.map { Int64($0) }),
                .intArray(numbers.map { findings.shares[$0]?.records ?? 0 }),
                .intArray(numbers.map { findings.shares[$0]?.rejected ?? 0 }),
                .intArray(numbers.map { findings.absent[$0] ?? 0 }),
            ])
        try insert(
            rejects: findings.rejects, late: false, slice: slice, run: run, revision: revision,
            connection)
    }

    /// Rejects of one statement, at most.
    private static let rejectBatchMax = 5_000

    /// Inserts rejects of one slice.
    public static func insert(
        rejects: [Reject], late: Bool, slice: Int, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        var rest = rejects[...]
        while !rest.isEmpty {
            let batch = rest.prefix(rejectBatchMax)
            rest = rest.dropFirst(batch.count)
            try connection.query(
                sql(PackageResources.reject_insert_sql),
                [
                    .text(run), .int(Int64(revision)), .int(Int64(slice)),
                    .optionalIntArray(batch.map { $0.partition.map { Int64($0) } }),
                    .intArray(batch.map(\.record)), .intArray(batch.map(\.byteOffset)),
                    .optionalTextArray(batch.map(\.key)), .textArray(batch.map(\.field)),
                    .textArray(batch.map(\.rule)), .textArray(batch.map(\.value)), .bool(late),
                ])
        }
    }

    /// Records of a slice that an earlier validation rejected by what the database said, with the
    /// rule's id.
    public static func judged(
        slice: Int, run: String, revision: Int, _ connection: borrowing Connection
    ) throws -> [Int64: String] {
        let rows = try connection.query(
            sql(PackageResources.reject_judged_sql),
            [.text(run), .int(Int64(revision)), .int(Int64(slice))])
        var rules: [Int64: String] = [:]
        for row in 0..<rows.count { rules[rows.int(row, 0) ?? 0] = rows.text(row, 1) ?? "" }
        return rules
    }

    /// After a slice was staged anew: rows whose load interval is committed count as done, those
    /// with a conflict or a late reject as they were noted.
    ///
    /// Nothing happens before the load.
    public static func markDoneAgain(
        slice: Int, staging: String, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws {
        let identity: [Parameter] = [.text(run), .int(Int64(revision)), .int(Int64(slice))]
        let loaded = try connection.query(sql(PackageResources.slice_has_load_sql), identity)
        guard loaded.bool(0, 0) == true else { return }
        // The slice was staged in this very transaction: its index knows no page of it yet, so rows
        // are found by reading it once.
        try connection.execute("SET LOCAL enable_hashjoin = on; SET LOCAL enable_seqscan = on")
        try connection.query(
            sql(PackageResources.slice_mark_done_sql).replacing("{staging}", with: staging),
            identity)
        try connection.query(
            sql(PackageResources.slice_mark_conflicts_sql).replacing("{staging}", with: staging),
            identity)
        try connection.query(
            sql(PackageResources.slice_mark_late_sql).replacing("{staging}", with: staging),
            identity)
    }

    /// The chunks of a slice that start inside a range, in key order.
    public static func chunks(
        slice: Int, within range: KeyRange, run: String, revision: Int,
        _ connection: borrowing Connection
    ) throws -> [ChunkPromise] {
        let rows = try connection.query(
            sql(PackageResources.chunks_sql),
            [
                .text(run), .int(Int64(revision)), .int(Int64(slice)), .text(range.low.text),
                .optional(range.high?.text),
            ])
        return (0..<rows.count).map { row in
            ChunkPromise(
                low: rows.text(row, 0) ?? "", high: rows.text(row, 1),
                rows: rows.int(row, 2) ?? 0, digest: UInt64(bitPattern: rows.int(row, 3) ?? 0),
                depth: Int(rows.int(row, 4) ?? 1))
        }
    }

    /// Rejects after a place in their order, at most `limit`; the last column tells late ones.
    public static func rejects(
        run: String, revision: Int, after: (record: Int64, field: String, rule: String),
        limit: Int, _ connection: borrowing Connection
    ) throws -> [(reject: Reject, late: Bool)] {
        let rows = try connection.query(
            sql(PackageResources.rejects_sql),
            [
                .text(run), .int(Int64(revision)), .int(after.record), .text(after.field),
                .text(after.rule), .int(Int64(limit)),
            ])
        return (0..<rows.count).map { row in
            (
                Reject(
                    partition: rows.int(row, 2).map { Int($0) }, record: rows.int(row, 0) ?? 0,
                    byteOffset: rows.int(row, 1) ?? 0, key: rows.text(row, 3),
                    field: rows.text(row, 4) ?? "", rule: rows.text(row, 5) ?? "",
                    value: rows.text(row, 6) ?? ""),
                rows.bool(row, 7) == true
            )
        }
    }
}
