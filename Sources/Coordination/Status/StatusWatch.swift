// `status --watch`: the ledger first and now and then, events in between where they can be heard.

import FoundationEssentials
import Glibc
import Journal
import Messaging
package import Postgres

/// Follows a run until it is no longer on.
package struct StatusWatch: ~Copyable {
    private let run: String?
    private let url: String
    private var report: StatusReport
    private let context: Context
    private var readAt = Monotonic.now()

    /// - Parameter run: The run to follow; nil: as ``StatusReport/read(run:_:)`` picks it.
    package init(_ report: StatusReport, url: String) throws {
        self.report = report
        run = report.run?.runID
        self.url = url
        context = try Context()
    }

    /// Calls `show` for every refresh, the first and the last included.
    package mutating func follow(
        _ connection: borrowing Connection, show: (StatusReport) throws -> Void
    ) throws {
        try show(report)
        guard let subscriber = try subscribe() else {
            while report.run?.isOn == true {
                usleep(CoordinationLimits.statusIntervalMicroseconds)
                try read(connection)
                try show(report)
            }
            return
        }
        try listen(to: subscriber, connection, show)
    }

    private mutating func listen(
        to subscriber: borrowing SubscriberSocket, _ connection: borrowing Connection,
        _ show: (StatusReport) throws -> Void
    ) throws {
        var heardAt = Monotonic.now()
        while report.run?.isOn == true {
            _ = try wait(subscriber: subscriber, milliseconds: 500)
            var hasEnded = false
            var hasChanged = false
            while let body = try subscriber.receive() {
                // What does not decode is another version's; the ledger tells the rest.
                guard let event = try? JSONDecoder().decode(RunEvent.self, from: Data(body)) else {
                    continue
                }
                heardAt = Monotonic.now()
                report.run?.apply(event)
                hasEnded = hasEnded || event.event == .runEnded
                hasChanged = hasChanged || event.event != .message
            }
            let now = Monotonic.now()
            let isSilent = now - heardAt >= CoordinationLimits.statusInterval
            let isOld = now - readAt >= CoordinationLimits.statusReadInterval
            if hasEnded || isOld || (isSilent && now - readAt >= CoordinationLimits.statusInterval)
            {
                try read(connection)
                hasChanged = true
            }
            if hasChanged { try show(report) }
        }
    }

    private mutating func read(_ connection: borrowing Connection) throws {
        if let fresh = try StatusReport.read(run: run, connection) { report = fresh }
        readAt = Monotonic.now()
    }

    /// The run's events; nil: they are on another machine, closed to us, or switched off.
    private func subscribe() throws -> SubscriberSocket? {
        guard let status = report.run, let text = status.events, status.host == HostName.current,
            let endpoint = try? Endpoint(text), Files.isReadable(endpoint.path)
        else { return nil }
        return try SubscriberSocket(context, connect: endpoint, topic: status.runID)
    }
}
