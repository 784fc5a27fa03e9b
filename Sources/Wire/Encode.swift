// Values to bytes: big-endian integers, counted texts. Must change together with Decode.swift.

import Plan

/// The message's one body frame, at most `WireLimits.messageBytesMax` bytes.
///
/// Host, binary version, reasons and free text over their bound are cut between two characters.
/// A run id, worker name, log id, SQLSTATE or settings over their bound are our own bug and stop
/// the process: cut, they would mean something else.
public func encode(_ envelope: Envelope) -> [UInt8] {
    var body = ByteWriter()
    body.put(envelope.message)
    var writer = ByteWriter()
    writer.put(bytes: WireLimits.magic)
    writer.put(wireVersion)
    writer.put(MessageType(of: envelope.message).rawValue)
    writer.put(UInt16(0))
    writer.put(envelope.term)
    writer.put(envelope.sequence)
    writer.put(UInt32(body.bytes.count))
    let run = Array(envelope.run.utf8)
    precondition(run.count <= WireLimits.runBytesMax, "a run id over its bound")
    writer.put(UInt8(run.count))
    writer.put(bytes: run)
    writer.put(bytes: body.bytes)
    precondition(writer.bytes.count <= WireLimits.messageBytesMax, "a message over its bound")
    return writer.bytes
}

/// The type byte of the header.
///
/// Numbers are never given twice.
enum MessageType: UInt8 {
    case hello = 1
    case ready = 2
    case beat = 3
    case failed = 4
    case log = 5
    case goodbye = 6
    case fetch = 7
    case welcome = 65
    case assign = 66
    case alive = 67
    case refuse = 68
    case drain = 69
    case block = 70
    case deny = 71
    case retire = 72

    init(of message: Message) {
        self =
            switch message {
            case .hello: .hello
            case .ready: .ready
            case .beat: .beat
            case .failed: .failed
            case .log: .log
            case .goodbye: .goodbye
            case .fetch: .fetch
            case .welcome: .welcome
            case .assign: .assign
            case .alive: .alive
            case .refuse: .refuse
            case .drain: .drain
            case .block: .block
            case .deny: .deny
            case .retire: .retire
            }
    }
}

extension Phase {
    /// The phase's byte on the wire; independent of the order in which `Plan` lists the phases.
    var wireByte: UInt8 {
        switch self {
        case .split: 1
        case .validate: 2
        case .load: 3
        case .certify: 4
        case .publish: 5
        }
    }

    /// nil: no phase has this byte.
    init?(wireByte: UInt8) {
        switch wireByte {
        case 1: self = .split
        case 2: self = .validate
        case 3: self = .load
        case 4: self = .certify
        case 5: self = .publish
        default: return nil
        }
    }
}

/// Bytes of a message under construction.
private struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func put(bytes more: [UInt8]) { bytes.append(contentsOf: more) }

    mutating func put<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    mutating func put(_ flag: Bool) { put(UInt8(flag ? 1 : 0)) }

    mutating func put(claim: Int64?) {
        put(claim != nil)
        if let claim { put(claim) }
    }

    /// A text that may be cut: for people only.
    ///
    /// Zero bytes in it become question marks.
    mutating func put(cutting text: String, limit: Int) {
        put(counted: prefix(of: text, bytesMax: limit).map { $0 == 0 ? UInt8(ascii: "?") : $0 })
    }

    /// A text that means something by its bytes.
    mutating func put(exactly text: String, limit: Int) {
        precondition(text.utf8.count <= limit, "a name over its bound")
        precondition(!text.utf8.contains(0), "a name with a zero byte")
        put(counted: Array(text.utf8))
    }

    private mutating func put(counted text: [UInt8]) {
        put(UInt16(text.count))
        put(bytes: text)
    }

    mutating func put(sqlState: String?) {
        put(sqlState != nil)
        guard let sqlState else { return }
        let text = Array(sqlState.utf8)
        precondition(isSQLState(text), "a SQLSTATE that is none")
        put(bytes: text)
    }

    mutating func put(_ message: Message) {
        switch message {
        case .hello(let hello):
            put(exactly: hello.worker, limit: WireLimits.workerBytesMax)
            put(cutting: hello.host, limit: WireLimits.hostBytesMax)
            put(hello.pid)
            put(cutting: hello.binaryVersion, limit: WireLimits.binaryVersionBytesMax)
        case .ready, .drain, .retire:
            break
        case .beat(let beat):
            put(claim: beat.claim)
            put(beat.epoch)
            put(beat.phase.wireByte)
            put(beat.recordsDone)
            put(beat.recordsTotal)
            put(beat.bytesSent)
            put(beat.rejects)
            put(beat.bytesReceived)
        case .failed(let failure):
            put(claim: failure.claim)
            put(failure.epoch)
            put(failure.kind.rawValue)
            put(sqlState: failure.sqlState)
            put(cutting: failure.text, limit: WireLimits.textBytesMax)
        case .log(let line):
            put(line.number)
            put(line.severity)
            put(exactly: line.id, limit: WireLimits.logIdentifierBytesMax)
            put(cutting: line.text, limit: WireLimits.textBytesMax)
        case .goodbye(let reason), .refuse(let reason):
            put(cutting: reason, limit: WireLimits.reasonBytesMax)
        case .welcome(let welcome):
            precondition(
                welcome.settings.count <= WireLimits.settingsBytesMax, "settings over their bound")
            put(UInt32(welcome.settings.count))
            put(bytes: welcome.settings)
        case .assign(let assignment):
            put(assignment.claim)
            put(assignment.epoch)
            put(assignment.phase.wireByte)
            put(assignment.slice)
        case .alive(let notice):
            put(notice.phase.wireByte)
            put(notice.recordsDone)
            put(notice.recordsTotal)
            put(notice.budgetExceeded)
        case .fetch(let fetch): put(fetch)
        case .block(let block): put(block)
        case .deny(let denial):
            put(denial.claim)
            put(denial.epoch)
            put(denial.slice)
            put(denial.kind.rawValue)
            put(cutting: denial.reason, limit: WireLimits.reasonBytesMax)
        }
    }

    private mutating func put(_ fetch: Fetch) {
        precondition(
            fetch.credit >= 1 && fetch.credit <= WireLimits.creditMax, "a credit over its bound")
        put(fetch.claim)
        put(fetch.epoch)
        put(fetch.slice)
        put(fetch.offset)
        put(fetch.credit)
    }

    private mutating func put(_ block: Block) {
        precondition(
            !block.bytes.isEmpty && block.bytes.count <= WireLimits.blockBytesMax,
            "a block over its bound")
        put(block.slice)
        put(block.offset)
        put(block.isLast)
        put(UInt32(block.bytes.count))
        put(bytes: block.bytes)
    }
}

/// The longest beginning of a text that has at most so many bytes and ends between two scalars.
private func prefix(of text: String, bytesMax: Int) -> [UInt8] {
    let all = Array(text.utf8.prefix(bytesMax + 1))
    guard all.count > bytesMax else { return all }
    var end = bytesMax
    while end > 0, all[end] & 0xC0 == 0x80 { end -= 1 }
    return Array(all[..<end])
}

/// Whether a text is five ASCII digits and capital letters.
func isSQLState(_ text: [UInt8]) -> Bool {
    text.count == WireLimits.sqlStateBytes
        && text.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        }
}
