// The input arrives: is it there, is it complete, and a copy that nobody changes behind our back.

import Glibc
import Journal
import Messaging
import Plan
import Records
package import Settings

/// An input that was taken into the archive.
package struct ArrivedInput: Sendable {
    /// Where it came from, absolute.
    package var path: String
    /// Where it is now.
    package var archivedPath: String
    package var bytes: Int64
    /// SHA-256, in hexadecimal.
    package var hash: String
}

/// Takes an input in.
package enum Arrival {
    /// Begins the name of an input that has no run yet; its process with its machine follows.
    static let arrivingPrefix = "arriving-"

    /// Throws 11 unless the input is there and complete, 10 when it has no bytes, 16 when it lies
    /// where no input is taken from.
    ///
    /// - Parameter inputs: See `Directories.inputs`.
    package static func check(
        _ path: String, ready: Job.Readiness, inputs: [String]?, breathe: () throws -> Void
    ) throws -> FileFacts {
        let facts: FileFacts
        do {
            facts = try Files.facts(path)
        } catch let trouble as FileTrouble {
            throw RunStop(
                .input, LogMessage(.inputMissing, ["input": path, "reason": trouble.reason]))
        }
        guard facts.isRegular else {
            throw RunStop(
                .input,
                LogMessage(
                    .inputMissing,
                    [
                        "input": path,
                        "reason": "it is \(facts.kind.rawValue), not a regular file",
                    ]))
        }
        _ = try open(path, inputs: inputs)
        switch ready {
        case .marker(let suffix):
            guard Files.exists(path + suffix) else {
                throw RunStop(
                    .input,
                    LogMessage(
                        .inputNotReady,
                        ["input": path, "reason": "its marker \(path + suffix) is not there"]))
            }
        case .stable(let seconds):
            try waitUntilStable(path, facts, seconds: seconds, breathe: breathe)
        }
        guard facts.bytes > 0 else {
            throw RunStop(.structure, LogMessage(.inputZeroBytes, ["input": path]))
        }
        return facts
    }

    /// Opens an input, wherever its path leads to now: the place is judged of the file that was
    /// opened, so that nobody can exchange the one that was looked at.
    private static func open(_ path: String, inputs: [String]?) throws -> Descriptor {
        let file: Descriptor
        do {
            file = try Files.openForReading(path)
        } catch let trouble as FileTrouble {
            throw RunStop(
                .input, LogMessage(.inputMissing, ["input": path, "reason": trouble.reason]))
        }
        let place = try file.realPath()
        let folders = inputs ?? [folder(of: path)]
        // A folder that is not there (a share that is not mounted) holds no input.
        let isInside = folders.contains { folder in
            guard let real = try? Files.realPath(folder) else { return false }
            return place.hasPrefix(real.hasSuffix("/") ? real : real + "/")
        }
        guard isInside else {
            throw RunStop(
                .configuration,
                LogMessage(
                    .inputElsewhere,
                    [
                        "input": path, "place": place,
                        "folders": folders.joined(separator: ", "),
                    ]))
        }
        return file
    }

    /// The folder that a path names, without the last part.
    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func waitUntilStable(
        _ path: String, _ facts: FileFacts, seconds: Int, breathe: () throws -> Void
    ) throws {
        for _ in 0..<(seconds * 10) {
            usleep(100_000)
            try breathe()
            guard try Files.facts(path) == facts else {
                throw RunStop(
                    .input,
                    LogMessage(
                        .inputNotReady,
                        [
                            "input": path,
                            "reason": "its size or time changed within \(seconds) s",
                        ]))
            }
        }
    }

    /// Copies the input to a new file in the archive and hashes what it copies; the split hashes the
    /// archived file once more.
    ///
    /// Never a hard link: the next night's file is often written over the same name in place,
    /// and would take the archived input, and with it the proof, along.
    package static func archive(
        _ path: String, in directory: String, inputs: [String]?, breathe: () throws -> Void
    ) throws -> ArrivedInput {
        try Files.makeDirectory(directory)
        MeetingPlace.sweepArrivals(archive: directory)
        let archived = "\(directory)/\(arrivingPrefix)\(HostName.processMark)"
        Files.remove(archived)
        let hash = try Files.copy(open(path, inputs: inputs), to: archived, breathe: breathe)
        let facts = try Files.facts(archived)
        return ArrivedInput(path: path, archivedPath: archived, bytes: facts.bytes, hash: hash)
    }

    /// Gives the archived input its place in the run's own folder.
    package static func keep(_ input: ArrivedInput, as path: String) throws -> ArrivedInput {
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try Files.makeDirectory(directory)
        try Files.rename(input.archivedPath, to: path)
        var kept = input
        kept.archivedPath = path
        return kept
    }

    /// Removes an input that came to nothing from the archive.
    package static func discard(_ input: ArrivedInput) { Files.remove(input.archivedPath) }

    /// Throws 12 unless spool and staging have room (the latter only where the server's disk is
    /// the one this process sees).
    package static func checkSpace(
        input bytes: Int64, records: Int64, directories: Directories
    ) throws {
        let wanted: [(String, Int64)] = [
            (directories.spool, bytes + bytes / 5 + CoordinationLimits.freeBytesMin),
            (directories.archive, bytes + CoordinationLimits.freeBytesMin),
            (
                directories.state,
                records * CoordinationLimits.stagingBytesPerRecord * 2
                    + CoordinationLimits.freeBytesMin
            ),
        ]
        for (directory, needed) in wanted {
            try Files.makeDirectory(directory)
            guard let free = Files.freeBytes(directory), free < needed else { continue }
            throw RunStop(
                .infrastructure,
                LogMessage(
                    .spaceShort,
                    [
                        "directory": directory, "available": Figures.bytes(free),
                        "needed": Figures.bytes(needed),
                    ]))
        }
    }
}
