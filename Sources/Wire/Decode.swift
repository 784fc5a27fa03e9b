// Bytes to values. Every byte is hostile: all bounds are checked before anything is built, and
// what is not exactly a message is a `WireError`. Must change together with Encode.swift.

import Plan

/// Reads one message's body frame.
///
/// - Throws: ``WireError`` with the offset of the first byte that does not fit. Trailing bytes,
///   unknown flags and values outside an enumeration are errors too: one message, one encoding.
public func decode(_ bytes: [UInt8]) throws(WireError) -> Envelope {
    guard bytes.count <= WireLimits.messageBytesMax else {
        throw WireError(kind: .tooLong(bytes: bytes.count), offset: 0)
    }
    var reader = ByteReader(bytes)
    let type = try reader.takePreamble()
    let term = try reader.take(UInt64.self)
    let sequence = try reader.take(UInt64.self)
    let lengthOffset = reader.offset
    let bodyBytes = Int(try reader.take(UInt32.self))
    let runBytes = Int(try reader.take(UInt8.self))
    let run = try reader.takeText(bytes: runBytes, limit: WireLimits.runBytesMax)
    guard reader.remaining == bodyBytes else {
        throw WireError(
            kind: .bodyLength(stated: bodyBytes, found: reader.remaining), offset: lengthOffset)
    }
    let message = try reader.takeMessage(type)
    guard reader.remaining == 0 else {
        throw WireError(kind: .trailing(bytes: reader.remaining), offset: reader.offset)
    }
    return Envelope(term: term, sequence: sequence, run: run, message: message)
}

/// Reads values from the front of a message; every read is checked.
private struct ByteReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    /// Magic, version, type and flags.
    mutating func takePreamble() throws(WireError) -> MessageType {
        guard bytes.starts(with: WireLimits.magic) else { throw refusal(.notOurs, at: 0) }
        offset = WireLimits.magic.count
        let version = try take(UInt8.self)
        guard version == wireVersion else { throw refusal(.version(version), at: offset - 1) }
        try need(WireLimits.headerBytes - offset)
        let typeByte = try take(UInt8.self)
        guard let type = MessageType(rawValue: typeByte) else {
            throw refusal(.type(typeByte), at: offset - 1)
        }
        let flags = try take(UInt16.self)
        guard flags == 0 else { throw refusal(.flags(flags), at: offset - 2) }
        return type
    }

    mutating func take<Number: FixedWidthInteger>(_: Number.Type) throws(WireError) -> Number {
        let width = Number.bitWidth / 8
        try need(width)
        var number = Number.zero
        for byte in bytes[offset..<offset + width] {
            number = (number << 8) | Number(truncatingIfNeeded: byte)
        }
        offset += width
        return number
    }

    mutating func takeFlag() throws(WireError) -> Bool {
        let byte = try take(UInt8.self)
        guard byte <= 1 else { throw refusal(.unknownValue(byte), at: offset - 1) }
        return byte == 1
    }

    mutating func takeClaim() throws(WireError) -> Int64? {
        guard try takeFlag() else { return nil }
        return try take(Int64.self)
    }

    mutating func takePhase() throws(WireError) -> Phase {
        let byte = try take(UInt8.self)
        guard let phase = Phase(wireByte: byte) else {
            throw refusal(.unknownValue(byte), at: offset - 1)
        }
        return phase
    }

    mutating func takeFailureKind() throws(WireError) -> FailureKind {
        let byte = try take(UInt8.self)
        guard let kind = FailureKind(rawValue: byte) else {
            throw refusal(.unknownValue(byte), at: offset - 1)
        }
        return kind
    }

    mutating func takeDenialKind() throws(WireError) -> Denial.Kind {
        let byte = try take(UInt8.self)
        guard let kind = Denial.Kind(rawValue: byte) else {
            throw refusal(.unknownValue(byte), at: offset - 1)
        }
        return kind
    }

    /// A count of at least one.
    mutating func takeCount<Number: FixedWidthInteger & UnsignedInteger>(
        _: Number.Type, limit: Int
    ) throws(WireError) -> Number {
        let start = offset
        let count = try take(Number.self)
        guard count >= 1, count <= Number(limit) else {
            throw refusal(.count(found: UInt64(count), limit: limit), at: start)
        }
        return count
    }

    mutating func takeBytes(_ count: Int, limit: Int) throws(WireError) -> [UInt8] {
        guard count <= limit else {
            throw refusal(.valueTooLong(bytes: count, limit: limit), at: offset)
        }
        try need(count)
        let value = Array(bytes[offset..<offset + count])
        offset += count
        return value
    }

    mutating func takeText(bytes count: Int, limit: Int) throws(WireError) -> String {
        let start = offset
        let value = try takeBytes(count, limit: limit)
        guard let text = String(validating: value, as: UTF8.self) else {
            throw refusal(.notUTF8, at: start)
        }
        if let zero = value.firstIndex(of: 0) { throw refusal(.zeroByte, at: start + zero) }
        return text
    }

    mutating func takeText(limit: Int) throws(WireError) -> String {
        let count = Int(try take(UInt16.self))
        return try takeText(bytes: count, limit: limit)
    }

    mutating func takeSQLState() throws(WireError) -> String? {
        guard try takeFlag() else { return nil }
        let start = offset
        let value = try takeBytes(
            WireLimits.sqlStateBytes, limit: WireLimits.sqlStateBytes)
        guard isSQLState(value) else { throw refusal(.sqlState, at: start) }
        return String(decoding: value, as: UTF8.self)
    }

    private func need(_ count: Int) throws(WireError) {
        guard count <= remaining else {
            throw refusal(.truncated(expectedBytes: count, foundBytes: remaining), at: offset)
        }
    }

    private func refusal(_ kind: WireError.Kind, at offset: Int) -> WireError {
        WireError(kind: kind, offset: offset)
    }
}

