// What the target holds for the keys of a slice, and what the server is told of a staged slice.
//
// The keys of a block stand in order, and most files name most rows of a key range: one scan of the
// range costs a quarter of asking for every key. It is a guess all the same. The column may sort
// otherwise, the file may be sparse: a key that the scan did not show is asked for by equality, so
// that no row's absence is ever concluded from a range (PROTOCOL 1).

import Ledger
package import Postgres
import Records

/// Reads lock value, version, counter and address of a slice's target rows.
struct TargetReader {
    let rules: SliceRules
    let plan: TargetPlan

    /// What is seen, by entry index; nil: no row, or the record was rejected.
    func see(_ slice: CheckedSlice, _ connection: borrowing Connection) throws -> [Seen?] {
        var seen = [Seen?](repeating: nil, count: slice.entries.count)
        try connection.prepare("see", ApplyStatement.see(plan))
        var isDense = false
        if rules.keyIsPartitionKey, let range = ApplyStatement.seeRange(plan) {
            try connection.prepare("see_range", range)
            isDense = true
        }
        var start = 0
        while start < slice.entries.count {
            let end = min(start + LoadingLimits.keysPerRead, slice.entries.count)
            var open = (start..<end).filter { slice.entries[$0].isValid }
            start = end
            if isDense, !open.isEmpty {
                let asked = open.count
                open = try scan(open, slice, &seen, connection)
                isDense = open.count * 2 <= asked
            }
            if !open.isEmpty { try ask(open, slice, &seen, connection) }
        }
        return seen
    }

    /// Scans the key range of some entries; those it did not show are returned.
    private func scan(
        _ indexes: [Int], _ slice: CheckedSlice, _ seen: inout [Seen?],
        _ connection: borrowing Connection
    ) throws -> [Int] {
        guard let first = indexes.first, let last = indexes.last else { return indexes }
        let rows = try connection.run(
            "see_range",
            [
                .text(rules.text(of: keyFields[0], slice, slice.entries[first])),
                .text(rules.text(of: keyFields[0], slice, slice.entries[last])),
                .int(Int64(indexes.count * LoadingLimits.rowsPerKeyMax)),
            ], binaryResults: true)
        var missing: [Int] = []
        var row = 0
        let keys = slice.keys.span
        for index in indexes {
            // The key image is the key's normalised text, and the partition key is the target's.
            let key = keys.extracting(slice.entries[index].keyPlace)
            var order = 1
            while row < rows.count {
                order = Self.compare(key, rows, row)
                guard order > 0 else { break }
                row += 1
            }
            if row < rows.count, order == 0 {
                seen[index] = Self.seen(rows, row)
            } else {
                missing.append(index)
            }
        }
        return missing
    }

    /// Asks for some entries by their keys.
    private func ask(
        _ indexes: [Int], _ slice: CheckedSlice, _ seen: inout [Seen?],
        _ connection: borrowing Connection
    ) throws {
        let texts = keyFields.map { field in
            indexes.map { rules.text(of: field, slice, slice.entries[$0]) }
        }
        let rows = try connection.run("see", texts.map { .textArray($0) }, binaryResults: true)
        for row in 0..<rows.count {
            guard let ordinal = rows.binaryInt64(row, 0) else { continue }
            seen[indexes[Int(ordinal) - 1]] = Self.seen(rows, row)
        }
    }

    /// The fields of the target key, in its order.
    private var keyFields: [String] {
        plan.keys.map { key in plan.columns.first { $0.name == key.staging }?.field ?? "" }
    }

    /// Both statements give lock value, version, counter and address behind the first column.
    private static func seen(_ rows: borrowing Rows, _ row: Int) -> Seen {
        Seen(
            lockAt: rows.binaryInt64(row, 1),
            rowVersion: UInt32(bitPattern: rows.binaryInt32(row, 2) ?? 0),
            count: rows.binaryInt64(row, 3), address: rows.binaryAddress(row, 4))
    }

    /// Below, at or above zero as the key's bytes are below, equal to or above those of a row's key.
    private static func compare(_ key: Span<UInt8>, _ rows: borrowing Rows, _ row: Int) -> Int {
        rows.bytes(row, 0) { bytes -> Int in
            guard let bytes else { return 1 }
            return key.order(against: bytes)
        }
    }
}

/// What the planner knows of a staged slice.
package enum StagedStatistics {
    /// Has the server look at a slice after its COPY (PROTOCOL 28), for its statistics and for the
    /// index on its keys.
    ///
    /// It looks at fewer rows than its default: a tenth of the time, and a key histogram of ten
    /// steps tells a chunk from a slice as well as one of a hundred.
    package static func gather(_ staging: String, _ connection: borrowing Connection) throws {
        let isOwn = try StagingLedger.isOwn(staging, connection)
        try connection.execute(
            """
            SET default_statistics_target = \(LoadingLimits.stagingStatisticsTarget);
            \(isOwn ? StagingLedger.lookAtOwn(staging) : StagingLedger.lookAt(staging));
            RESET default_statistics_target
            """)
    }
}
