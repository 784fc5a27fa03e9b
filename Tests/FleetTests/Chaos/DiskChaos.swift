// Disks run full: the database's, the log of its changes, the spool, the run logs.

import FoundationEssentials
import Glibc
import Postgres
import Testing

extension ChaosKind {
    static let diskKinds = [
        ChaosKind(
            "disk-tables", "tablespace full, then freed", whole: 12, obstacle: needsRoot, fillTables
        ),
        ChaosKind(
            "disk-wal", "WAL's disk full: the server panics, then freed", whole: 12,
            obstacle: needsRoot, fillWAL),
        ChaosKind("disk-spool", "spool's disk full, then freed", whole: 12, obstacle: needsRoot) {
            try fill("spool", $0)
        },
        ChaosKind("disk-logs", "run logs' disk full, then freed", whole: 12, obstacle: needsRoot) {
            try fill("runs", $0)
        },
    ]

    @Sendable private static func needsRoot() -> String? {
        TinyDisk.isPossible ? nil : "only root can mount a small disk"
    }

    private static func fillTables(_ trial: Trial) throws {
        let disk = try TinyDisk()
        let it = try ChaosNight(trial, records: 4_000)
        let isTarget = trial.chance(50)
        let reset = try move(it.night, isTarget: isTarget, to: disk)
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        let start = ContinuousClock.now
        guard trial.await(moment, since: start, running) else {
            try reset()
            return try it.expectLoaded(try running.wait())
        }
        let left = trial.choose([0, 20_000, 100_000])
        try disk.fill(leaving: left)
        trial.tell("\(moment) ms: \(isTarget ? "target" : "all") full but for \(left)")
        _ = trial.await(moment + trial.number(500...4_000), since: start, running)
        try disk.free()
        let ended = try running.wait()
        try reset()
        try it.expectOutlived(ended, trial)
        try it.night.online("DROP SCHEMA kugiri_stage CASCADE; DROP SCHEMA kugiri CASCADE")
    }

    /// Moves a night's tables to a disk; the answer moves them back.
    private static func move(
        _ night: Night, isTarget: Bool, to disk: TinyDisk
    ) throws -> () throws -> Void {
        if isTarget {
            try night.online("ALTER TABLE member_account SET TABLESPACE \(disk.name)")
        } else {
            try night.online("ALTER DATABASE \(night.name) SET default_tablespace = \(disk.name)")
        }
        return {
            // What was made there must not be looked for after the disk is gone.
            try night.online(
                "ALTER DATABASE \(night.name) RESET default_tablespace; "
                    + "ALTER TABLE member_account SET TABLESPACE pg_default")
        }
    }

    private static func fillWAL(_ trial: Trial) throws {
        let it = try ChaosNight(trial)
        let disk = try WALDisk(it.night)
        defer { disk.remove() }
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        guard trial.await(moment, since: ContinuousClock.now, running) else {
            return try it.expectLoaded(try running.wait())
        }
        try disk.panic()
        trial.tell("\(moment) ms: the server has panicked")
        trial.sleep(milliseconds: trial.number(0...1_500))
        try disk.recover()
        try it.expectOutlived(try running.wait(), trial)
    }

    /// Fills the disk of one of the run's folders.
    private static func fill(_ name: String, _ trial: Trial) throws {
        let it = try ChaosNight(trial)
        try FileManager.default.createDirectory(
            atPath: it.night.state, withIntermediateDirectories: true)
        let folder = "\(it.night.state)/\(name)"
        // A run does not begin with less than 256 MiB for its spool.
        let disk = try SmallDisk(at: folder, megabytes: 300, mode: 0o700)
        let isBefore = trial.chance(20)
        let left = trial.choose([0, 4_096, 60_000])
        if isBefore { try disk.fill(leaving: left) }
        let moment = try trial.moments(1)[0]
        let running = try it.start()
        let start = ContinuousClock.now
        let isFull = isBefore || trial.await(moment, since: start, running)
        if isFull, !isBefore { try disk.fill(leaving: left) }
        trial.tell("\(isBefore ? 0 : moment) ms: \(name) full but for \(left)")
        let ended = try running.wait()
        trial.tell("it ended with \(ended.status): \(ended.lastErrorLine)")
        if isFull { try disk.free() }
        try expectToldAndFinished(ended, it, trial)
        withExtendedLifetime(disk) {}
    }

    /// Done all the same, or ended with 12 and the disk's own words, and finished by `resume`.
    private static func expectToldAndFinished(
        _ ended: Ended, _ it: ChaosNight, _ trial: Trial
    ) throws {
        guard ended.code != it.code else { return try it.expectLoaded(ended) }
        #expect(ended.code == 12, "\(ended.status) \(ended.stderr)")
        let words = ["No space left on device", "KGR7052E"]
        #expect(words.contains { ended.stderr.contains($0) }, "\(ended.stderr)")
        try it.expectGoesOn(trial)
    }
}

/// The write-ahead log of the server of all nights on a small disk.
final class WALDisk {
    private let night: Night
    private let data: String
    private let kept: String
    private var disk: SmallDisk?
    private var path: String { "\(data)/pg_wal" }

    /// Stops the server, moves its log and starts it again.
    init(_ night: Night) throws {
        self.night = night
        data = try night.texts("SHOW data_directory")[0]
        kept = data + "/../wal-kept"
        try FleetServer.server.stop()
        var facts = stat()
        try #require(unsafe stat(path, &facts) == 0)
        try FileManager.default.moveItem(atPath: path, toPath: kept)
        disk = try SmallDisk(at: path, megabytes: 600, mode: 0o700)
        try Self.copy(from: kept, to: path)
        try night.startServer()
    }

    /// Copies a folder's files with owner and mode.
    private static func copy(from: String, to: String) throws {
        let copied = try Binary.shell(
            "cp -a '\(from)/.' '\(to)'", "", environment: [:], scratch: "/tmp")
        try #require(copied.code == 0, "\(copied.stderr)")
    }

    /// Leaves no room for the next part of the log, and has one begun.
    func panic() throws {
        try disk?.fill(leaving: 0)
        for _ in 0..<20 {
            do {
                try night.online("SELECT pg_logical_emit_message(true, 'x', 'x'), pg_switch_wal()")
            } catch { return }
        }
        Issue.record("the server found room for its log")
    }

    /// Gives the room back and starts the server.
    func recover() throws {
        try disk?.free()
        try waitUntil("the server's end") { !FleetServer.server.isRunning }
        try night.startServer()
    }

    /// Puts the log back where it was.
    func remove() {
        do {
            try FleetServer.server.stop()
            try FileManager.default.removeItem(atPath: kept)
            try Self.copy(from: path, to: kept)
            disk = nil
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: kept, toPath: path)
            try night.startServer()
        } catch {
            Issue.record("the server's log could not be put back: \(error)")
        }
    }
}
