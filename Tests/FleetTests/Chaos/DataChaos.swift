// Other writers race on the same rows, and files arrive broken.

import Foundation
import Glibc
import Postgres
import Synchronization
import Testing

extension ChaosKind {
    static let dataKinds = [
        ChaosKind(
            "online-writers", "8 online writers on the same rows, their clock stepping", whole: 200,
            short: 2, raceWriters),
        ChaosKind(
            "corrupt-files", "broken files, 20 in a trial", whole: 100, each: 20, breakFiles),
    ]

    private static func raceWriters(_ trial: Trial) throws {
        let isTrusted = trial.chance(50)
        let it = try ChaosNight(trial) {
            $0.trusted = isTrusted
            $0.maxRejects = 2
        }
        let customers = try it.sample.debits().map(\.customer).sorted()
        try it.night.online("TRUNCATE member_account")
        try it.night.enrol(customers)
        try it.night.online("UPDATE member_account SET name = '0'")
        if isTrusted { try it.night.online("DROP TRIGGER kugiri_lock ON member_account") }
        let before = try it.night.members()
        let first = trial.number(0...(customers.count - 60))
        let crowd = OnlineCrowd(
            url: FleetServer.url(of: it.night.name), keys: Array(customers[first..<first + 60]),
            seed: trial.seed, isSilent: isTrusted)
        var ended = try it.start().wait()
        let written = try crowd.end()
        trial.tell("\(written.values.reduce(0, +)) online writes, trusted=\(isTrusted)")
        // Rows that were in somebody's hands to the last are left for the next one.
        if ended.code == 15 {
            trial.tell("15: \(ended.lastErrorLine)")
            ended = try it.night.resume(it.night.onlyRun()).ended
        }
        // No online write is lost: every one counted its row's name up.
        var expected = before
        for (customer, count) in written { expected[customer]?.name = String(count) }
        let oracle = try Oracle(it.night, before: expected)
        try oracle.expectLoaded(it.sample, try Conclusion(ended), code: it.code)
    }

    private static func breakFiles(_ trial: Trial) throws {
        let night = try Night {
            $0.maxRejects = 3
            $0.commitInterval = 100
        }
        for number in 1...20 {
            let date = "2026-11-\(number < 10 ? "0" : "")\(number)"
            let whole = try night.sample(records: 120, seed: number, date: date)
            var breaker = FileBreaker(try whole.bytes, trial)
            let (bytes, what) = breaker.broken()
            try FileManager.default.removeItem(atPath: whole.path)
            let file = try night.file(bytes, date: date)
            trial.tell("\(date): \(what)")
            let oracle = try Oracle(night)
            let end = try night.run(file)
            trial.tell("  exit \(end.code ?? -1)")
            guard [0, 4].contains(end.code) else {
                #expect(
                    [8, 9, 10, 11].contains(end.code), "\(end.ended.status) \(end.ended.stderr)")
                try oracle.expectUntouched(end, code: end.code ?? -1)
                continue
            }
            try oracle.expectLoaded(
                try judged(file, end, night), end, code: end.code ?? -1)
        }
    }

    /// The file with the rejects that the run itself has found: whatever was not rejected must
    /// have been loaded as it stands.
    private static func judged(
        _ file: Sample, _ end: Conclusion, _ night: Night
    ) throws -> Sample {
        let rows = try night.connection.query(
            "SELECT record, byte_offset, field, rule FROM kugiri.reject WHERE run = $1",
            [.text(try end.run)])
        var judged = file
        judged.defects = (0..<rows.count).map { row in
            Defect(
                record: Int(rows.int(row, 0) ?? -1), byte: Int(rows.int(row, 1) ?? -1),
                field: rows.text(row, 2), rule: rows.text(row, 3) ?? "")
        }
        // Every data record of the file is one of the run's.
        let text = try file.bytes.filter { $0 != 0x0D && $0 != 0x0A && $0 != 0x1A }
        let data = stride(from: 0, to: text.count, by: 120).count {
            text[$0] == UInt8(ascii: "2")
        }
        #expect(try end.facts.counts.input == data)
        return judged
    }
}

/// Sessions that count up the names of a few rows for as long as they may.
private final class OnlineCrowd {
    /// What the writers share.
    private final class Tally: Sendable {
        let written = Mutex<[String: Int]>([:])
        let faults = Mutex<[String]>([])
        let isOver = Atomic<Bool>(false)
        let living = Atomic<Int>(0)
    }

    private static let writers = 8
    private let tally = Tally()

