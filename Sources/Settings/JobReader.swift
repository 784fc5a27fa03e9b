// Reads one job of `partitions.yaml`: a list of its keys with their kinds and defaults.

import Plan

/// Reads a job; its name is the key it stands under.
struct JobReader {
    let name: String

    /// The job at a cursor; nil: something is wrong with it, and the log says what.
    func read(_ cursor: YAMLCursor) -> Job? {
        YAMLKind<Job>.map("a job, a map") { map in job(&map) }.read(cursor)
    }

    private func job(_ map: inout YAMLMap) -> Job? {
        let program = map.required("program", as: .text)
        let contract = map.required("contract", as: .name)
        let parameters = dictionary(
            map.optional("parameters", as: .pairs(.word, .choice(Job.ParameterType.allCases))))
        let identity = dictionary(map.optional("identity", as: .pairs(.word, .text)))
        let ready = map.optional("ready", as: .readiness)
        let onEmpty = map.optional("on_empty", as: .choice(Job.OnEmpty.allCases))
        let targetReader = TargetReader(parameters: parameters)
        let target = map.required("target", as: YAMLKind(targetReader.read))
        let partitions = map.required("partitions", as: .partitionRule)
        if target?.absent != nil, case .explicit(let table) = partitions, table.span != .all {
            map.value("partitions")?.fault(
                "the ranges leave keys out, and rows of those keys would be closed or not by"
                    + " chance; with 'absent' the first range has no 'low' and the last no 'high'")
        }
        var limits = Overrides()
        limits.workers = map.optional("workers", as: .integer(Overrides.workersBounds))
        limits.commitInterval = map.optional(
            "commit_interval", as: .integer(Overrides.commitIntervalBounds))
        limits.sliceRecords = map.optional(
            "slice_records", as: .integer(Overrides.sliceRecordsBounds))
        limits.maxRejects = map.optional("max_rejects", as: .integer(Overrides.toleranceBounds))
        limits.maxReported = map.optional("max_reported", as: .integer(Overrides.reportedBounds))
        limits.onBudget = map.optional("on_budget", as: .choice(Job.OnBudget.allCases))
        limits.maxConflicts = map.optional("max_conflicts", as: .integer(Overrides.toleranceBounds))
        limits.conflicts = map.optional("conflicts", as: .choice(Job.ConflictPolicy.allCases))
        limits.lockBudgetMilliseconds = map.optional(
            "lock_budget", as: .milliseconds(Overrides.lockBudgetBounds))
        limits.history = map.optional("history", as: .onOff)
        limits.indicator = map.optional("indicator", as: .choice(Job.Indicator.allCases))
        if target?.absent != nil, limits.indicator == .intervals {
            map.value("indicator")?.fault(
                "rows that are closed carry their state; with 'absent' only full is possible")
        }
        limits.silenceMilliseconds = map.optional(
            "silence", as: .milliseconds(Overrides.silenceBounds))
        limits.attemptsMax = map.optional("attempts", as: .integer(Overrides.attemptsBounds))
        limits.spoolTransfer = map.optional("spool", as: .spool)
        limits.onPartitionFailure = map.optional(
            "on_partition_failure", as: .choice(Job.OnPartitionFailure.allCases))
        limits.deadline = map.optional("deadline", as: .timeOfDay)
        limits.onEmpty = onEmpty
        guard let program, let contract, let target, let partitions else { return nil }
        let job = Job(
            name: name, program: program, contract: contract, parameters: parameters,
            identity: identity, ready: ready ?? .stable(seconds: 0), target: target,
            partitions: partitions)
        return limits.written(over: job)
    }

    private func dictionary<Value>(_ pairs: [(key: String, value: Value)]?) -> [String: Value] {
        Dictionary(pairs ?? []) { first, _ in first }
    }
}

extension YAMLKind where Value == DeadlineTime {
    /// `05:00` or `05:00+09:00`.
    fileprivate static var timeOfDay: Self {
        Self { cursor in
            cursor.text.flatMap { DeadlineTime($0) }
                ?? cursor.mismatch("a time of day, 05:00 or 05:00+09:00")
        }
    }
}

extension YAMLKind where Value == Job.SpoolTransfer {
    /// `{transfer: auto}`.
    fileprivate static var spool: Self {
        map("{transfer: auto}, {transfer: shared} or {transfer: stream}") { map in
            map.required("transfer", as: .choice(Job.SpoolTransfer.allCases))
        }
    }
}

