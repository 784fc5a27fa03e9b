// A second thread, for work that shares nothing with the caller's until it is done: everything else
// in a process is one loop.

import Dispatch
import Synchronization

/// Pieces of work on a thread of its own, one after the other, a bounded number of them waiting.
///
/// The first piece that fails is the last: its error comes out of the next call, whichever that is.
final class SecondThread: Sendable {
    private let queue: DispatchQueue
    private let room: DispatchSemaphore
    private let trouble = Mutex<(any Error)?>(nil)

    /// - Parameters:
    ///   - name: For people who look at the process.
    ///   - piecesMax: Pieces that wait or are worked on; ``add(_:)`` waits for room.
    init(_ name: String, piecesMax: Int) {
        queue = DispatchQueue(label: "kugiri.\(name)")
        room = DispatchSemaphore(value: piecesMax)
    }

    /// Hands a piece over.
    func add(_ piece: @escaping @Sendable () throws -> Void) throws {
        room.wait()
        do {
            try check()
        } catch {
            room.signal()
            throw error
        }
        queue.async { [self] in
            defer { room.signal() }
            guard (try? check()) != nil else { return }
            do {
                try piece()
            } catch {
                trouble.withLock { $0 = $0 ?? error }
            }
        }
    }

    /// Waits until every piece is done.
    func finish() throws {
        wait()
        try check()
    }

    /// Waits until no piece is worked on or waits, whatever became of them.
    func wait() { queue.sync {} }

    private func check() throws {
        if let trouble = trouble.withLock({ $0 }) { throw trouble }
    }
}

/// The hash of a file, taken by a thread of its own while the caller does something else.
///
/// Stops soon after nobody wants it any more.
final class HashBeside {
    private let work: SecondThread
    private let state: State

    private final class State: Sendable {
        let isWanted = Atomic(true)
        let hash = Mutex<String?>(nil)
    }

    /// Begins; the file must not change any more.
    init(of path: String) throws {
        let state = State()
        self.state = state
        work = SecondThread("hash", piecesMax: 1)
        try work.add {
            let hash = try Files.sha256(path) {
                guard state.isWanted.load(ordering: .relaxed) else { throw CancellationError() }
            }
            state.hash.withLock { $0 = hash }
        }
    }

    deinit {
        state.isWanted.store(false, ordering: .relaxed)
        work.wait()
    }

    /// SHA-256 in hexadecimal, when it is there.
    func value() throws -> String {
        try work.finish()
        guard let hash = state.hash.withLock({ $0 }) else {
            preconditionFailure("a hash that was neither taken nor failed")
        }
        return hash
    }
}
