// Draws progress: a block redrawn in place on a terminal, single lines anywhere else.
// Makes text only; the owner writes it, one write per frame.

/// Turns states of a run into frames.
public struct ProgressView: Sendable {
    private let style: Style
    private var throttle: ProgressThrottle
    /// Lines of the block that stands on the terminal now.
    private var linesShown = 0

    /// A view for one stream.
    public init(manner: ProgressThrottle.Manner, style: Style) {
        self.style = style
        throttle = ProgressThrottle(manner)
    }

    /// A view as this terminal can show it.
    public init(_ terminal: Terminal) {
        self.init(manner: terminal.canRedraw ? .redrawn : .lines, style: terminal.style)
    }

    /// The text to write now; nil when nothing is due.
    ///
    /// - Parameters:
    ///   - state: The run as it stands.
    ///   - now: Time since any fixed moment, never going back.
    ///   - columns: Of the terminal, as it is now.
    ///   - rows: Of the terminal, as it is now; workers that do not fit are only counted.
    ///   - isFinal: The last frame: a block is always due and stays on the terminal, a line is
    ///     due when it tells something new.
    public mutating func frame(
        _ state: ProgressState, at now: Duration, columns: Int, rows: Int, isFinal: Bool = false
    ) -> String? {
        guard throttle.isDue(state, at: now, isFinal: isFinal) else { return nil }
        switch throttle.manner {
        case .lines: return Self.line(state) + "\n"
        case .redrawn:
            let lines = Self.block(state, columns: columns, rows: rows)
            let text = redraw(lines, columns: columns)
            linesShown = isFinal ? 0 : lines.count
            return text
        }
    }

    /// Removes the block, so that another line can be written; the next frame draws it below.
    public mutating func clear() -> String {
        defer { linesShown = 0 }
        return linesShown > 0 ? "\u{1B}[\(linesShown)A\r\u{1B}[J" : ""
    }

    /// One line of progress for logs and pipes.
    public static func line(_ state: ProgressState) -> String {
        var parts = ["\(state.run) \(state.phase)"]
        if state.recordsTotal > 0 {
            let percent = Figures.percent(done: state.recordsDone, total: state.recordsTotal)
            parts[0] += " \(percent) %"
            parts.append(
                "\(Figures.count(state.recordsDone)) of \(Figures.count(state.recordsTotal))"
                    + " records")
        } else {
            parts.append("\(Figures.count(state.recordsDone)) records")
        }
        if state.recordsDone > 0 { parts.append(Figures.rate(state.recordsPerSecond)) }
        if !state.workers.isEmpty { parts.append(plural(state.workers.count, "worker")) }
        if state.rejects > 0 { parts.append("\(Figures.count(state.rejects)) rejects") }
        if state.conflicts > 0 { parts.append("\(Figures.count(state.conflicts)) conflicts") }
        parts.append(Figures.duration(state.elapsed))
        return Escaping.escaped(parts.joined(separator: ", "))
    }

    /// Moves up over the old block, overwrites line by line, and clears only what is left over:
    /// clearing first would flicker.
    private func redraw(_ lines: [(text: String, ink: Style.Ink)], columns: Int) -> String {
        var text = linesShown > 0 ? "\u{1B}[\(linesShown)A\r" : ""
        for line in lines {
            // The last column stays free: some terminals wrap when it is filled.
            let cut = DisplayWidth.truncated(Escaping.escaped(line.text), to: max(1, columns - 1))
            text += style.paint(cut, line.ink) + "\u{1B}[K\n"
        }
        return text + (linesShown > lines.count ? "\u{1B}[J" : "")
    }

    private static func block(
        _ state: ProgressState, columns: Int, rows: Int
    ) -> [(text: String, ink: Style.Ink)] {
        var lines: [(text: String, ink: Style.Ink)] = []
        lines.append(("\(state.run)  \(Figures.duration(state.elapsed))", .bold))
        lines.append((state.phases.map(phase).joined(separator: "  "), .plain))
        let bar = Bar.progress(
            done: state.recordsDone, total: state.recordsTotal, width: min(columns - 1, 60))
        lines.append((bar, .green))
        var figures = "\(Figures.count(state.recordsDone))"
        if state.recordsTotal > 0 { figures += " of \(Figures.count(state.recordsTotal))" }
        figures += " records, \(Figures.rate(state.recordsPerSecond))"
        lines.append((figures, .plain))
        let troubles =
            "\(Figures.count(state.rejects)) rejects, \(Figures.count(state.conflicts)) conflicts"
        let isClean = state.rejects == 0 && state.conflicts == 0
        lines.append((troubles, isClean ? .dim : .yellow))
        // One row for the cursor, one for "and … more".
        let room = max(0, rows - lines.count - 2)
        for text in workers(state.workers.prefix(room)) { lines.append((text, .plain)) }
        if state.workers.count > room {
            lines.append(("and \(plural(state.workers.count - room, "worker")) more", .dim))
        }
        // A block taller than the terminal would scroll, and the cursor could not go back up.
        return Array(lines.prefix(max(1, rows - 1)))
    }

    private static func phase(_ phase: ProgressState.Phase) -> String {
        let mark =
            switch phase.standing {
            case .done: "✓"
            case .current: "▶"
            case .pending: "·"
            }
        let elapsed = phase.elapsed.map { " " + Figures.duration($0) } ?? ""
        return "\(mark) \(phase.name)\(elapsed)"
    }

    private static func workers(_ workers: ArraySlice<ProgressState.Worker>) -> [String] {
        let names = workers.map { Escaping.escaped($0.name) }
        let rates = workers.map { Figures.rate($0.recordsPerSecond) }
        let nameWidth = names.map(DisplayWidth.columns).max() ?? 0
        let rateWidth = rates.map(DisplayWidth.columns).max() ?? 0
        return zip(workers, zip(names, rates)).map { worker, shown in
            "  " + DisplayWidth.fitted(shown.0, to: nameWidth) + "  "
                + DisplayWidth.fitted(shown.1, to: rateWidth, alignment: .right) + "  "
                + worker.state
        }
    }
}

/// `1 worker`, `3 workers`.
func plural(_ count: Int, _ noun: String) -> String {
    "\(Figures.count(Int64(count))) \(noun)\(count == 1 ? "" : "s")"
}