extension ByteReader {
    fileprivate mutating func takeMessage(_ type: MessageType) throws(WireError) -> Message {
        switch type {
        case .hello: .hello(try takeHello())
        case .ready: .ready
        case .beat: .beat(try takeBeat())
        case .failed: .failed(try takeFailure())
        case .log: .log(try takeLogLine())
        case .goodbye: .goodbye(reason: try takeText(limit: WireLimits.reasonBytesMax))
        case .welcome: .welcome(try takeWelcome())
        case .assign: .assign(try takeAssignment())
        case .alive: .alive(try takeAliveNotice())
        case .refuse: .refuse(reason: try takeText(limit: WireLimits.reasonBytesMax))
        case .drain: .drain
        case .retire: .retire
        case .fetch: .fetch(try takeFetch())
        case .block: .block(try takeBlock())
        case .deny: .deny(try takeDenial())
        }
    }

    // Arguments are evaluated from left to right: their order is the order on the wire.

    private mutating func takeHello() throws(WireError) -> Hello {
        Hello(
            worker: try takeText(limit: WireLimits.workerBytesMax),
            host: try takeText(limit: WireLimits.hostBytesMax),
            pid: try take(Int32.self),
            binaryVersion: try takeText(limit: WireLimits.binaryVersionBytesMax))
    }

    private mutating func takeBeat() throws(WireError) -> Beat {
        Beat(
            claim: try takeClaim(), epoch: try take(Int64.self), phase: try takePhase(),
            recordsDone: try take(UInt64.self), recordsTotal: try take(UInt64.self),
            bytesSent: try take(UInt64.self), rejects: try take(UInt64.self),
            bytesReceived: try take(UInt64.self))
    }

    private mutating func takeFailure() throws(WireError) -> Failure {
        Failure(
            claim: try takeClaim(), epoch: try take(Int64.self), kind: try takeFailureKind(),
            sqlState: try takeSQLState(), text: try takeText(limit: WireLimits.textBytesMax))
    }

    private mutating func takeLogLine() throws(WireError) -> LogLine {
        LogLine(
            number: try take(UInt64.self), severity: try take(UInt8.self),
            id: try takeText(limit: WireLimits.logIdentifierBytesMax),
            text: try takeText(limit: WireLimits.textBytesMax))
    }

    private mutating func takeWelcome() throws(WireError) -> Welcome {
        let count = Int(try take(UInt32.self))
        return Welcome(settings: try takeBytes(count, limit: WireLimits.settingsBytesMax))
    }

    private mutating func takeAssignment() throws(WireError) -> Assignment {
        Assignment(
            claim: try take(Int64.self), epoch: try take(Int64.self), phase: try takePhase(),
            slice: try take(Int32.self))
    }

    private mutating func takeFetch() throws(WireError) -> Fetch {
        Fetch(
            claim: try take(Int64.self), epoch: try take(Int64.self),
            slice: try take(Int32.self), offset: try take(UInt64.self),
            credit: try takeCount(UInt16.self, limit: WireLimits.creditMax))
    }

    private mutating func takeBlock() throws(WireError) -> Block {
        let slice = try take(Int32.self)
        let offset = try take(UInt64.self)
        let isLast = try takeFlag()
        let count = try takeCount(UInt32.self, limit: WireLimits.blockBytesMax)
        return Block(
            slice: slice, offset: offset, isLast: isLast,
            bytes: try takeBytes(Int(count), limit: WireLimits.blockBytesMax))
    }

    private mutating func takeDenial() throws(WireError) -> Denial {
        Denial(
            claim: try take(Int64.self), epoch: try take(Int64.self),
            slice: try take(Int32.self), kind: try takeDenialKind(),
            reason: try takeText(limit: WireLimits.reasonBytesMax))
    }

    private mutating func takeAliveNotice() throws(WireError) -> AliveNotice {
        AliveNotice(
            phase: try takePhase(), recordsDone: try take(UInt64.self),
            recordsTotal: try take(UInt64.self), budgetExceeded: try takeFlag())
    }
}
