// The receiving side of a slice that comes over the wire, block by block. A value: no socket, no
// clock. The caller passes the time in and carries the requests out, so that every loss, doubling
// and reordering can be played without a network.

import Records
package import Wire

/// A spool slice being received.
///
/// Blocks are asked for within a window, as TCP does it: the window doubles with every block that
/// comes, up to the credit a worker may have, and falls to one block when nothing came for a while.
/// So a lost message costs one silence, and a slow link is not filled with doubles of what is
/// already on its way.
///
/// After a silence the *last* of the blocks asked for is asked for again. If another of them comes
/// first, the line was only slow, and none is asked for twice; if that one comes, the others are
/// lost.
package struct SliceAssembly {
    /// Blocks to ask for, that follow each other.
    package struct Request: Equatable {
        /// Where the first one begins in the slice.
        package var offset: UInt64
        /// How many, at least one.
        package var credit: Int
    }

    private enum State: UInt8 {
        case missing, asked
        /// Asked for before a silence: lost, or still on its way.
        case suspect
        case here
    }

    private let slice: Int32
    private var content: [UInt8]
    private var states: [State]
    /// Blocks that were asked for and are not here.
    private var asked = 0
    private var here = 0
    /// Every block before this one is here or asked for.
    private var firstOpen = 0
    private var isProbing = false
    private var window = 1
    private var patience = LoadingLimits.blockPatience.lowerBound
    /// When a new block last came, or the last time-out was.
    private var movedAt: Duration
    /// When a new block last came.
    private(set) var receivedAt: Duration
    /// Bytes that are here.
    package private(set) var bytesReceived: UInt64 = 0

    /// Nothing has come yet.
    ///
    /// - Parameters:
    ///   - slice: Its number in the run.
    ///   - bytes: Its length by the ledger, at most `LoadingLimits.sliceBytesMax`.
    ///   - now: Any clock's time; later calls go on from it.
    package init(slice: Int32, bytes: Int, at now: Duration) {
        precondition(bytes >= 0 && bytes <= LoadingLimits.sliceBytesMax, "a slice over its bound")
        self.slice = slice
        content = [UInt8](repeating: 0, count: bytes)
        let blocks = (bytes + WireLimits.blockBytesMax - 1) / WireLimits.blockBytesMax
        states = [State](repeating: .missing, count: blocks)
        movedAt = now
        receivedAt = now
    }

    /// Whether every block is here; nothing is said of the checksum.
    package var isComplete: Bool { here == states.count }

    /// The slice, when it is complete.
    package consuming func bytes() -> [UInt8] { content }

    /// What to ask for now; to be called after every block and at the latest at ``deadline``.
    package mutating func requests(at now: Duration) -> [Request] {
        if now - movedAt >= patience { suspectAll(at: now) }
        if isProbing {
            isProbing = false
            return [probe()]
        }
        // Half a window at once: one request for eight blocks, not eight requests.
        guard asked == 0 || 2 * asked <= window else { return [] }
        var requests: [Request] = []
        while asked < window, firstOpen < states.count {
            let index = firstOpen
            firstOpen += 1
            guard states[index] == .missing || states[index] == .suspect else { continue }
            states[index] = .asked
            asked += 1
            let offset = Self.offset(of: index)
            if let last = requests.last, last.offset + Self.bytes(last.credit) == offset {
                requests[requests.count - 1].credit += 1
            } else {
                requests.append(Request(offset: offset, credit: 1))
            }
        }
        return requests
    }

    /// When ``requests(at:)`` has something new to say although nothing came.
    package var deadline: Duration { movedAt + patience }

    /// Takes a block in.
    ///
    /// - Returns: false: it is a double, another slice's, or does not fit this one's blocks; it
    ///   changed nothing.
    package mutating func take(_ block: Block, at now: Duration) -> Bool {
        let size = UInt64(WireLimits.blockBytesMax)
        guard block.slice == slice, block.offset < UInt64(content.count),
            block.offset % size == 0
        else { return false }
        let index = Int(block.offset / size)
        let start = Int(block.offset)
        let end = min(start + WireLimits.blockBytesMax, content.count)
        guard block.bytes.count == end - start, block.isLast == (index == states.count - 1),
            states[index] != .here
        else { return false }
        if states[index] == .asked { asked -= 1 }
        let wasSuspect = states[index] == .suspect
        states[index] = .here
        here += 1
        if wasSuspect { acquitAll() }
        content.replaceSubrange(start..<end, with: block.bytes)
        bytesReceived += UInt64(block.bytes.count)
        window = min(2 * window, WireLimits.creditMax)
        patience = Self.bounded(max((now - receivedAt) * 2, patience / 2))
        movedAt = now
        receivedAt = now
        return true
    }

    /// Nothing came for too long: all that was asked for is suspected to be lost.
    private mutating func suspectAll(at now: Duration) {
        for index in states.indices where states[index] == .asked { states[index] = .suspect }
        asked = 0
        firstOpen = 0
        window = 1
        isProbing = states.contains(.suspect)
        patience = Self.bounded(patience * 2)
        movedAt = now
    }

    /// The request for the last suspect, which tells whether the others are lost.
    private mutating func probe() -> Request {
        let index = states.lastIndex(of: .suspect) ?? states.startIndex
        states[index] = .asked
        asked += 1
        return Request(offset: Self.offset(of: index), credit: 1)
    }

    /// A suspect came that was not asked for again: the others are on their way too.
    private mutating func acquitAll() {
        for index in states.indices where states[index] == .suspect {
            states[index] = .asked
            asked += 1
        }
    }

    /// Twice what blocks lately took, so that a slow link is waited for and a short pause is soon
    /// forgotten.
    private static func bounded(_ patience: Duration) -> Duration {
        let bounds = LoadingLimits.blockPatience
        return min(max(patience, bounds.lowerBound), bounds.upperBound)
    }

    private static func offset(of block: Int) -> UInt64 { bytes(block) }

    private static func bytes(_ blocks: Int) -> UInt64 {
        UInt64(blocks) * UInt64(WireLimits.blockBytesMax)
    }
}
