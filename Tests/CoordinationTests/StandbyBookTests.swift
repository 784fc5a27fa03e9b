// What a standby does about what it sees, without a database and without waiting.

import Coordination
import Journal
import Ledger
import Testing

struct StandbyBookTests {
    private let start = ContinuousClock.now

    /// A run with a living coordinator under its first term.
    private func sight(
        term: Int64 = 1, silence: Duration = .zero, beatAt: Int64 = 1_000,
        holds: Bool = true, isHeld: Bool? = nil, hasEnded: Bool = false, takeovers: Int = 0
    ) -> RunSight {
        RunSight(
            run: "debit-result-20261120-01", job: "debit-result", term: term, phase: "load",
            conductor: Conductor(host: "osaka", user: "batch", process: 4_711), startedAt: 0,
            hasEnded: hasEnded, exitCode: hasEnded ? 14 : nil, beatAt: beatAt, silence: silence,
            holdsTarget: holds, targetIsHeld: isHeld ?? holds, takeovers: takeovers)
    }

    /// What a look comes to, in words.
    private func words(_ effects: [StandbyBook.Effect]) -> [String] {
        effects.map { effect in
            switch effect {
            case .takeOver(let sight): "take over from \(sight.term)"
            case .tell(let message, _, _): message.id.rawValue
            }
        }
    }

    private func look(
        _ book: inout StandbyBook, _ sights: [RunSight], at seconds: Double,
        mayTakeOver: Bool = true
    ) -> [String] {
        words(
            book.look(sights, mayTakeOver: mayTakeOver, at: start + .milliseconds(seconds * 1_000)))
    }

    @Test func `a living coordinator is told of once and left alone`() {
        var book = StandbyBook()
        #expect(look(&book, [sight()], at: 0) == ["KGR6031I"])
        #expect(look(&book, [sight(beatAt: 2_000)], at: 0.25) == [])
        #expect(look(&book, [sight(silence: .seconds(4))], at: 0.5) == [])
    }

    @Test func `a session that is gone in two looks is taken over, once`() {
        var book = StandbyBook()
        _ = look(&book, [sight()], at: 0)
        #expect(look(&book, [sight(holds: false)], at: 0.25) == [])
        #expect(look(&book, [sight(holds: false)], at: 0.5) == ["KGR6033W", "take over from 1"])
        #expect(look(&book, [sight(holds: false)], at: 0.75) == [])
        #expect(look(&book, [sight(term: 2)], at: 1) == [])
    }

    @Test func `a run whose target another session has just taken is waited for`() {
        var book = StandbyBook()
        for step in 0..<4 {
            #expect(
                look(&book, [sight(holds: false, isHeld: true)], at: Double(step) * 0.25) == [])
        }
    }

    @Test func `a run that ended in order is left alone`() {
        var book = StandbyBook()
        _ = look(&book, [sight()], at: 0)
        let ended = sight(holds: false, hasEnded: true)
        #expect(look(&book, [ended], at: 0.25) == ["KGR6032I"])
        #expect(look(&book, [ended], at: 0.5) == [])
        #expect(look(&book, [ended], at: 9) == [])
    }

    @Test func `a silent coordinator is watched before it is taken for dead`() {
        var book = StandbyBook()
        let silent = sight(silence: .seconds(7))
        #expect(look(&book, [silent], at: 0) == ["KGR6031I"])
        #expect(look(&book, [silent], at: 0.5) == [])
        #expect(look(&book, [silent], at: 1) == ["KGR6033W", "take over from 1"])
    }

    @Test func `a beat between two looks starts the watch anew, and so does a gap`() {
        var watch = SilenceWatch()
        func look(_ beat: Int64, at seconds: Double) -> SilenceWatch.Verdict {
            watch.look(
                beatAt: beat, silence: .seconds(8), at: start + .milliseconds(seconds * 1_000))
        }
        #expect(look(1, at: 0) == .doubtful)
        #expect(look(1, at: 0.8) == .doubtful)
        #expect(look(2, at: 1.2) == .doubtful)
        // The database stood still for four seconds, and with it everybody's beats.
        #expect(look(2, at: 5.2) == .doubtful)
        #expect(look(2, at: 5.9) == .doubtful)
        #expect(look(2, at: 6.3) == .silent)
        #expect(watch.look(beatAt: 3, silence: .seconds(1), at: start + .seconds(7)) == .alive)
        #expect(watch.look(beatAt: nil, silence: nil, at: start + .seconds(7)) == .alive)
    }

    @Test func `a takeover that does not come about is tried again, later and later`() {
        var book = StandbyBook()
        let gone = sight(holds: false)
        _ = look(&book, [gone], at: 0)
        #expect(look(&book, [gone], at: 0.25) == ["KGR6033W", "take over from 1"])
        var now = 0.25
        for delay in [2.0, 4, 8, 16, 32, 60, 60] {
            book.ended(gone.run, exit: "exit 11")
            #expect(look(&book, [gone], at: now + 0.25) == [])
            #expect(look(&book, [gone], at: now + 0.5) == ["KGR6035W"])
            #expect(look(&book, [gone], at: now + 0.4 + delay) == [])
            #expect(
                look(&book, [gone], at: now + 0.5 + delay) == ["KGR6033W", "take over from 1"])
            now += 0.5 + delay
        }
    }

    @Test func `a coordinator that was lost under a newer term is followed at once`() {
        var book = StandbyBook()
        let gone = sight(holds: false)
        _ = look(&book, [gone], at: 0)
        _ = look(&book, [gone], at: 0.25)
        book.ended(gone.run, exit: "signal 9")
        let again = sight(term: 2, holds: false, takeovers: 1)
        _ = look(&book, [again], at: 0.5)
        #expect(look(&book, [again], at: 0.75) == ["KGR6033W", "take over from 2"])
    }

    @Test func `a run that ends one coordinator after the other is given up, and told of once`() {
        var book = StandbyBook()
        let worn = sight(term: 6, holds: false, takeovers: CoordinationLimits.takeoversMax)
        _ = look(&book, [worn], at: 0)
        #expect(look(&book, [worn], at: 0.25) == ["KGR6036E"])
        #expect(look(&book, [worn], at: 0.5) == [])
        // A person's `resume` begins the count anew.
        #expect(look(&book, [sight(term: 7)], at: 1) == ["KGR6031I"])
        let lost = sight(term: 7, holds: false)
        _ = look(&book, [lost], at: 1.25)
        #expect(look(&book, [lost], at: 1.5) == ["KGR6033W", "take over from 7"])
    }

    @Test func `without room for another coordinator a run waits`() {
        var book = StandbyBook()
        let gone = sight(holds: false)
        _ = look(&book, [gone], at: 0, mayTakeOver: false)
        #expect(look(&book, [gone], at: 0.25, mayTakeOver: false) == [])
        #expect(look(&book, [gone], at: 0.5) == ["KGR6033W", "take over from 1"])
    }
}
