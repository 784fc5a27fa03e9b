// Small services that the command line needs around a run.

import Glibc
import Journal
import Ledger
import Messaging
package import Plan
package import Postgres

/// Services around a run.
package enum Preparation {
    /// Brings the schema up on the private server; checks it on others (16).
    package static func prepare(
        _ connection: borrowing Connection, migrates: Bool
    ) throws {
        if migrates { try Schema.migrate(connection) }
        try Schema.check(connection)
    }

    /// Notes who gave a command that changes something (`kugiri.audit`).
    ///
    /// - Parameters:
    ///   - run: The run it is about; nil: none.
    ///   - hash: Of the settings it works with; nil: it reads none.
    ///   - before: Of the settings until now; nil: it does not change them.
    ///   - reason: What it changes, or why; nil: the command says it.
    package static func audit(
        _ command: String, run: String?, version: String, hash: String?, before: String? = nil,
        reason: String? = nil, _ connection: borrowing Connection
    ) throws {
        let user = unsafe getpwuid(getuid()).flatMap { unsafe String(cString: $0.pointee.pw_name) }
        try RunLedger.audit(
            user: user ?? String(getuid()), host: HostName.current, command: command, run: run,
            reason: reason, before: before, after: hash, version: version, connection)
    }

    /// SHA-256 of a text, in hexadecimal.
    package static func hash(_ text: String) -> String { Files.sha256(ofText: text) }

    /// An error as exit code and lines for people.
    package static func explain(
        _ error: any Error, command: String
    ) -> (outcome: Outcome, lines: [String]) {
        let end = Ending.failed(error, nil)
        return (end.outcome, end.messages.map { $0.line() })
    }

    /// The names in a table's name as SQL writes it: unquoted ones in lower case, quoted ones
    /// as they stand.
    static func identifiers(of table: String) -> [String] {
        var names = [""]
        var isQuoted = false
        var closed = false
        for character in table.unicodeScalars {
            switch character {
            case "\"":
                // Two marks inside quotation marks are one mark of the name.
                if closed { names[names.count - 1] += "\"" }
                closed = isQuoted
                isQuoted.toggle()
                continue
            case "." where !isQuoted: names.append("")
            default:
                names[names.count - 1] +=
                    isQuoted ? String(character) : String(character).lowercased()
            }
            closed = false
        }
        return names
    }

    /// The trigger of PROTOCOL 20: moves the lock column when an online update forgets it; our
    /// own updates move it themselves, so the WHEN clause never lets them call it.
    package static func lockTrigger(table: String, column: String) -> String {
        let lock = quoteIdentifier(column)
        let name = identifiers(of: table).map(quoteIdentifier).joined(separator: ".")
        let function = quoteIdentifier("kugiri_move_\(column)")
        return """
            CREATE OR REPLACE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.\(lock) := GREATEST(clock_timestamp(), OLD.\(lock) + interval '1 microsecond');
                RETURN NEW;
            END $$;
            CREATE TRIGGER kugiri_lock BEFORE UPDATE ON \(name) FOR EACH ROW
                WHEN (NEW.\(lock) IS NOT DISTINCT FROM OLD.\(lock))
                EXECUTE FUNCTION \(function)();
            """
    }
}
