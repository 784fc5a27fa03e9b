// When progress is due and what a frame consists of; time is passed in.

import Journal
import Testing

struct ProgressTests {
    private func state(
        done: Int64 = 0, total: Int64 = 1_000, phase: String = "load", workers: Int = 2
    ) -> ProgressState {
        ProgressState(
            run: "debit-result-20261120-01", phase: phase,
            phases: [
                .init(name: "validate", standing: .done, elapsed: .seconds(20)),
                .init(name: "load", standing: .current, elapsed: .seconds(3)),
                .init(name: "certify", standing: .pending),
            ],
            recordsDone: done, recordsTotal: total, recordsPerSecond: 1_000,
            workers: (0..<workers).map {
                .init(name: "作業\($0)", state: "load slice \($0)", recordsPerSecond: 500)
            }, rejects: 0, conflicts: 3, elapsed: .seconds(23))
    }

    /// What the throttle says to one state after the other, at these milliseconds.
    private func answers(_ asked: [(state: ProgressState, milliseconds: Int)]) -> [Bool] {
        var throttle = ProgressThrottle(.lines)
        return asked.map { throttle.isDue($0.state, at: .milliseconds($0.milliseconds)) }
    }

    @Test func `lines come every 30 seconds or 5 percent, never within 5 seconds`() {
        let due = answers([
            (state(), 0), (state(done: 49), 6_000), (state(done: 50), 7_000),
            (state(done: 99), 36_000), (state(done: 99), 37_000), (state(done: 700), 41_999),
            (state(done: 700), 42_000), (state(done: 749), 71_999), (state(done: 749), 72_000),
        ])
        #expect(due == [true, false, true, false, true, false, true, false, true])
    }

    @Test(arguments: [(123, false), (124, true), (1_000, true)])
    func `the last line comes at once, but only with news`(done: Int64, isDue: Bool) {
        // Every throttle shows its first state; a screen also shows every last one.
        for (manner, isLastDue) in [(ProgressThrottle.Manner.lines, isDue), (.redrawn, true)] {
            var throttle = ProgressThrottle(manner)
            let first = throttle.isDue(state(done: 123), at: .zero)
            #expect(first)
            let last = throttle.isDue(state(done: done), at: .milliseconds(1), isFinal: true)
            #expect(last == isLastDue)
        }
    }

    @Test func `a new phase is told at once and its percent begin anew`() {
        let due = answers([
            (state(done: 990, phase: "validate"), 0), (state(done: 0), 1),
            (state(done: 49), 5_001), (state(done: 50), 5_002),
        ])
        #expect(due == [true, true, false, true])
    }

    @Test func `without a total only time counts`() {
        let due = answers([
            (state(total: 0), 0), (state(done: 900, total: 0), 29_000),
            (state(done: 900, total: 0), 30_000),
        ])
        #expect(due == [true, false, true])
    }

    @Test func `frames come at most ten times per second`() {
        var throttle = ProgressThrottle(.redrawn)
        let due = (0..<1_000).filter { throttle.isDue(state(), at: .milliseconds($0)) }
        #expect(due == Array(stride(from: 0, to: 1_000, by: 100)))
    }

    @Test func `a line is plain and complete`() {
        var view = ProgressView(manner: .lines, style: Style(isColoured: true))
        #expect(
            view.frame(state(done: 123), at: .zero, columns: 20, rows: 5)
                == "debit-result-20261120-01 load 12 %, 123 of 1,000 records, 1,000/s, 2 workers, "
                + "3 conflicts, 23.0s\n")
        #expect(view.frame(state(done: 123), at: .seconds(1), columns: 20, rows: 5) == nil)
        let last = view.frame(
            state(done: 1_000), at: .seconds(1), columns: 20, rows: 5, isFinal: true)
        #expect(last?.contains("100 %") == true)
        let first = ProgressView.line(state(workers: 0))
        #expect(
            first == "debit-result-20261120-01 load 0 %, 0 of 1,000 records, 3 conflicts, 23.0s")
    }

    @Test func `a frame overwrites the one before and stays when it is the last`() {
        var view = ProgressView(manner: .redrawn, style: .plain)
        let first = view.frame(state(), at: .zero, columns: 80, rows: 24) ?? ""
        #expect(
            first == """
                debit-result-20261120-01  23.0s\u{1B}[K
                ✓ validate 20.0s  ▶ load 3.0s  · certify\u{1B}[K
                \(String(repeating: "░", count: 54))   0 %\u{1B}[K
                0 of 1,000 records, 1,000/s\u{1B}[K
                0 rejects, 3 conflicts\u{1B}[K
                  作業0  500/s  load slice 0\u{1B}[K
                  作業1  500/s  load slice 1\u{1B}[K

                """)
        let second =
            view.frame(state(workers: 1), at: .seconds(1), columns: 80, rows: 24, isFinal: true)
            ?? ""
        #expect(second.hasPrefix("\u{1B}[7A\r"))
        #expect(second.hasSuffix("slice 0\u{1B}[K\n\u{1B}[J"))
        let third = view.frame(state(), at: .seconds(2), columns: 80, rows: 24) ?? ""
        #expect(!third.contains("A\r"))
        #expect(view.clear() == "\u{1B}[7A\r\u{1B}[J")
        #expect(view.clear() == "")
    }

    @Test(arguments: [(20, 5), (40, 10), (80, 24), (200, 60)])
    func `a frame fits its terminal and counts the workers it leaves out`(
        columns: Int, rows: Int
    ) {
        var view = ProgressView(manner: .redrawn, style: .plain)
        let frame =
            view.frame(state(workers: 40), at: .zero, columns: columns, rows: rows) ?? ""
        let lines = frame.split(separator: "\n").map { String($0.dropLast(3)) }
        #expect(!lines.isEmpty && lines.count < rows)
        #expect(lines.allSatisfy { DisplayWidth.columns($0) < columns })
        if (10..<40).contains(rows) { #expect(frame.contains("workers more")) }
    }

    @Test(arguments: [
        (true, [:], true), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
        (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm"], true), (false, [:], false),
    ])
    func `colours need a terminal that wants them`(
        isTerminal: Bool, environment: [String: String], isColoured: Bool
    ) {
        let style = Style(isTerminal: isTerminal, environment: environment)
        #expect(style.isColoured == isColoured)
        #expect(style.paint("x", .red) == (isColoured ? "\u{1B}[31mx\u{1B}[0m" : "x"))
    }
}
