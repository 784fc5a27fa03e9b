// The coordinator's memory does not grow with the slices it sends, whether they are read or not.

import FoundationEssentials
import Glibc
import Ledger
import Messaging
import Plan
import Records
import Testing
import Wire

@testable import Coordination

/// A fleet with four workers in one process that ask for slices of 50 MB.
private final class Scene {
    static let sliceBytes = 50 << 20
    static let workers = 4
    // Gone in this order. A dealer that reads nothing must not outlive the fleet: libzmq 4.3.4 ends the
    // process when a heartbeat is due on a connection whose input is full and whose other end is gone.
    private let dealers: [DealerBox]
    /// libzmq closes a context when its last socket is gone.
    private let context: Context
    let fleet: Fleet
    let hash: UInt64

    final class DealerBox {
        let socket: DealerSocket
        init(_ context: borrowing Context, _ endpoint: Endpoint) throws {
            socket = try DealerSocket(context, connect: endpoint)
        }
    }

    init(folder: String) throws {
        var content: [UInt8] = []
        content.reserveCapacity(Self.sliceBytes)
        let pattern = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        // No two blocks are alike: the pattern's length is a prime.
        while content.count < Self.sliceBytes {
            content += pattern.prefix(Self.sliceBytes - content.count)
        }
        hash = XXHash64.hash(content.span)
        try write(content, to: "\(folder)/s.slice")
        let endpoint = try Endpoint.ipc(directory: "\(folder)/ipc")
        fleet = try Fleet(
            endpoint: endpoint, network: .local, binaryVersion: "1",
            signals: try SignalReader([SIGUSR2]))
        fleet.run = "r"
        fleet.term = 1
        context = try Context()
        var dealers: [DealerBox] = []
        for _ in 0..<Self.workers { dealers.append(try DealerBox(context, endpoint)) }
        self.dealers = dealers
    }

    /// Workers introduce themselves and are offered a slice each.
    func meet() throws {
        let slices = (0..<Self.workers).map {
            SliceRow(
                slice: $0, range: .all, file: "s.slice", records: 1,
                bytes: Int64(Self.sliceBytes), checksum: hash, staging: "")
        }
        let folder = fleet.endpoint.directory.split(separator: "/").dropLast()
            .joined(separator: "/")
        fleet.spool.open(slices, directory: "/\(folder)")
        let deadline = Monotonic.now() + .seconds(20)
        while fleet.crew.count < Self.workers, Monotonic.now() < deadline {
            for worker in 0..<Self.workers {
                let hello = Hello(worker: "w\(worker)", host: "h", pid: 1, binaryVersion: "1")
                _ = send(.hello(hello), worker)
            }
            usleep(20_000)
            try fleet.breathe()
        }
        for worker in 0..<Self.workers {
            fleet.spool.grant(
                claim: Int64(worker), epoch: 1, slice: worker, to: "w\(worker)")
        }
    }

    func send(_ message: Message, _ worker: Int) -> Bool {
        let envelope = Envelope(term: 1, sequence: 1, run: "r", message: message)
        return (try? dealers[worker].socket.send(encode(envelope))) == true
    }

    func ask(_ worker: Int, at offset: Int) -> Bool {
        send(
            .fetch(
                Fetch(
                    claim: Int64(worker), epoch: 2, slice: Int32(worker),
                    offset: UInt64(offset), credit: UInt16(WireLimits.creditMax))), worker)
    }

    /// The next block of a worker's own; nil: none waits.
    func block(_ worker: Int) throws -> Block? {
        while let body = try dealers[worker].socket.receive() {
            if case .block(let block) = try decode(body).message { return block }
        }
        return nil
    }

    /// Every worker reads its slice, credit by credit, and keeps nothing; the peak of memory.
    func readAll() throws -> Int {
        var hashes = [XXHash64](repeating: XXHash64(), count: Self.workers)
        var offsets = [Int](repeating: 0, count: Self.workers)
        var ends = offsets
        var peak = 0
        let deadline = Monotonic.now() + .seconds(120)
        while offsets.contains(where: { $0 < Self.sliceBytes }), Monotonic.now() < deadline {
            for worker in 0..<Self.workers {
                if offsets[worker] == ends[worker], offsets[worker] < Self.sliceBytes,
                    ask(worker, at: offsets[worker])
                {
                    ends[worker] = min(
                        ends[worker] + WireLimits.creditMax * WireLimits.blockBytesMax,
                        Self.sliceBytes)
                }
                while let block = try block(worker) {
                    guard block.offset == UInt64(offsets[worker]) else { return .max }
                    hashes[worker].update(block.bytes.span)
                    offsets[worker] += block.bytes.count
                }
            }
            try fleet.breathe()
            peak = max(peak, residentBytes())
        }
        guard offsets.allSatisfy({ $0 == Self.sliceBytes }) else { return .max }
        return hashes.allSatisfy { $0.finish() == hash } ? peak : .max
    }

    /// Workers ask for every block and read none; the peak of memory.
    func readNothing() throws -> Int {
        var peak = 0
        for offset in stride(
            from: 0, to: Self.sliceBytes, by: WireLimits.creditMax * WireLimits.blockBytesMax)
        {
            for worker in 0..<Self.workers { _ = ask(worker, at: offset) }
            usleep(5_000)
            for _ in 0..<4 { try fleet.breathe() }
            peak = max(peak, residentBytes())
        }
        return peak
    }
}

/// What this process holds in memory now.
private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? .max / 8_192
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// Plays a scene in a process of its own and ends it: the growth of memory is within the bound.
private func judge(_ growthMax: Int, _ play: (Scene) throws -> Int) throws -> Never {
    let isWithin = try withFolder { folder in
        let scene = try Scene(folder: folder)
        try scene.meet()
        let before = residentBytes()
        let peak = try play(scene)
        print("before \(before >> 20) MiB, peak \(peak >> 20) MiB")
        return peak < before + growthMax
    }
    exit(isWithin ? EXIT_SUCCESS : EXIT_FAILURE)
}

@Suite struct SpoolMemoryTests {
    /// The credit of four workers in our queue and in theirs is 8 MiB; buffers of sockets and of
    /// the allocator come on top.
    @Test func `four slices of 50 MB pass through a memory of 24 MiB`() async {
        await #expect(processExitsWith: .success) {
            try judge(24 << 20) { try $0.readAll() }
        }
    }

    /// 64 messages of 60 KiB for each of four workers, in our queue and in theirs, are 30 MiB.
    @Test func `workers that ask without end and read nothing cost 48 MiB, not 200`() async {
        await #expect(processExitsWith: .success) {
            try judge(48 << 20) { try $0.readNothing() }
        }
    }
}
