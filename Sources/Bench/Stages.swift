// What the stages are: each runs the product's own code over what the stage before left, with
// nothing else between two readings of the clock.

import Coordination
import FoundationEssentials
import Ledger
import Loading
import Plan
import Postgres
import Records
import Settings

/// One round of all stages.
struct Stages {
    private let arena: Arena
    private let workload: Workload
    private let job: Job
    private let contract: Contract
    private let parameters: RunParameters
    private let checker: RecordChecker

    /// Reads the job as the product would.
    init(arena: Arena, workload: Workload) throws {
        self.arena = arena
        self.workload = workload
        let path = try KugiriSettings(database: arena.url(), state: "\(arena.directory)/state")
            .write(to: "\(arena.directory)/stages.yaml")
        let settings = try Settings.load(path: path, environment: [:])
        guard let job = settings.jobs["debit-result"] else {
            throw BenchFault("the bench's own settings have no job")
        }
        self.job = job
        contract = try Contracts.find(job.contract, directory: arena.directory)
        parameters = try RunParameters(values: ["business_date": Workload.date])
        checker = try RecordChecker(contract: contract, parameters: parameters)
    }

    /// Runs every stage once.
    func run(_ times: inout StageTimes) throws {
        let file = try readFile()
        _ = try times.time("arrival hash (SHA-256)") { try Files.sha256(workload.input) }
        let probe = SpoolProbe(
            contract: contract, parameters: parameters, identity: job.identity)
        var records = 0
        let envelope = try times.time("frame and envelope") {
            try probe.frame(file) { _, _, _ in records &+= 1 }
        }
        guard records == workload.records else {
            throw BenchFault("\(records) records framed, not \(workload.records)", exitCode: 70)
        }
        var places: [SpoolPlace] = []
        places.reserveCapacity(records)
        _ = try probe.frame(file) { at, number, group in
            places.append(SpoolPlace(at: at, number: number, group: group))
        }
        let recordBytes = contract.recordBytes
        try times.time("key") {
            var image: [UInt8] = []
            var bytes = 0
            for place in places {
                image.removeAll(keepingCapacity: true)
                let record = file.span.extracting(place.at..<(place.at + recordBytes))
                guard checker.appendKeyImage(record, to: &image) else { continue }
                bytes &+= image.count
            }
            guard bytes > 0 else { throw BenchFault("no record has a key", exitCode: 70) }
        }
        let spool = "\(arena.directory)/spool"
        let paths = try write(file, places, probe, to: spool, &times)
        let slices = try check(paths, envelope, &times)
        try database(slices, &times)
        try Files.removeDirectory(spool)
    }

    private func readFile() throws -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: workload.input) else {
            throw BenchFault("\(workload.input) cannot be read")
        }
        return [UInt8](bytes)
    }

    private func write(
        _ file: [UInt8], _ places: [SpoolPlace], _ probe: SpoolProbe, to spool: String,
        _ times: inout StageTimes
    ) throws -> [String] {
        var keys: [[UInt8]] = []
        keys.reserveCapacity(places.count)
        for place in places {
            var image: [UInt8] = []
            let record = file.span.extracting(place.at..<(place.at + contract.recordBytes))
            _ = checker.appendKeyImage(record, to: &image)
            keys.append(image)
        }
        let step = max(1, keys.count / SlicePlan.sampleKeysMax)
        let sample = stride(from: 0, to: keys.count, by: step)
            .map { Key(String(decoding: keys[$0], as: UTF8.self)) }.sorted()
        let cuts = SlicePlan.cuts(
            sample: sample, records: keys.count, sliceRecords: job.sliceRecords)
        return try times.time("spool write and sync") {
            try probe.write(file, keys: keys, places: places, cutAt: cuts, directory: spool)
        }
    }

    // MARK: The worker's steps without a database

    private func check(
        _ paths: [String], _ envelope: EnvelopeSummary, _ times: inout StageTimes
    ) throws -> [SliceProbe] {
        var slices: [[UInt8]] = []
        var records = 0
        try times.time("spool read, checksum, decode") {
            for path in paths {
                guard let bytes = FileManager.default.contents(atPath: path) else {
                    throw BenchFault("\(path) cannot be read")
                }
                let slice = [UInt8](bytes)
                // The checksum is looked at so that it is not left out.
                if XXHash64.hash(slice.span) == 0 { records &+= 0 }
                var offset = 0
                while let place = SpoolRecord.read(slice.span, at: offset) {
                    records &+= 1
                    offset = place.next
                }
                slices.append(slice)
            }
        }
        guard records == workload.records else {
            throw BenchFault("\(records) records spooled, not \(workload.records)", exitCode: 70)
        }
        var sums = ControlSums(contract: contract)
        times.time("control totals") {
            Self.forEach(slices) { sums.add($0, checker) }
        }
        var violations: [Violation] = []
        times.time("rules") {
            Self.forEach(slices) { _ = checker.check($0, into: &violations) }
        }
        guard violations.isEmpty else {
            throw BenchFault("the sample breaks its own rules", exitCode: 70)
        }
        let rules = try rules(envelope)
        var probes = try slices.map { SliceProbe(try rules.check($0) {}, rules: rules) }
        for index in probes.indices { probes[index].unsort() }
        times.time("sort") {
            for index in probes.indices { probes[index].sort() }
        }
        return probes
    }

    private static func forEach(_ slices: [[UInt8]], _ body: (Span<UInt8>) -> Void) {
        for slice in slices {
            let span = slice.span
            var offset = 0
            while let place = SpoolRecord.read(span, at: offset) {
                body(span.extracting(place.at..<place.next))
                offset = place.next
            }
        }
    }

    private func rules(_ envelope: EnvelopeSummary) throws -> SliceRules {
        try SliceRules(
            contract: contract, parameters: parameters, partitions: PartitionTable(cutAt: []),
            groups: envelope.groups, commitInterval: job.commitInterval,
            maxReported: job.maxReported, targetKey: job.target.key.map(\.field))
    }

    // MARK: The worker's steps with the database

    private func database(_ slices: [SliceProbe], _ times: inout StageTimes) throws {
        let connection = try arena.connect()
        let plan = try TargetResolution.resolve(
            job: job, contract: contract, parameters: parameters, connection)
        try DatabaseStages(
            tables: RunTables(number: 1, plan: plan), commitInterval: job.commitInterval
        ).run(slices, &times, connection)
    }
}
