// The stages that talk to the server: what the target holds is read, rows are staged, chunks are
// applied. One connection; claims, ledger and certificate are left out, they have no rows of theirs.

import Ledger
import Loading
import Plan
import Postgres

/// Stages over slices that are sorted.
struct DatabaseStages {
    let tables: RunTables
    let commitInterval: Int

    /// What the target holds for a record.
    private typealias Found = (
        lockAt: Int64?, rowVersion: UInt32, count: Int64?, address: UInt64?
    )

    /// Runs every stage once; the target must be fresh.
    func run(
        _ slices: [SliceProbe], _ times: inout StageTimes, _ connection: borrowing Connection
    ) throws {
        if tables.plan.history { try connection.execute(tables.createHistory) }
        let keys = slices.map { $0.keys() }
        var found: [[Found?]] = []
        try times.time("lock-column read") {
            for slice in slices {
                try connection.execute("DEALLOCATE ALL")
                found.append(try slice.see(plan: tables.plan, connection))
            }
        }
        var encoded = 0
        try times.time("COPY encode") {
            for (slice, seen) in zip(slices, found) {
                try slice.encode(plan: tables.plan, seen: { seen[$0] }) { encoded &+= $0.count }
            }
        }
        guard encoded > 0 else { throw BenchFault("nothing was encoded", exitCode: 70) }
        for (index, slice) in slices.enumerated() {
            var blocks: [[UInt8]] = []
            try slice.encode(plan: tables.plan, seen: { found[index][$0] }) { blocks.append($0) }
            try connection.execute(tables.createSlice(index, range: .all, logged: false))
            try times.addUp("COPY network and staging", isFirst: index == 0) {
                try stage(blocks, index, rows: slice.count, connection)
            }
        }
        try prepareSession(connection)
        for (index, list) in keys.enumerated() {
            try connection.execute("DEALLOCATE ALL")
            let statement = ApplyStatement(tables: tables, slice: index)
            try connection.prepare("apply", statement.apply(.range))
            try connection.prepare("update_seen", statement.updateSeen())
            try times.addUp("chunk apply", isFirst: index == 0) {
                try apply(list, connection)
            }
        }
    }

    private func stage(
        _ blocks: [[UInt8]], _ slice: Int, rows: Int, _ connection: borrowing Connection
    ) throws {
        let name = tables.slice(slice)
        try connection.transaction { connection in
            try connection.execute("TRUNCATE ONLY \(name)")
            let copied = try connection.copyIn(
                "COPY \(name) (\(tables.copyColumns(withPlaces: false))) FROM STDIN (FORMAT binary, FREEZE)"
            ) { writer in
                for block in blocks { try writer.write(block) }
            }
            guard copied == rows else {
                throw BenchFault("COPY took \(copied) rows of \(rows)", exitCode: 70)
            }
        }
        try StagedStatistics.gather(name, connection)
    }

    /// As the product's load sessions are (PROTOCOL 28).
    private func prepareSession(_ connection: borrowing Connection) throws {
        try connection.execute(
            """
            SET enable_hashjoin = on; SET enable_mergejoin = off; SET enable_seqscan = off;
            SET jit = off; SET synchronous_commit = off
            """)
    }

    private func apply(_ keys: [String], _ connection: borrowing Connection) throws {
        var start = 0
        var settled: Int64 = 0
        while start < keys.count {
            let end = min(start + commitInterval, keys.count)
            let high = end < keys.count ? keys[end] : Self.topBound
            let range: [Parameter] = [.text(keys[start]), .text(high)]
            let values: [Parameter] = tables.plan.values.map { .text($0) }
            let parameters = range + [.int(0), .intArray([])] + values
            try connection.transaction { connection in
                let updated = try connection.run("update_seen", range + values).int(0, 0) ?? 0
                settled += updated
                guard updated < Int64(end - start) else { return }
                let rows = try connection.run("apply", parameters)
                let counts = AppliedCounts.read(rows, sums: tables.plan.sums.count)
                settled += counts.inserted + counts.updated + counts.unchanged
            }
            start = end
        }
        guard settled == Int64(keys.count) else {
            throw BenchFault("\(settled) of \(keys.count) rows were applied", exitCode: 70)
        }
    }

    /// Above every key of the sample, whose keys are digits.
    private static let topBound = "~"
}

extension StageTimes {
    /// Times a part of a stage; parts of one round are added up.
    mutating func addUp(_ stage: String, isFirst: Bool, _ body: () throws -> Void) rethrows {
        var part = StageTimes()
        try part.time(stage, body)
        guard let line = part.lines(records: 0).first else { return }
        add(
            stage, seconds: line.seconds, processorSeconds: line.processorSeconds,
            addingToLast: !isFirst)
    }
}
