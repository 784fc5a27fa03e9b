// What the operator sees while the run goes on: frames on a terminal, lines in a pipe.

package import Journal
import Messaging
import Plan
import Wire

/// The progress display of a run.
package struct RunScreen {
    private let terminal: Terminal
    private var view: ProgressView
    private let isQuiet: Bool
    private let began = Monotonic.now()
    private var rates: [String: (records: UInt64, at: Duration, rate: Double)] = [:]

    /// - Parameter isQuiet: Nothing is shown (`--quiet`).
    package init(_ terminal: Terminal, isQuiet: Bool) {
        self.terminal = terminal
        view = ProgressView(terminal)
        self.isQuiet = isQuiet
    }

    /// Says something that stays; progress is drawn below it.
    mutating func announce(_ message: LogMessage) {
        guard !isQuiet else { return }
        terminal.write(view.clear() + message.line() + "\n")
    }

    /// Shows how far the run is, when something is due; returns what there is to show.
    mutating func draw(
        run: String, phase: Phase, phaseTimes: [(phase: Phase, elapsed: Duration)],
        phaseElapsed: Duration, done: UInt64, total: UInt64, crew: [WorkerName: Crew],
        idle: Set<WorkerName>, rejects: Int64, conflicts: Int64, elapsed: Duration, isFinal: Bool
    ) -> ProgressState {
        let now = Monotonic.now() - began
        let phases = Phase.allCases.map { each -> ProgressState.Phase in
            if let time = phaseTimes.last(where: { $0.phase == each }) {
                return .init(name: each.rawValue, standing: .done, elapsed: time.elapsed)
            }
            return .init(
                name: each.rawValue, standing: each == phase ? .current : .pending,
                elapsed: each == phase ? phaseElapsed : nil)
        }
        let workers = crew.keys.sorted { ($0.count, $0) < ($1.count, $1) }
            .filter { crew[$0]?.peer != nil }
            .map { name in
                ProgressState.Worker(
                    name: name, state: state(of: crew[name], isIdle: idle.contains(name)),
                    recordsPerSecond: idle.contains(name) ? 0 : rate(name, crew[name], at: now))
            }
        let progress = ProgressState(
            run: run, phase: phase.rawValue, phases: phases, recordsDone: Int64(done),
            recordsTotal: Int64(total),
            recordsPerSecond: Figures.perSecond(
                Int64(done), in: phase == .publish ? elapsed : phaseElapsed),
            workers: workers, rejects: rejects, conflicts: conflicts, elapsed: elapsed)
        guard !isQuiet else { return progress }
        if let frame = view.frame(
            progress, at: now, columns: terminal.columns, rows: terminal.rows, isFinal: isFinal)
        {
            terminal.write(frame)
        }
        return progress
    }

    private func state(of crew: Crew?, isIdle: Bool) -> String {
        guard let beat = crew?.beat, beat.claim != nil, !isIdle else { return "waits for work" }
        let percent = Figures.percent(
            done: Int64(beat.recordsDone), total: Int64(max(beat.recordsTotal, 1)))
        return "\(beat.phase.rawValue) \(percent) %"
    }

    /// Records per second since the last look that was long enough ago to hold some chunks.
    private mutating func rate(_ name: WorkerName, _ crew: Crew?, at now: Duration) -> Double {
        let beat = crew?.beat.flatMap { $0.claim == nil ? nil : $0.recordsDone } ?? 0
        let records = (crew?.recordsDone ?? 0) + beat
        guard let last = rates[name] else {
            rates[name] = (records, now, 0)
            return 0
        }
        let seconds = (now - last.at) / .seconds(1)
        guard seconds >= CoordinationLimits.rateWindowSeconds else { return last.rate }
        let rate = records >= last.records ? Double(records - last.records) / seconds : last.rate
        rates[name] = (records, now, rate)
        return rate
    }
}
