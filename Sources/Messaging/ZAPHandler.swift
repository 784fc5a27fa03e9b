// Who is let in (ZeroMQ's RFC 27): libzmq asks at every handshake, this answers from the
// allow-list. Served by the coordinator's loop: one thread, no shared list. A loop that is late
// makes a handshake wait or fail, and the worker tries again; it never lets anybody in.

import CZeroMQ

/// The handler of the process's context.
final class ZAPHandler {
    let socket: Socket

    /// What a handshake was answered.
    enum Verdict: Equatable {
        case allowed(name: String)
        /// A key that is on no line, or a request that is not as it must be.
        case refused(address: String)
    }

    private static let endpoint = "inproc://zeromq.zap.01"
    private static let version = Array("1.0".utf8)
    private static let mechanism = Array("CURVE".utf8)

    /// There is one in a context.
    init(_ context: borrowing Context) throws(MessagingError) {
        socket = try Socket(
            context, type: ZMQ_REP, options: [SocketOption("LINGER", ZMQ_LINGER, 0)])
        try socket.attach(.bind, Self.endpoint)
    }

    /// Answers the handshakes that wait, a bounded number of them.
    ///
    /// - Parameters:
    ///   - list: Who is let in.
    ///   - letsEverybodyIn: true only in the self-test's own tests.
    func serve(_ list: AllowList, letsEverybodyIn: Bool = false) throws(MessagingError) -> [Verdict]
    {
        var verdicts: [Verdict] = []
        while verdicts.count < MessagingLimits.handshakesPerLook, let frames = try receive() {
            var key: PublicKey?
            let verdict = judge(frames, list, letsEverybodyIn, &key)
            var isAllowed = false
            if case .allowed = verdict { isAllowed = true }
            // The user id is the key itself: a name that gets another key is another user.
            let answer: [[UInt8]] = [
                Self.version, frames.count > 1 ? frames[1] : [],
                Array((isAllowed ? "200" : "400").utf8), [],
                isAllowed ? Array((key?.text ?? "").utf8) : [], [],
            ]
            for (index, frame) in answer.enumerated() {
                _ = try socket.sendFrame(frame, more: index + 1 < answer.count)
            }
            verdicts.append(verdict)
        }
        return verdicts
    }

    private func judge(
        _ frames: [[UInt8]], _ list: AllowList, _ letsEverybodyIn: Bool, _ key: inout PublicKey?
    ) -> Verdict {
        let address = frames.count > 3 ? String(decoding: frames[3], as: UTF8.self) : "?"
        // Version, request, domain, address, identity, mechanism, credentials: exactly these.
        guard frames.count == 7, frames[0] == Self.version,
            frames[2] == Array(SocketOptions.domain.utf8), frames[5] == Self.mechanism,
            let shown = PublicKey(bytes: frames[6])
        else { return .refused(address: address) }
        key = shown
        if let name = list.name(of: shown.bytes) { return .allowed(name: name) }
        return letsEverybodyIn ? .allowed(name: "anybody") : .refused(address: address)
    }

    /// One request; nil: none waits.
    private func receive() throws(MessagingError) -> [[UInt8]]? {
        guard let first = try socket.receiveFrame() else { return nil }
        var frames = [first]
        while try socket.hasMoreFrames(), let next = try socket.receiveFrame() {
            if frames.count < MessagingLimits.zapFramesMax { frames.append(next) }
        }
        return frames.map { frame in
            if case .whole(let bytes) = frame { bytes } else { [] }
        }
    }
}
