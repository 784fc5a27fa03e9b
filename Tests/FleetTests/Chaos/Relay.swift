// A man in the middle: passes bytes between two sockets, and lets somebody meddle with them.

import Foundation
import Glibc
import Synchronization
import Testing

/// Which way bytes go.
enum Heading: Int, Sendable {
    /// From the one who connected.
    case forth
    /// To the one who connected.
    case back
}

/// What is done to the bytes of one connection; used by one thread.
protocol Meddler: AnyObject {
    /// The bytes to pass on for those that came; nil: the connection is cut.
    func pass(_ bytes: [UInt8], _ heading: Heading) -> [UInt8]?
    /// Bytes held back whose time has come; asked every few milliseconds.
    func due(_ heading: Heading) -> [UInt8]
}

/// Listens in one place and passes everything on to another one until its last reference is gone.
final class Relay: Sendable {
    private static let pollMilliseconds: Int32 = 20
    private let isOver = Atomic<Bool>(false)
    private let threads = Atomic<Int>(0)

    /// - Parameter meddler: Makes one for every connection.
    init(from: Place, to: Place, meddler: @escaping @Sendable () -> any Meddler) throws {
        let listener = try from.listening()
        start { relay in
            defer { close(listener) }
            while !relay.isOver.load(ordering: .relaxed) {
                var asked = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&asked, 1, Self.pollMilliseconds) > 0 else { continue }
                let near = accept(listener, nil, nil)
                guard near >= 0 else { continue }
                guard let far = to.connected() else {
                    close(near)
                    continue
                }
                relay.start { Self.pass(near, far, meddler(), $0.isOver) }
            }
        }
    }

    /// Ends all of its connections and waits for its threads.
    func end() {
        isOver.store(true, ordering: .relaxed)
        while threads.load(ordering: .relaxed) > 0 { usleep(2_000) }
    }

    private func start(_ work: @escaping @Sendable (Relay) -> Void) {
        threads.add(1, ordering: .relaxed)
        Thread.detachNewThread {
            work(self)
            self.threads.subtract(1, ordering: .relaxed)
        }
    }

    private static func pass(
        _ near: Int32, _ far: Int32, _ meddler: any Meddler, _ isOver: borrowing Atomic<Bool>
    ) {
        defer {
            close(near)
            close(far)
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isOver.load(ordering: .relaxed) {
            var asked = [near, far].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard unsafe poll(&asked, 2, pollMilliseconds) >= 0 else { return }
            for (index, heading) in [Heading.forth, .back].enumerated() {
                let (source, sink) = index == 0 ? (near, far) : (far, near)
                guard send(meddler.due(heading), to: sink) else { return }
                guard asked[index].revents != 0 else { continue }
                let count = unsafe recv(source, &buffer, buffer.count, 0)
                guard count > 0, let bytes = meddler.pass(Array(buffer[..<count]), heading),
                    send(bytes, to: sink)
                else { return }
            }
        }
    }

    private static func send(_ bytes: [UInt8], to sink: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// A proxy before the server of all nights, that can cut off a COMMIT or its answer.
final class PostgresProxy {
    /// What all connections share.
    private final class Count: Sendable {
        struct State {
            var commits = 0
            var cuts = 0
            var passes: Set<Int> = []
            var isForwarded = true
            var away: Duration = .zero
            var isBackAt = ContinuousClock.now
        }
        let state = Mutex(State())
    }

    /// Looks for COMMIT on its way to the server.
    private final class Cutter: Meddler {
        private static let commit = Array("COMMIT\0".utf8)
        private let count: Count
        private var isCut = false

        init(_ count: Count) { self.count = count }

        func pass(_ bytes: [UInt8], _ heading: Heading) -> [UInt8]? {
            guard heading == .forth else { return isCut ? nil : bytes }
            guard count.state.withLock({ $0.isBackAt <= .now }) else { return nil }
            // A simple query of nothing else: Q, four bytes of length, COMMIT and a zero byte.
            guard bytes.first == UInt8(ascii: "Q"), bytes.suffix(7) == Self.commit[...] else {
                return bytes
            }
            return count.state.withLock { state in
                state.commits += 1
                guard state.passes.contains(state.commits) else { return bytes }
                state.cuts += 1
                isCut = true
                state.isBackAt = .now + state.away
                // What the server has been told it does; its answer finds nobody.
                return state.isForwarded ? bytes : nil
            }
        }

        func due(_ heading: Heading) -> [UInt8] { [] }
    }

    private let count: Count
    private let relay: Relay
    private let folder: String

    /// - Parameter server: Its URL, with a folder of sockets as `host`.
    init(server: String) throws {
        let words = server.split(separator: "?").last?.split(separator: "&") ?? []
        let host = words.first { $0.hasPrefix("host=") }?.dropFirst(5)
        let behind = try #require(host.flatMap { String($0).removingPercentEncoding }, "\(server)")
        folder = "/tmp/kp-\(getpid())-\(Counter.next())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        count = Count()
        relay = try Relay(
            from: .path("\(folder)/.s.PGSQL.5432"), to: .path("\(behind)/.s.PGSQL.5432")
        ) { [count] in Cutter(count) }
    }

    deinit {
        relay.end()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A URL through this proxy.
    func url(instead server: String) -> String {
        let parts = server.split(separator: "?", maxSplits: 1)
        let words = (parts.last ?? "").split(separator: "&").map {
            $0.hasPrefix("host=") ? "host=" + folder.replacing("/", with: "%2F") : String($0)
        }
        return "\(parts[0])?" + words.joined(separator: "&")
    }

    /// Cuts the COMMITs of these numbers, counted from 1 over all connections.
    ///
    /// - Parameters:
    ///   - isForwarded: Whether the server gets them, and only its answer is lost.
    ///   - away: How long nobody reaches the server after a cut.
    func cut(_ passes: Set<Int>, isForwarded: Bool, away: Duration = .zero) {
        count.state.withLock {
            $0.passes = passes
            $0.isForwarded = isForwarded
            $0.away = away
            $0.isBackAt = .now
        }
    }

    /// COMMITs seen.
    var commits: Int { count.state.withLock { $0.commits } }
    /// COMMITs cut off.
    var cuts: Int { count.state.withLock { $0.cuts } }
}
