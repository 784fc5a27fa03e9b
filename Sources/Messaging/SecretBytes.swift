// Memory for secrets: one owner, wiped at its end, never a text.

import Glibc

/// Bytes that are wiped when they go.
@safe struct SecretBytes: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer

    init(count: Int) {
        unsafe memory = .allocate(byteCount: count, alignment: 16)
        unsafe Self.wipe(memory)
    }

    init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count)
        for (index, byte) in bytes.enumerated() { self[index] = byte }
    }

    deinit {
        unsafe Self.wipe(memory)
        unsafe memory.deallocate()
    }

    private static func wipe(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress else { return }
        unsafe explicit_bzero(start, memory.count)
    }

    /// The bytes, during a call.
    borrowing func withBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result { unsafe body(memory) }

    /// Memory of its own length.
    var count: Int { unsafe memory.count }

    /// One byte.
    subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < count, "a byte outside a secret")
            return unsafe memory[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "a byte outside a secret")
            unsafe memory[index] = newValue
        }
    }
}
