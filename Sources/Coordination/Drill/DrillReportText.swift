// The page of a drill for people: a table of its runs, then what happened, in words.

package import Journal
import Plan

extension DrillReport {
    /// The page, as wide as it may be.
    ///
    /// - Parameter width: Columns; the table's numbers are never cut.
    package func text(width: Int, style: Style = .plain) -> String {
        var text = heading(width, style)
        text += "\n" + table(width)
        let told = faults.filter { !$0.happened.isEmpty }
        if !told.isEmpty { text += "\nWhat happened\n" }
        for run in told {
            let recovered = run.recovered.isEmpty ? "" : " Then: \(run.recovered)."
            text += Self.item("\(run.title): \(run.happened).\(recovered)", width)
        }
        let wrong = ([undisturbed] + faults).filter { !$0.findings.isEmpty }
        if !wrong.isEmpty { text += "\n" + style.paint("What differs", .red) + "\n" }
        for run in wrong {
            for finding in run.findings { text += Self.item("\(run.title): \(finding)", width) }
        }
        if !troubles.isEmpty { text += "\n" + style.paint("Beside the runs", .red) + "\n" }
        for trouble in troubles { text += Self.item(trouble, width) }
        text += "\n" + Self.item(proof, width, mark: "")
        return text
    }

    private func heading(_ width: Int, _ style: Style) -> String {
        let ink: Style.Ink = [.normal, .warning].contains(outcome) ? .green : .red
        var text = style.paint(result, ink) + "  drill of job \(job), exit \(exitCode), "
        text += Figures.duration(seconds: elapsedSeconds) + "\n\n"
        var facts = [
            ("began", startedAt.iso8601WithOffset),
            (
                "input",
                "\(input.path), \(Figures.bytes(input.bytes)), sha256 \(input.sha256.prefix(16))…"
            ),
            ("target", "\(target.table), copied with \(rowsText)"),
        ]
        if !target.leftOut.isEmpty {
            facts.append(("left out", target.leftOut.joined(separator: ", ")))
        }
        if !changed.isEmpty { facts.append(("changed", changed.joined(separator: ", "))) }
        if paceMilliseconds > 0 {
            facts.append(
                ("pace", "every chunk is held \(paceMilliseconds) ms, so that faults hit the load"))
        }
        if !target.comparedInPart.isEmpty {
            let list = target.comparedInPart.map { "\($0.column) (\($0.reason))" }
            facts.append(("held in part", list.joined(separator: ", ")))
        }
        facts.append(("outcome", outcomeText))
        for (name, fact) in facts {
            let lines = Self.wrapped(Escaping.escaped(fact), width - 16)
            for (index, line) in lines.enumerated() {
                text += "  " + DisplayWidth.fitted(index == 0 ? name : "", to: 12) + "  \(line)\n"
            }
        }
        for message in messages { text += Self.item(message, width) }
        return text
    }

    private var rowsText: String {
        let rows = target.rows == 1 ? "1 row" : "\(Figures.count(target.rows)) rows"
        return target.copied == "all"
            ? "all its \(rows)" : "the \(rows) whose keys are in the file"
    }

    /// What became of the file without a fault.
    private var outcomeText: String {
        let counts = undisturbed.counts
        let code = undisturbed.exitCode.map { "exit \($0)" } ?? "no end"
        guard undisturbed.exitCode != Outcome.empty.rawValue else {
            return "\(code): the file has no data records, there is nothing to do"
        }
        guard !isRefused else {
            return "\(code): the file is refused as a whole, nothing is loaded; "
                + "\(Figures.count(undisturbed.rejectsCompared)) rejects listed"
        }
        let parts = [
            (counts.inserted, "inserted"), (counts.updated, "updated"), (counts.closed, "closed"),
            (counts.unchanged, "unchanged"), (counts.rejected, "rejected"),
            (counts.conflicts, "conflicts"),
        ].filter { $0.0 > 0 }.map { "\(Figures.count($0.0)) \($0.1)" }
        return "\(code): \(Figures.count(counts.input)) records = "
            + (parts.isEmpty ? "none" : parts.joined(separator: " + "))
    }

    private func table(_ width: Int) -> String {
        let base = undisturbed.elapsedSeconds
        return Table.render(
            columns: [
                .init("run"), .init("exit", .right), .init("time", .right), .init("more", .right),
                .init("rows", .right), .init("differing", .right), .init("rejects", .right),
                .init("verdict"),
            ],
            rows: ([undisturbed] + faults).map { run in
                let wasRun = run.verdict != .impossible
                let isFirst = run.fault == nil
                let more = run.elapsedSeconds - base
                let seconds = Figures.duration(seconds: abs(more))
                return [
                    run.title, wasRun ? run.exitCode.map { String($0) } ?? "–" : "",
                    wasRun ? Figures.duration(seconds: run.elapsedSeconds) : "",
                    wasRun && !isFirst ? (more < 0 ? "−" : "+") + seconds : "",
                    wasRun ? Figures.count(run.rowsCompared) : "",
                    wasRun && !isFirst ? Figures.count(run.rowsDiffering) : "",
                    wasRun ? Figures.count(run.rejectsCompared) : "",
                    isFirst && run.verdict == .equal ? "reference" : run.verdict.text,
                ]
            }, width: width)
    }

    /// What the page proves, and what it does not.
    private var proof: String {
        var text =
            "Each run was of real processes on a server of the drill's own, with a fresh copy of the "
            + "table. Held against the undisturbed run: every row in every column, in part those named "
            + "above; every reject, every count, the exit code; beside it: no record left open, "
        text += "no session, lock, staging, spool or process left behind"
        text += isRefused ? "." : ", the certificate verified."
        if isRefused, faults.contains(where: { $0.verdict == .equal }) {
            text +=
                " Nothing of this file is loaded, so faults were brought about while it was "
                + "checked: equal rejects and an untouched table are the proof."
        }
        return text
    }

    // MARK: Lines

    private static func item(_ text: String, _ width: Int, mark: String = "- ") -> String {
        let indent = String(repeating: " ", count: mark.utf8.count)
        return wrapped(Escaping.escaped(text), width - mark.utf8.count).enumerated()
            .map { ($0 == 0 ? mark : indent) + $1 + "\n" }.joined()
    }

    /// The text in lines of whole words; a word longer than a line stands alone.
    static func wrapped(_ text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : "\(line) \(word)"
            if !line.isEmpty, DisplayWidth.columns(longer) > width {
                lines.append(line)
                line = String(word)
            } else {
                line = longer
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
