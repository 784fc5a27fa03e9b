// Which coordinator a worker listens to.

import Plan
import Testing
import Wire

@testable import Simulator

@Suite struct HeardRunTests {
    private func message(_ message: Message, _ run: String, _ term: UInt64) -> Envelope {
        Envelope(term: term, sequence: 1, run: run, message: message)
    }

    private let notice = Message.alive(
        AliveNotice(phase: .load, recordsDone: 0, recordsTotal: 0, budgetExceeded: false))

    @Test func `a lower term of the same run is stale, of another run it is news`() {
        var heard = HeardRun()
        let worth = [("monday", UInt64(3)), ("monday", 2), ("monday", 3), ("tuesday", 1)].map {
            heard.hear(message(notice, $0.0, $0.1), isOwn: false)
        }
        #expect(worth == [.news, .stale, .news, .news])
        #expect(heard.term == 1 && heard.run == "tuesday")
    }

    @Test func `the end of a run never heard of is nothing new, except to a worker of its own`() {
        var remote = HeardRun()
        let atRemote = remote.hear(message(.drain, "monday", 3), isOwn: false)
        #expect(atRemote == .nothingNew)
        #expect(remote == HeardRun())
        var own = HeardRun()
        let atOwn = own.hear(message(.drain, "monday", 3), isOwn: true)
        #expect(atOwn == .news)
        #expect(own.run == "monday")
    }
}
