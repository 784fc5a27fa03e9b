// Log generations: the run directories of old finished runs give way and move to the archive.
// Best effort: a directory that cannot be moved stays where it is, and the log says so.

import FoundationEssentials
import Glibc
import Journal
import Ledger
package import Loading
import Plan
import Postgres
import Settings

/// Moves old run directories, and finds them again.
package enum LogGenerations {
    /// Where the files of a run's revision are now; nil: neither here nor in the archive.
    package static func directory(of run: String, _ definition: RunDefinition) -> String? {
        [definition.runDirectory(of: run), definition.archivedRunDirectory(of: run)]
            .map { $0 + definition.revisionFolder }.first { Files.exists($0) }
    }

    /// Moves the directories of a job's runs that are older than its newest generations.
    ///
    /// - Parameter note: Told of each directory, moved or not.
    static func tidy(
        _ definition: RunDefinition, generations: Int, note: (LogMessage) -> Void,
        _ connection: borrowing Connection
    ) throws {
        let runs = definition.directories.runs
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []
        guard names.count > generations else { return }
        let old = try StatusLedger.outlived(
            job: definition.job.name, generations: generations, among: names,
            limit: CoordinationLimits.logMovesMax, connection)
        for run in old {
            let target = definition.archivedRunDirectory(of: run)
            do {
                try move(definition.runDirectory(of: run), to: target)
                note(LogMessage(.logsArchived, ["run": run, "path": target]))
            } catch let trouble as FileTrouble {
                note(
                    LogMessage(
                        .logsNotArchived,
                        [
                            "run": run, "path": trouble.path,
                            "reason": "\(trouble.operation): \(trouble.reason)",
                        ]))
            }
        }
    }

    /// Moves a folder of plain files, over to another file system if need be; it is at one of the
    /// two places, whole, at every moment.
    package static func move(_ source: String, to target: String) throws {
        guard !Files.exists(target) else {
            throw FileTrouble(operation: "move", path: target, code: EEXIST)
        }
        let parent = String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])
        try Files.makeDirectory(parent)
        do {
            try Files.rename(source, to: target)
        } catch let trouble as FileTrouble where trouble.code == EXDEV {
            try copy(source, to: target)
            try Files.removeDirectory(source)
        }
        try Files.syncDirectory(parent)
    }

    /// Copies a folder of plain files; it has its name only when all of them are on disk.
    package static func copy(_ source: String, to target: String) throws {
        let unfinished = target + ".new"
        try Files.removeDirectory(unfinished)
        try Files.makeDirectory(unfinished)
        let names = try FileManager.default.contentsOfDirectory(atPath: source)
        var buffer = [UInt8](repeating: 0, count: CoordinationLimits.blockBytes)
        for name in names {
            // A revision of the run has a folder of its own.
            guard try Files.facts("\(source)/\(name)").isRegular else {
                try copy("\(source)/\(name)", to: "\(unfinished)/\(name)")
                continue
            }
            let input = try Files.openForReading("\(source)/\(name)")
            let output = try Files.openForWriting("\(unfinished)/\(name)", append: false)
            while true {
                let got = try input.read(into: &buffer, at: 0, count: buffer.count)
                if got == 0 { break }
                try output.write(buffer.span.extracting(0..<got))
            }
            try output.sync()
        }
        try Files.syncDirectory(unfinished)
        try Files.rename(unfinished, to: target)
    }
}
