// What a chunk does to rows of the target, and requeue to conflicts (PROTOCOL 19, 21, 22).

/// What a chunk wants to write.
struct ChunkEffect {
    var rows: [(key: Int, row: TargetRow)] = []
    /// Places in the slice's staging, with the row as it is afterwards.
    var marks: [(place: Int, row: StagedRow)] = []
    var conflicts: [ConflictRow] = []
    var outcomes = Outcomes()
}

extension Database {
    /// Judges the staged rows of a chunk; nil: staging is not what validation promised.
    ///
    /// - Parameters:
    ///   - isBusy: Rows that another transaction holds become conflicts.
    ///   - version: The number of the transaction.
    func apply(
        _ chunk: ChunkRow, slice: Int, version: Int, at now: Int, _ removed: Guards,
        isBusy: (Int) -> Bool
    ) -> ChunkEffect? {
        guard let staged = staging[slice] else { return nil }
        var effect = ChunkEffect()
        for (place, row) in staged.enumerated() {
            guard row.key >= chunk.low, row.key < chunk.high,
                row.state == .unprocessed || removed.contains(.promisedRows)
            else { continue }
            effect.outcomes.staged += 1
            var marked = row
            marked.state = .done
            let found = target[row.key]
            if isBusy(row.key) {
                marked.state = .conflict
            } else if row.seen != nil, found != nil, row.amount == 0 {
                effect.outcomes.unchanged += 1
            } else if let seen = row.seen, let found, isAsSeen(found, seen, removed) {
                effect.outcomes.updated += 1
                effect.rows.append(
                    (
                        row.key,
                        TargetRow(
                            balance: seen.balance + row.amount, at: max(now, found.at + 1),
                            version: version)
                    ))
            } else if found == nil, row.seen == nil || removed.contains(.shape) {
                effect.outcomes.inserted += 1
                let balance = row.seen?.balance ?? 0
                effect.rows.append(
                    (
                        row.key,
                        TargetRow(balance: balance + row.amount, at: now, version: version)
                    ))
            } else {
                marked.state = .conflict
            }
            if marked.state == .conflict {
                effect.outcomes.conflicts += 1
                effect.conflicts.append(ConflictRow(key: row.key, slice: slice))
            }
            effect.marks.append((place, marked))
        }
        guard effect.outcomes.staged == chunk.rows || removed.contains(.promisedRows) else {
            return nil
        }
        return effect
    }

    private func isAsSeen(_ found: TargetRow, _ seen: TargetRow, _ removed: Guards) -> Bool {
        (found.at == seen.at || removed.contains(.lockColumn))
            && (found.version == seen.version || removed.contains(.rowVersion))
    }

    /// Does an open conflict once more over the row as it is now; false: it stays open.
    ///
    /// A row that was seen present and is gone is never inserted.
    mutating func requeue(_ conflict: Int, version: Int, at now: Int) -> Bool {
        let slice = conflicts[conflict].slice
        let key = conflicts[conflict].key
        guard let staged = staging[slice]?.first(where: { $0.key == key }) else { return false }
        var outcomes = Outcomes()
        if let found = target[key] {
            if staged.amount == 0 {
                outcomes.unchanged = 1
            } else {
                outcomes.updated = 1
                target[key] = TargetRow(
                    balance: found.balance + staged.amount, at: max(now, found.at + 1),
                    version: version)
            }
        } else if staged.seen == nil {
            outcomes.inserted = 1
            target[key] = TargetRow(balance: staged.amount, at: now, version: version)
        } else {
            return false
        }
        conflicts[conflict].outcomes = outcomes
        conflicts[conflict].state = .applied
        return true
    }
}
