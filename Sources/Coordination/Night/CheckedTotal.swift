// Control totals: what the trailer promises beside what was found (PROTOCOL 34).

import Journal
import Records

/// A promised figure beside the one found.
struct CheckedTotal {
    var group: GroupEnvelope
    var name: String
    var promised: Int64
    /// nil: a record's figure cannot be read, so nothing is proved.
    var found: Int64?
    /// The sender gave none of these figures (all zero in the trailer).
    var isOmitted: Bool
    var trailerOffset: UInt64
    /// Decimal places of the figures; 0: they are whole numbers.
    var scale: Int

    /// Whether the promise is kept.
    var holds: Bool { isOmitted || found == promised }

    /// Every control total of every group.
    ///
    /// - Parameter found: Per group the figures in the contract's order; a group that is not
    ///   there has no records.
    static func all(
        contract: Contract, envelope: EnvelopeSummary, found: [Int: [Int64?]],
        strideBytes: UInt64
    ) -> [CheckedTotal] {
        let totals = contract.controlTotals
        let data = contract.recordType(.data)
        return envelope.groups.flatMap { group in
            let optional = totals.filter(\.optionalWhenAllZero)
            let areOmitted =
                !optional.isEmpty && optional.allSatisfy { group.promised[$0.name] == 0 }
            return totals.enumerated().map { index, total in
                CheckedTotal(
                    group: group, name: total.name, promised: group.promised[total.name] ?? 0,
                    found: found[group.number].map { $0[index] } ?? 0,
                    isOmitted: total.optionalWhenAllZero && areOmitted,
                    trailerOffset: group.trailerOffset
                        ?? (group.trailerRecord - 1) * strideBytes,
                    scale: total.sum.flatMap { data?.field($0)?.scale } ?? 0)
            }
        }
    }

    /// For the operator: the group, both figures and the difference.
    var message: LogMessage {
        let figure = found.map { found in
            "\(FieldNumber.text(found, scale: scale)) (difference "
                + "\(FieldNumber.text(found - promised, scale: scale)))"
        }
        return LogMessage(
            .controlTotalFails,
            [
                "group": String(group.number + 1), "record": String(group.trailerRecord),
                "byte": String(trailerOffset), "name": name,
                "promised": FieldNumber.text(promised, scale: scale),
                "found": figure ?? "amounts that cannot be read",
            ])
    }

    /// For the report.
    var line: RunSummary.ControlTotal {
        .init(
            group: group.number + 1, name: name, promised: promised, found: found ?? 0,
            holds: holds, scale: scale > 0 ? scale : nil)
    }

    /// An identity fault for the operator.
    static func message(_ fault: IdentityFault) -> LogMessage {
        LogMessage(
            .identityFails,
            [
                "record": String(fault.recordNumber), "byte": String(fault.fileOffset),
                "field": fault.field, "found": fault.found, "expected": fault.expected,
            ])
    }
}
