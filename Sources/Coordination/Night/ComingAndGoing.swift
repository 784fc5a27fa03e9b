// Who comes to a run's fleet and who leaves it, as run log, ledger and listeners are told.

import Journal
import Ledger
import Loading
import Messaging
import Plan
import Wire

extension RunCoordinator {
    /// Events that matter outside a drive too.
    func noteArrival(_ event: FleetEvent) {
        switch event {
        case .joined(let worker, let host, let process, let version):
            note(
                LogMessage(
                    .workerJoined,
                    [
                        "worker": worker, "host": host, "process": String(process),
                        "version": version,
                    ]), worker: worker)
        case .log(let worker, let line):
            guard let id = MessageID(rawValue: line.id) else { return }
            note(LogMessage(id, ["text": line.text]), worker: worker)
        case .notice(let message): note(message)
        default: break
        }
    }

    /// Notes that a worker process of our own has ended.
    func noteEnd(of worker: WorkerName, process: Int32, _ status: ExitStatus) {
        note(
            LogMessage(
                .workerEnded,
                ["process": String(process), "worker": worker, "status": Self.text(of: status)]),
            worker: worker)
    }

    func left(_ worker: WorkerName, reason: String) throws {
        try TenureLedger.leave(worker, run: run, term: term, connection)
        events?.tell(.workerLeft) { event in
            event.worker = worker
            event.reason = reason
        }
    }

    static func text(of status: ExitStatus) -> String {
        switch status {
        case .exited(let code): "exit \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .lost: "unknown"
        }
    }
}
