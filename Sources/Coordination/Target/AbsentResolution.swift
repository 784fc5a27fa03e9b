// `absent` of a job, resolved against the catalog: columns, types, and how a key range is found.

import Ledger
import Postgres
import Records
import Settings

extension TargetResolution {
    /// What becomes of rows that the input lacks; nil: they are left alone.
    mutating func resolveAbsent(
        table: Int64, _ connection: borrowing Connection
    ) throws -> AbsentPlan? {
        guard let absent = job.target.absent else { return nil }
        let open = resolveOpen(absent)
        let closing = try resolveClosing(absent, connection)
        let key = job.target.key.first { $0.field == contract.partitionKey }
        guard let key, let column = columns[key.column] else {
            if key == nil {
                reasons.append(
                    "absent: partition key \(contract.partitionKey) is not in the target's key")
            }
            return nil
        }
        guard ["text", "character varying", "bpchar"].contains(column.castType) else {
            reasons.append(
                "absent: key column \(key.column) is \(column.type); rows of a key range can be "
                    + "told for text, varchar and char only")
            return nil
        }
        let order = try TargetCatalog.order(of: key.column, in: table, connection)
        let isPadded = column.castType == "bpchar"
        return AbsentPlan(
            column: quoteIdentifier(key.column), boundType: isPadded ? "bpchar" : "text",
            isBytewise: order.isBytewise,
            isIndexed: order.isIndexed && (order.isBytewise || !isPadded), open: open,
            closing: closing)
    }

    /// The condition under which a row `t` is open.
    private mutating func resolveOpen(_ absent: Target.Absent) -> String {
        var conditions: [String] = []
        for open in absent.open {
            guard let column = known(open.column) else { continue }
            let quoted = "t.\(quoteIdentifier(open.column))"
            guard let value = open.value else {
                conditions.append("\(quoted) IS NULL")
                continue
            }
            conditions.append(
                "\(quoted) IS NOT DISTINCT FROM \(bound(value, as: column.castType))"
                    + "::\(column.castType)")
        }
        return "(\(conditions.joined(separator: " AND ")))"
    }

    private mutating func resolveClosing(
        _ absent: Target.Absent, _ connection: borrowing Connection
    ) throws -> [AbsentPlan.Closing] {
        try absent.set.compactMap { mapping in
            guard let column = known(mapping.column) else { return nil }
            if column.isGenerated {
                reasons.append("absent: column \(mapping.column) is generated")
            }
            var value = "NULL"
            var isFixed = true
            switch mapping.source {
            case .constant(let text): value = bound(text, as: column.castType)
            case .null:
                if column.isNotNull {
                    reasons.append(
                        "absent: column \(mapping.column) is NOT NULL and is set to null")
                }
            case .parameter(let name):
                let text = parameters.values[name]
                if text == nil {
                    reasons.append("absent: column \(mapping.column): no parameter \(name)")
                }
                value = text.map { bound($0, as: column.castType) } ?? "NULL"
                checkEnds(mapping.column, text, absent)
            case .sql(let expression):
                (value, isFixed) = (expression, false)
                // Without any table: a name in it would be a column of the row that is closed.
                if let fault = try Self.fault(
                    in: "SELECT (\(expression))::\(column.castType)", connection)
                {
                    reasons.append("absent: column \(mapping.column): \(fault)")
                }
            case .field, .before:
                reasons.append("absent: column \(mapping.column) has no value without a record")
            }
            return AbsentPlan.Closing(
                column: quoteIdentifier(mapping.column), type: column.castType, value: value,
                isFixed: isFixed)
        }
    }

    /// What the server has against a statement, which is not executed; nil: nothing.
    static func fault(
        in statement: String, _ connection: borrowing Connection
    ) throws -> String? {
        do {
            try connection.prepare("kugiri_lint", statement)
            try connection.execute("DEALLOCATE kugiri_lint")
            return nil
        } catch let error as PostgresError where !error.isPassing {
            return error.message
        }
    }

    /// A parameter that is what open rows hold closes nothing.
    private mutating func checkEnds(_ column: String, _ text: String?, _ absent: Target.Absent) {
        guard let text, absent.open.contains(where: { $0.column == column && $0.value == text })
        else { return }
        reasons.append("absent: column \(column) is set to '\(text)', which open rows hold")
    }
}