extension YAMLKind where Value == Job.Readiness {
    /// `{stable: 10s}` or `{marker: F.end}`.
    static var readiness: Self {
        map("{stable: DURATION} or {marker: F.SUFFIX}") { map in
            switch map.exactlyOne(of: ["stable", "marker"]) {
            case "stable":
                map.required("stable", as: .wholeSeconds).map { .stable(seconds: $0) }
            case "marker":
                map.required("marker", as: .markerSuffix).map { .marker(suffix: $0) }
            default: nil
            }
        }
    }
}

extension YAMLKind where Value == Int {
    /// A duration in whole seconds, as seconds.
    fileprivate static var wholeSeconds: Self {
        Self { cursor in
            let bounds = 0...(SettingsLimits.stableSecondsMax * 1_000)
            guard let value = YAMLKind.milliseconds(bounds).read(cursor) else { return nil }
            guard value % 1_000 == 0 else { return cursor.mismatch("whole seconds") }
            return value / 1_000
        }
    }
}

extension YAMLKind where Value == String {
    /// What follows `F`, the input's name, in a marker file's name.
    fileprivate static var markerSuffix: Self {
        Self { cursor in
            guard let text = cursor.text, text.hasPrefix("F"), text.count > 1, !text.contains("/")
            else {
                return cursor.mismatch("the marker's name: F, for the input's name, and a suffix")
            }
            return String(text.dropFirst())
        }
    }
}

extension YAMLKind where Value == PartitionRule {
    /// `{auto: {count: 4}}`, `{auto: {rows_per_partition: 500000}}` or `{ranges: […]}`.
    static var partitionRule: Self {
        map("{auto: …} or {ranges: …}") { map in
            switch map.exactlyOne(of: ["auto", "ranges"]) {
            case "auto": map.required("auto", as: .automatic)
            case "ranges": map.required("ranges", as: .ranges)
            default: nil
            }
        }
    }

    private static var automatic: Self {
        map("{count: …} or {rows_per_partition: …}") { map in
            switch map.exactlyOne(of: ["count", "rows_per_partition"]) {
            case "count":
                map.required("count", as: .integer(Overrides.partitionCountBounds))
                    .map { .count($0) }
            case "rows_per_partition":
                map.required(
                    "rows_per_partition",
                    as: .integer(
                        SettingsLimits.sliceRecordsMin...SettingsLimits.rowsPerPartitionMax)
                ).map { .rowsPerPartition($0) }
            default: nil
            }
        }
    }

    private static var ranges: Self {
        Self { cursor in
            guard let items = cursor.items("a list of ranges") else { return nil }
            let partitions = items.map { YAMLKind<Partition>.partition.read($0) }
            let good = partitions.compactMap { $0 }
            guard good.count == partitions.count else { return nil }
            let faults = PartitionTable.faults(of: good)
            for fault in faults {
                let number = fault.partitionNumber
                let index = good.lastIndex { $0.number == number }
                (index.map { items[$0] } ?? cursor).fault(fault.sentence)
            }
            // The faults were just looked for; a table that still throws is in the log already.
            guard faults.isEmpty, let table = try? PartitionTable(good) else { return nil }
            return .explicit(table)
        }
    }
}

extension YAMLKind where Value == Partition {
    /// `{number: 2, low: "…", high: "…"}`; an absent bound is open.
    fileprivate static var partition: Self {
        map("a range: number, low, high") { map in
            let cursor = map.cursor
            let number = map.required("number", as: .integer(Overrides.partitionCountBounds))
            let low = Key(map.optional("low", as: .text) ?? "")
            let high = map.optional("high", as: .text).map { Key($0) }
            let isBroken = (map.has("low") && low == .lowest) || (map.has("high") && high == nil)
            guard let number, !isBroken else { return nil }
            if let high, low >= high {
                return cursor.mismatch(
                    "low below high in byte order ('\(low)' is not below '\(high)')")
            }
            return Partition(number: number, range: KeyRange(low: low, high: high))
        }
    }
}

extension PartitionTable.Fault {
    /// The range an operator has to look at; nil: the whole list.
    var partitionNumber: Int? {
        switch self {
        case .empty, .tooMany: nil
        case .numberTwice(let number): number
        case .gap(_, let number, _, _): number
        case .overlap(_, let number, _): number
        }
    }

    /// The fault in words.
    var sentence: String {
        switch self {
        case .empty: "the list of ranges is empty"
        case .tooMany(let count):
            "\(count) ranges; \(PartitionTable.partitionsMax) are allowed"
        case .numberTwice(let number): "partition \(number) stands twice"
        case .gap(let left, let right, let from, let to):
            "keys from '\(from)' up to '\(to)' are in no partition: they lie between"
                + " \(left) and \(right)"
        case .overlap(let left, let right, let from):
            "partitions \(left) and \(right) both hold the keys from '\(from)' on"
        }
    }
}
