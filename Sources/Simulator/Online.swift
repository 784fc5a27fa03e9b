// The online service beside the night: it writes to the same rows and never waits for long.

import Plan

extension Simulation {
    func plan(_ writes: [OnlineWrite]) {
        for (number, write) in writes.enumerated() {
            at(write.at) { [self] in attempt(number, write, tries: 0) }
        }
    }

    private func attempt(_ number: Int, _ write: OnlineWrite, tries: Int) {
        guard publishedAt == nil else { return }
        guard now >= serverBackAt, !isLocked(write.key, for: nil) else {
            guard tries < 20 else { return }
            return at(now + 50) { [self] in attempt(number, write, tries: tries + 1) }
        }
        guard write.kind == .slow, database.target[write.key] != nil else {
            return commit(number, write)
        }
        let until = now + write.length
        onlineLocks[write.key] = until
        at(until) { [self] in
            // A crash of the server has ended the transaction.
            guard onlineLocks.removeValue(forKey: write.key) == until else { return }
            commit(number, write)
        }
    }

    private func commit(_ number: Int, _ write: OnlineWrite) {
        let key = write.key
        let found = database.target[key]
        keepForCrash(isAsynchronous: false)
        let version = nextVersion()
        database.nextVersion += 1
        var isDone = true
        switch (write.kind, found) {
        case (.insert, nil) where scenario.rows[key] == nil && deletedOnlineAt[key] == nil:
            database.target[key] = TargetRow(balance: write.amount, at: now, version: version)
            insertedOnline[key] = true
            onlineAdded[key] += write.amount
        case (.delete, .some) where scenario.rows[key] != nil && deletedOnlineAt[key] == nil:
            database.target[key] = nil
            deletedOnlineAt[key] = now
        case (.insert, _), (.delete, _), (_, nil): isDone = false
        case (_, let row?):
            guard deletedOnlineAt[key] == nil else {
                isDone = false
                break
            }
            var changed = row
            changed.balance += write.amount
            onlineAdded[key] += write.amount
            if write.kind != .forgotten { changed.at = max(now, row.at + 1) }
            if write.kind != .comeRound { changed.version = version }
            database.target[key] = changed
        }
        trace.note(now, .online, number, key, isDone ? 1 : 0)
    }
}

// What statements of the model look at.
extension Simulation {
    /// The number of the transaction that commits next.
    func nextVersion() -> Int { database.nextVersion }

    /// Whether another transaction holds a row of the target.
    func isLocked(_ key: Int, for session: Int?) -> Bool {
        if onlineLocks[key] != nil { return true }
        guard let holder = rowLocks[key] else { return false }
        return holder != session
    }

    func worker(_ name: String) -> Int? { Int(name.dropFirst()) }

    /// A claim as the claim book knows it.
    func claim(_ row: ClaimRow) -> Claim {
        Claim(
            id: Int64(row.id), slice: row.slice, partition: row.partition,
            range: scenario.range(row.low, row.high), weight: Int64(row.weight),
            epoch: Int64(row.epoch), attempts: 0)
    }

    /// The chunk that begins at a place; one that promises what is not there where none does.
    func chunk(from low: Int, within claim: ClaimRow) -> ChunkRow {
        database.chunks.first { $0.low == low }
            ?? ChunkRow(low: low, high: claim.high, rows: -1)
    }

    /// A slice after its check: rows with what was seen, chunks, and how many were rejected.
    func staged(
        _ claim: ClaimRow, _ seen: [TargetRow?]
    ) -> (rows: [StagedRow], chunks: [ChunkRow], rejected: Int) {
        var rows: [StagedRow] = []
        var chunks: [ChunkRow] = []
        var rejected = 0
        var low = claim.low
        var count = 0
        // Chunks end where committed ones do: what is done stays apart from what is left.
        let bounds = database.ranges(.load).flatMap { [$0.low, $0.high] }
        for key in claim.low..<claim.high {
            let isFull = key - low >= scenario.chunkKeys
            if key > low,
                isFull || database.partitionLows.contains(key) || bounds.contains(key)
            {
                chunks.append(ChunkRow(low: low, high: key, rows: count))
                (low, count) = (key, 0)
            }
            switch scenario.records[key] {
            case .valid(let amount):
                rows.append(
                    StagedRow(key: key, amount: amount, seen: seen[key - claim.low]))
                count += 1
            case .reject: rejected += 1
            case nil: break
            }
        }
        chunks.append(ChunkRow(low: low, high: claim.high, rows: count))
        return (rows, chunks, rejected)
    }
}
