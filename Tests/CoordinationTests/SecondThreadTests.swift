// Work on a second thread comes in order, waits when there is too much of it, and fails aloud.

import Glibc
import Synchronization
import Testing

@testable import Coordination

@Suite struct SecondThreadTests {
    private struct Broken: Error, Equatable {
        var piece: Int
    }

    @Test func `pieces are done one after the other, all of them before the end`() throws {
        let thread = SecondThread("test", piecesMax: 3)
        let done = Done()
        for piece in 0..<500 { try thread.add { done.numbers.withLock { $0.append(piece) } } }
        try thread.finish()
        #expect(done.numbers.withLock { $0 } == Array(0..<500))
    }

    @Test func `no more pieces wait than there is room for`() throws {
        let thread = SecondThread("test", piecesMax: 2)
        let done = Done()
        for piece in 0..<100 {
            try thread.add {
                usleep(1_000)
                done.numbers.withLock { $0.append(piece) }
            }
            // The one just handed over and the one before it may be open, no other.
            #expect(done.numbers.withLock { $0.count } >= piece - 1)
        }
        try thread.finish()
    }

    @Test func `the first failure comes out, and nothing is done behind it`() throws {
        let thread = SecondThread("test", piecesMax: 8)
        let done = Done()
        #expect(throws: Broken(piece: 3)) {
            for piece in 0..<100 {
                try thread.add {
                    if piece == 3 { throw Broken(piece: piece) }
                    if piece > 3 { done.numbers.withLock { $0.append(piece) } }
                }
            }
            try thread.finish()
        }
        thread.wait()
        #expect(done.numbers.withLock { $0.isEmpty })
        #expect(throws: Broken(piece: 3)) { try thread.finish() }
        #expect(throws: Broken(piece: 3)) { try thread.add {} }
    }

    @Test func `a hash taken beside is the file's, and a file that is not there is trouble`() throws
    {
        try withFolder { folder in
            let path = "\(folder)/input"
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try Files.openForWriting(path, append: false).write(bytes.span)
            #expect(try HashBeside(of: path).value() == Files.sha256(path))
            // Nobody asks for this one: it ends with its owner.
            _ = try HashBeside(of: path)
            let missing = try HashBeside(of: path + ".no")
            #expect(throws: FileTrouble.self) { try missing.value() }
        }
    }

    private final class Done: Sendable {
        let numbers = Mutex<[Int]>([])
    }
}
