// The two logs of a run: `run.log` for people, `run.jsonl` for machines, line for line the same.

import FoundationEssentials
import Synchronization

/// The log files of one run, written by their owner alone.
///
/// A line that cannot be written never stops a run: it is counted in ``droppedLines``, which the
/// owner looks at when the run ends.
public struct RunLog: ~Copyable {
    /// The run directory, as it was given.
    public let directory: String
    private let catalogue: Catalogue
    private let people: AppendFile
    private let machines: AppendFile
    private let dropped: Atomic<Int>

    /// Opens both logs for appending: files 0600, directory 0700, the directory made if missing.
    public init(directory: String, catalogue: Catalogue = .english) throws(JournalError) {
        try makePrivateDirectory(directory)
        let people = try AppendFile(path: "\(directory)/run.log", truncates: false)
        let machines = try AppendFile(path: "\(directory)/run.jsonl", truncates: false)
        self.directory = directory
        self.catalogue = catalogue
        self.people = people
        self.machines = machines
        dropped = Atomic(0)
    }

    /// Lines that could not be written or forced to the disk so far, of both files.
    public var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Appends one line to each log, each with one write call.
    ///
    /// - Parameters:
    ///   - message: What happened.
    ///   - worker: Who it happened to; nil: the coordinator or nobody in particular.
    ///   - partition: Where; nil: no partition in particular.
    ///   - at: When.
    public borrowing func write(
        _ message: LogMessage, worker: String? = nil, partition: Int? = nil,
        at: Timestamp = .now()
    ) {
        let line = LogLine(message: message, worker: worker, partition: partition, time: at)
        if people.append(Array(line.text(in: catalogue).utf8)) != nil { countDropped() }
        guard let json = try? JSONText.line(line), machines.append(json) == nil else {
            countDropped()
            return
        }
    }

    /// Forces both logs to the disk; a failure counts as a dropped line.
    public borrowing func seal() {
        if people.sync() != nil { countDropped() }
        if machines.sync() != nil { countDropped() }
    }

    private borrowing func countDropped() {
        dropped.add(1, ordering: .relaxed)
    }
}

/// One event as both logs show it.
private struct LogLine: Encodable {
    var message: LogMessage
    var worker: String?
    var partition: Int?
    var time: Timestamp

    enum CodingKeys: String, CodingKey {
        case time, id, severity, partition, worker, args
    }

    struct ArgumentKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The line for people, with its line feed.
    func text(in catalogue: Catalogue) -> String {
        var text = "\(time.iso8601WithOffset) \(message.severity.rawValue) "
        text += message.line(in: catalogue)
        let places = [
            partition.map { "partition \($0)" }, worker.map { "worker \(Escaping.escaped($0))" },
        ].compactMap(\.self)
        if !places.isEmpty { text += " [" + places.joined(separator: ", ") + "]" }
        return text + "\n"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(time, forKey: .time)
        try container.encode(message.id, forKey: .id)
        try container.encode(message.severity, forKey: .severity)
        try container.encodeIfPresent(partition, forKey: .partition)
        try container.encodeIfPresent(worker.map(Escaping.escaped), forKey: .worker)
        var values = container.nestedContainer(keyedBy: ArgumentKey.self, forKey: .args)
        for (name, value) in message.arguments {
            try values.encode(Escaping.escaped(value), forKey: ArgumentKey(stringValue: name))
        }
    }
}

/// JSON as every part of the product writes it: sorted keys, slashes as they are.
public enum JSONText {
    /// The value on one line, without a line feed.
    public static func compact(_ value: some Encodable) throws -> String {
        String(decoding: try encode(value, [.sortedKeys, .withoutEscapingSlashes]), as: UTF8.self)
    }

    /// The value indented for people, without a line feed at its end.
    public static func pretty(_ value: some Encodable) throws -> String {
        let format: JSONEncoder.OutputFormatting = [
            .sortedKeys, .withoutEscapingSlashes, .prettyPrinted,
        ]
        return String(decoding: try encode(value, format), as: UTF8.self)
    }

    /// The value on one line with its line feed, as bytes.
    static func line(_ value: some Encodable) throws -> [UInt8] {
        try encode(value, [.sortedKeys, .withoutEscapingSlashes]) + [UInt8(ascii: "\n")]
    }

    private static func encode(
        _ value: some Encodable, _ format: JSONEncoder.OutputFormatting
    ) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = format
        return Array(try encoder.encode(value))
    }
}
