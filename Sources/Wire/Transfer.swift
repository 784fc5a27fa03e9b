// What is said when a worker cannot see the spool: blocks of a slice, asked for one by one.
// The slice is cut into blocks of `WireLimits.blockBytesMax` bytes; only the last is shorter.

/// A worker's request for blocks that follow each other: the credit it grants.
///
/// It may be sent again, and blocks may come twice: each says where it belongs.
public struct Fetch: Sendable, Equatable {
    /// The claim the worker holds.
    public var claim: Int64
    /// The epoch it holds the claim under; another one gets a `deny`.
    public var epoch: Int64
    /// The claim's slice.
    public var slice: Int32
    /// Where the first block begins in the slice, in bytes: a multiple of the block's size.
    public var offset: UInt64
    /// Blocks wanted, 1 to `WireLimits.creditMax`.
    public var credit: UInt16

    /// Memberwise.
    public init(claim: Int64, epoch: Int64, slice: Int32, offset: UInt64, credit: UInt16) {
        self.claim = claim
        self.epoch = epoch
        self.slice = slice
        self.offset = offset
        self.credit = credit
    }
}

/// A part of a spool slice.
public struct Block: Sendable, Equatable {
    /// The slice it is of, in the envelope's run.
    public var slice: Int32
    /// Where it begins in the slice, in bytes.
    public var offset: UInt64
    /// Whether the slice ends with it.
    public var isLast: Bool
    /// 1 to `WireLimits.blockBytesMax` bytes.
    public var bytes: [UInt8]

    /// Memberwise.
    public init(slice: Int32, offset: UInt64, isLast: Bool, bytes: [UInt8]) {
        self.slice = slice
        self.offset = offset
        self.isLast = isLast
        self.bytes = bytes
    }
}

/// Why no block of a slice comes.
public struct Denial: Sendable, Equatable {
    /// What stands in the way.
    public enum Kind: UInt8, Sendable, Equatable, CaseIterable {
        /// The worker does not hold this claim under this epoch, or the claim is of another slice.
        case notHeld = 1
        /// The coordinator's own file is missing, shorter than the ledger says, or unreadable.
        case unreadable = 2
    }

    /// As in the request.
    public var claim: Int64
    /// As in the request.
    public var epoch: Int64
    /// As in the request.
    public var slice: Int32
    /// What stands in the way.
    public var kind: Kind
    /// For people.
    ///
    /// At most `WireLimits.reasonBytesMax` bytes are sent, cut between two characters.
    public var reason: String

    /// Memberwise.
    public init(claim: Int64, epoch: Int64, slice: Int32, kind: Kind, reason: String) {
        self.claim = claim
        self.epoch = epoch
        self.slice = slice
        self.kind = kind
        self.reason = reason
    }
}
