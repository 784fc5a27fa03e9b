// A run as its ledger row tells of it, decoded for commands that only look.

import FoundationEssentials
package import Journal
package import Ledger
package import Loading
package import Plan
package import Postgres
import Records

/// A run with what it was started with.
package struct InspectedRun {
    package let row: RunRow
    package let definition: RunDefinition
    /// nil: it was not split yet.
    package let envelope: StoredEnvelope?
    /// nil: it was not split yet.
    package let partitions: PartitionTable?

    /// Reads a run; nil: there is none of this id.
    package static func read(
        _ run: String, _ connection: borrowing Connection
    ) throws -> InspectedRun? {
        guard let row = try RunLedger.get(run, connection) else { return nil }
        let decoder = JSONDecoder()
        let envelope = try row.envelope.map {
            try decoder.decode(StoredEnvelope.self, from: Data($0.utf8))
        }
        return InspectedRun(
            row: row,
            definition: try decoder.decode(RunDefinition.self, from: Data(row.definition.utf8)),
            envelope: envelope,
            partitions: envelope == nil
                ? nil
                : try SliceLedger.partitions(run: run, revision: row.revision, connection))
    }

    /// The directory of a run's logs, on the machine that conducted it.
    static func directory(of row: RunRow) throws -> String {
        try JSONDecoder().decode(RunDefinition.self, from: Data(row.definition.utf8))
            .runDirectory(of: row.run)
    }

    /// A partition key for people: masked when the contract says that it is personal.
    package func shown(key: String) -> String { keyIsPersonal ? Mask.key(key) : key }

    /// Whether the partition key is personal data.
    package var keyIsPersonal: Bool {
        definition.contract.recordType(.data)?.fields
            .first { $0.name == definition.contract.partitionKey }?.personal ?? true
    }

    /// Throws nothing and is nil when the number is one of the run's partitions, or 0; otherwise
    /// what to tell the operator.
    package func fault(partition number: Int) -> String? {
        guard let partitions else { return "run \(row.run) is not split: it has no partitions yet" }
        if number == 0 || partitions.partitions.contains(where: { $0.number == number }) {
            return nil
        }
        let numbers = partitions.partitions.map(\.number)
        return "run \(row.run) has no partition \(number); it has \(numbers.min() ?? 0) to "
            + "\(numbers.max() ?? 0), and 0 for keys outside every range"
    }
}

/// Times of the ledger as this machine's people read them.
package enum LocalTime {
    /// A moment given in milliseconds since 1970.
    package static func moment(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds, offsetSeconds: Timestamp.now().offsetSeconds)
    }

    /// A lock value: `2026-11-20T02:00:01.123456+09:00`, with the microseconds that decide.
    package static func lock(_ microseconds: Int64) -> String {
        let milliseconds = microseconds.divided(downBy: 1_000)
        let text = moment(milliseconds).iso8601WithOffset
        let digits = String(microseconds - milliseconds * 1_000)
        let micro = String(repeating: "0", count: 3 - digits.count) + digits
        // The offset is the last six characters: +09:00.
        return text.dropLast(6) + micro + text.suffix(6)
    }
}

extension Int64 {
    /// Division that rounds down, also below zero.
    fileprivate func divided(downBy divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
