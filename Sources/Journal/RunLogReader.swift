// Reads a run's `run.jsonl` back, line by line, while it is written or later. Nothing in a line is
// trusted: whoever may write the file must not be able to steer a terminal.

import FoundationEssentials

/// One event of a run log, as it was written.
public struct LogEvent: Decodable, Sendable, Equatable {
    /// When it happened.
    public var time: Timestamp
    /// Which message.
    public var id: MessageID
    /// nil: no partition in particular.
    public var partition: Int?
    /// nil: the coordinator or nobody in particular.
    public var worker: String?
    /// The message's values by name.
    public var arguments: [String: String]

    enum CodingKeys: String, CodingKey {
        case time, id, partition, worker
        case arguments = "args"
    }

    /// The value of this name; nil: the event has none.
    public func argument(_ name: String) -> String? { arguments[name] }

    /// The message, ready to be rendered.
    public var message: LogMessage {
        LogMessage(
            id: id,
            arguments: arguments.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
    }

    /// Whether a run writes nothing after it: the stable last line.
    public var isLast: Bool {
        [.runEndedNormal, .runEndedWarning, .runEndedAbnormal].contains(id)
    }

    /// The line for people, as `run.log` has it, without a line feed.
    public func text(in catalogue: Catalogue = .english) -> String {
        let places = [
            partition.map { "partition \($0)" }, worker.map { "worker \(Escaping.escaped($0))" },
        ].compactMap(\.self)
        return "\(time.iso8601WithOffset) \(id.severity.rawValue) \(message.line(in: catalogue))"
            + (places.isEmpty ? "" : " [" + places.joined(separator: ", ") + "]")
    }
}

/// Reads the log of one run from its beginning.
public struct RunLogReader: ~Copyable {
    /// What a line of the log is.
    public enum Line: Sendable, Equatable {
        case event(LogEvent)
        /// Not a line this program writes; made harmless for a terminal.
        case foreign(String)
    }

    private let file: ReadFile
    private var buffer: [UInt8] = []
    private var start = 0
    /// A line longer than the limit is being skipped.
    private var isSkipping = false

    /// Opens the log in a run directory.
    public init(directory: String) throws(JournalError) {
        file = try ReadFile(path: "\(directory)/run.jsonl")
    }

    /// The next whole line; nil: there is none yet, and one may come.
    public mutating func next() throws(JournalError) -> Line? {
        while true {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let bytes = buffer[start..<end]
                start = end + 1
                if isSkipping {
                    isSkipping = false
                    continue
                }
                return Self.line(bytes)
            }
            buffer.removeFirst(start)
            start = 0
            if buffer.count > JournalLimits.logLineBytesMax {
                let head = String(decoding: buffer.prefix(200), as: UTF8.self)
                buffer.removeAll()
                guard isSkipping else {
                    isSkipping = true
                    return .foreign(Escaping.escaped(head) + "… (a line of over 1 MiB)")
                }
            }
            let more = try file.read(JournalLimits.logBlockBytes)
            if more.isEmpty { return nil }
            buffer.append(contentsOf: more)
        }
    }

    private static func line(_ bytes: ArraySlice<UInt8>) -> Line {
        // A torn line is what a full disk leaves behind: shown, not a reason to stop.
        guard let event = try? JSONDecoder().decode(LogEvent.self, from: Data(bytes)) else {
            return .foreign(Escaping.escaped(String(decoding: bytes, as: UTF8.self)))
        }
        return .event(event)
    }
}