    init(url: String, keys: [String], seed: UInt64, isSilent: Bool) {
        for number in 0..<Self.writers {
            tally.living.add(1, ordering: .relaxed)
            Thread.detachNewThread { [tally] in
                defer { tally.living.subtract(1, ordering: .relaxed) }
                var random = SeededRandom(seed &* 100 &+ UInt64(number))
                do {
                    let session = try Connection(url: url, applicationName: "teller \(number)")
                    while !tally.isOver.load(ordering: .relaxed) {
                        let key = keys[Int.random(in: 0..<keys.count, using: &random)]
                        let hour = Int.random(in: -60...60, using: &random)
                        // A clock that steps, one that stands, or none at all.
                        let clock = [
                            ", updated_at = clock_timestamp() + interval '\(hour) minutes'",
                            ", updated_at = timestamptz '2026-11-20 00:00Z'",
                            isSilent ? "" : ", updated_at = updated_at",
                        ][Int.random(in: 0..<3, using: &random)]
                        _ = try session.query(
                            "UPDATE member_account SET name = (name::int + 1)::text\(clock) "
                                + "WHERE customer_number = $1", [.text(key)])
                        tally.written.withLock { $0[key, default: 0] += 1 }
                        usleep(UInt32.random(in: 0...4_000, using: &random))
                    }
                } catch {
                    tally.faults.withLock { $0.append("\(error)") }
                }
            }
        }
    }

    deinit { stop() }

    private func stop() {
        tally.isOver.store(true, ordering: .relaxed)
        while tally.living.load(ordering: .relaxed) > 0 { usleep(2_000) }
    }

    /// Stops them; how often each row was written.
    func end() throws -> [String: Int] {
        stop()
        let faults = tally.faults.withLock { $0 }
        try #require(faults.isEmpty, "\(faults)")
        return tally.written.withLock { $0 }
    }
}

/// Breaks a file in one of many ways.
private struct FileBreaker {
    private var bytes: [UInt8]
    private let trial: Trial
    /// A record and its CR LF.
    private let stride = 122

    init(_ bytes: [UInt8], _ trial: Trial) {
        self.bytes = bytes
        self.trial = trial
    }

    private var records: Int { bytes.count / stride }

    private func record(_ index: Int) -> Range<Int> { index * stride..<(index + 1) * stride }

    /// The broken bytes, and how they were broken.
    mutating func broken() -> (bytes: [UInt8], what: String) {
        let at = trial.number(0...(bytes.count - 1))
        let one = trial.number(0...(records - 1))
        let other = trial.number(0...(records - 1))
        let way = trial.number(0...17)
        switch way {
        case 0: bytes.removeSubrange(at...)
        case 1: bytes.removeSubrange(record(one))
        case 2: bytes.insert(contentsOf: bytes[record(one)], at: record(other).lowerBound)
        case 3: swapRecords(one, other)
        case 4: bytes[at] ^= 1 << trial.number(0...7)
        case 5: bytes[at] = 0
        case 6: bytes.insert(contentsOf: [0xEF, 0xBB, 0xBF], at: 0)
        case 7: bytes.remove(at: at)
        case 8: bytes.insert(UInt8(trial.number(0...255)), at: at)
        case 9: bytes[record(one).lowerBound + 80 + trial.number(0...9)] = UInt8(ascii: "x")
        case 10: bytes.removeLast(stride)
        case 11: bytes += bytes[record(0)]
        case 12: bytes += Array(repeating: UInt8(trial.number(0...255)), count: one + 1)
        case 13: bytes.insert(contentsOf: [0xC0, 0xAF, 0xED, 0xA0, 0x80], at: at)
        case 14: bytes.insert(contentsOf: Array("\\.\r\n".utf8), at: record(one).lowerBound)
        case 15: bytes = []
        case 16: bytes.replaceSubrange(record(one).suffix(2), with: [0x0A])
        default: changeDigit(one)
        }
        return (bytes, "way \(way) at byte \(at), record \(one), \(other)")
    }

    private mutating func swapRecords(_ one: Int, _ other: Int) {
        let first = Array(bytes[record(one)])
        bytes.replaceSubrange(record(one), with: bytes[record(other)])
        bytes.replaceSubrange(record(other), with: first)
    }

    /// An amount that the trailer does not know.
    private mutating func changeDigit(_ one: Int) {
        let at = record(one).lowerBound + 80 + trial.number(0...9)
        bytes[at] = bytes[at] == UInt8(ascii: "7") ? UInt8(ascii: "3") : UInt8(ascii: "7")
    }
}
