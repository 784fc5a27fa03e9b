// What an operator sees while a drill goes on: a block on a terminal, a line per run in a pipe.

package import Journal
import Messaging

/// The progress of a drill.
package struct DrillScreen {
    private let terminal: Terminal
    private let isQuiet: Bool
    private let began = Monotonic.now()
    private var drawn: ContinuousClock.Instant?
    private var spoken = Monotonic.now()
    private var linesShown = 0
    private var title = ""
    private var steps: [Step] = []

    private struct Step {
        var name: String
        var text: String
        var standing: ProgressState.Phase.Standing
        var isGood = true
        var began: ContinuousClock.Instant?
        var done: Int64 = 0
        var total: Int64 = 0
    }

    /// - Parameter isQuiet: Nothing is shown (`--quiet`).
    package init(_ terminal: Terminal, isQuiet: Bool) {
        self.terminal = terminal
        self.isQuiet = isQuiet
    }

    /// Says what the drill is about; progress is drawn below it.
    mutating func announce(_ message: LogMessage, steps names: [String]) {
        title = message.line()
        if !isQuiet { terminal.write(title + "\n") }
        steps = names.map { Step(name: $0, text: "", standing: .pending) }
    }

    /// A line of its own, quiet or not; only before the block is drawn or after it was taken away.
    func say(_ message: LogMessage) { terminal.write(message.line() + "\n") }

    /// A step begins.
    mutating func begin(_ name: String) {
        guard let index = steps.firstIndex(where: { $0.name == name }) else { return }
        steps[index].standing = .current
        steps[index].began = Monotonic.now()
        draw(isDue: true)
    }

    /// How far the step is that is on.
    mutating func note(done: Int64, total: Int64, text: String) {
        guard let index = steps.firstIndex(where: { $0.standing == .current }) else { return }
        steps[index].done = done
        steps[index].total = total
        steps[index].text = text
        guard !terminal.canRedraw else { return draw(isDue: false) }
        guard !isQuiet, Monotonic.now() - spoken >= DrillLimits.lineInterval else { return }
        spoken = Monotonic.now()
        let percent = total > 0 ? " \(Figures.percent(done: done, total: total)) %" : ""
        terminal.write("drill: \(steps[index].name): \(text)\(percent)\n")
    }

    /// The step that is on is over.
    ///
    /// - Parameter isGood: Whether it came to what it should.
    mutating func end(_ text: String, isGood: Bool = true) {
        guard let index = steps.firstIndex(where: { $0.standing == .current }) else { return }
        let time = steps[index].began.map { Figures.duration(Monotonic.now() - $0) } ?? ""
        steps[index].standing = .done
        steps[index].isGood = isGood
        steps[index].text = text + ", " + time
        guard !isQuiet else { return }
        if terminal.canRedraw {
            draw(isDue: true)
        } else {
            spoken = Monotonic.now()
            terminal.write("drill: \(steps[index].name): \(steps[index].text)\n")
        }
    }

    /// Takes the block away: the report follows.
    mutating func clear() {
        guard !isQuiet, linesShown > 0 else { return }
        terminal.write("\u{1B}[\(linesShown)A\r\u{1B}[J")
        linesShown = 0
    }

    private mutating func draw(isDue: Bool) {
        guard !isQuiet, terminal.canRedraw else { return }
        let now = Monotonic.now()
        if !isDue, let drawn, now - drawn < DrillLimits.drawInterval { return }
        drawn = now
        let columns = terminal.columns
        let width = steps.map { DisplayWidth.columns($0.name) }.max() ?? 0
        var text = linesShown > 0 ? "\u{1B}[\(linesShown)A\r" : ""
        let shown = steps.prefix(max(1, terminal.rows - 1))
        for step in shown {
            let mark =
                switch step.standing {
                case .done: step.isGood ? "✓" : "✗"
                case .current: "▶"
                case .pending: "·"
                }
            var line = "\(mark) \(DisplayWidth.fitted(step.name, to: width))  "
            if step.standing == .current, step.total > 0 {
                line +=
                    Bar.progress(done: step.done, total: step.total, width: DrillLimits.barColumns)
                    + "  "
            }
            line += step.text
            let cut = DisplayWidth.truncated(Escaping.escaped(line), to: max(1, columns - 1))
            text += terminal.style.paint(cut, step.standing == .current ? .bold : .plain)
            text += "\u{1B}[K\n"
        }
        linesShown = shown.count
        terminal.write(text)
    }
}
