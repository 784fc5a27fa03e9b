// A session for small questions beside the main one: made again when it is lost, and given up when
// an answer takes too long, so that a database that hangs does not hang its user.

import Messaging
import Postgres

/// One session that is opened when it is needed.
final class BoundedSession {
    private let url: String
    private let name: String
    private let limit: Duration
    private var box: GuardianBox?
    private var deadline = Monotonic.now()

    /// - Parameters:
    ///   - url: Where the database is.
    ///   - name: Of the session, as `pg_stat_activity` shows it.
    ///   - limit: Of one use, the connecting included; looking up a host's name is not.
    init(url: String, name: String, limit: Duration) {
        self.url = url
        self.name = name
        self.limit = limit
    }

    /// Asks something; throws ``PostgresError`` when there is no answer in time.
    ///
    /// After an error the next use begins with a new session.
    func use<T>(_ body: (borrowing Connection) throws -> T) throws -> T {
        deadline = Monotonic.now() + limit
        do {
            let box = try session()
            return try body(box.connection)
        } catch {
            box = nil
            throw error
        }
    }

    private func session() throws -> GuardianBox {
        if let box, box.connection.isUsable { return box }
        let limit = limit
        let made = GuardianBox(
            try Connection(
                url: url, applicationName: name,
                idle: { [weak self] in
                    guard let self, Monotonic.now() > self.deadline else { return }
                    throw PostgresError(
                        sqlState: nil, message: "no answer for \(limit)", connectionLost: true)
                }))
        box = made
        return made
    }
}
