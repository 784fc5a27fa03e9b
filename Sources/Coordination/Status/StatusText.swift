// A run's status as text: one screen for people, one line for pipes.

import Journal

/// Writes statuses.
package enum StatusText {
    /// One screen, every line with its line feed.
    package static func screen(_ report: StatusReport) -> String {
        guard let status = report.run else { return "no run yet\n" }
        var lines = [headline(status, running: report.running)]
        func add(_ label: String, _ value: String) {
            lines.append("  " + DisplayWidth.fitted(label, to: 13) + Escaping.escaped(value))
        }
        let date = status.businessDate.map { ", for date \($0)" } ?? ""
        add("job", status.job + date)
        add("phase", progress(status))
        if let end = status.phaseEndsAt {
            let left = Duration.milliseconds(max(0, end.milliseconds - status.asOf.milliseconds))
            add("", "ends about \(end.iso8601WithOffset), in \(Figures.duration(left))")
        }
        add(
            "partitions",
            "\(Figures.count(status.partitionsDone)) of \(Figures.count(status.partitionsTotal)) "
                + "done")
        add(
            "troubles",
            "\(Figures.count(status.rejects)) rejects, \(Figures.count(status.conflicts)) "
                + "conflicts")
        add("started", status.startedAt.iso8601WithOffset)
        if let ended = status.endedAt { add("ended", ended.iso8601WithOffset) }
        add("target", status.target + ", " + holder(status))
        if let coordinator = status.coordinator { add("coordinator", coordinator) }
        if let next = status.next { add("next", next) }
        var text = lines.joined(separator: "\n") + "\n"
        if !status.workers.isEmpty {
            text +=
                "\n"
                + Table.render(
                    columns: [
                        .init("worker"), .init("host"), .init("process", .right), .init("does"),
                    ],
                    rows: status.workers.map {
                        [$0.name, $0.host, $0.process == 0 ? "-" : String($0.process), $0.state]
                    })
        }
        return text
    }

    /// One line, with its line feed.
    package static func line(_ report: StatusReport) -> String {
        guard let status = report.run else { return "no run yet\n" }
        var parts = ["\(status.runID) \(standing(status)) \(progress(status))"]
        parts.append("\(status.partitionsDone)/\(status.partitionsTotal) partitions")
        parts.append("\(status.workers.count) workers")
        parts.append("\(Figures.count(status.rejects)) rejects")
        parts.append("\(Figures.count(status.conflicts)) conflicts")
        if let end = status.phaseEndsAt { parts.append("ends about \(end.iso8601WithOffset)") }
        return Escaping.escaped(parts.joined(separator: ", ")) + "\n"
    }

    private static func headline(_ status: RunStatus, running: Int) -> String {
        let others = running - (status.isOn ? 1 : 0)
        let more = others > 0 ? " (\(others) more on)" : ""
        guard running == 0 else { return "\(status.runID)  \(standing(status))\(more)" }
        return "no run is on; the run shown: \(status.runID)  \(standing(status))"
    }

    /// In a word or two how it stands.
    private static func standing(_ status: RunStatus) -> String {
        if status.isOn { return "ON" }
        let exit = status.exitCode.map { ", exit \($0)" } ?? ""
        if status.state == "open" {
            return status.exitCode == nil ? "BROKEN OFF" : "STOPPED\(exit)"
        }
        return "\(status.state.uppercased()) \(status.result ?? "")\(exit)"
    }

    private static func progress(_ status: RunStatus) -> String {
        guard status.recordsTotal > 0 else { return status.phase }
        let rate =
            status.isOn && status.recordsPerSecond > 0
            ? ", \(Figures.count(status.recordsPerSecond))/s" : ""
        return "\(status.phase) \(status.percent) %, \(Figures.count(status.recordsDone)) of "
            + "\(Figures.count(status.recordsTotal)) records\(rate)"
    }

    private static func holder(_ status: RunStatus) -> String {
        guard let held = status.heldBy else { return "held by nobody" }
        let since = held.since.map { " since \($0.iso8601WithOffset)" } ?? ""
        return "held by \(held.holder)\(since)"
    }
}
