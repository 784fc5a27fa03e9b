// The job's target, resolved against the catalog: names, types, key, trigger. All that does not
// fit is reported together (16).

package import Journal
package import Ledger
import Plan
package import Postgres
package import Records
package import Settings

/// What does not fit between a job and its target table.
package struct TargetUnfit: Error {
    package var job: String
    package var table: String
    package var reasons: [String]

    /// As messages for the operator.
    package var messages: [LogMessage] {
        reasons.map { LogMessage(.targetUnfit, ["target": table, "job": job, "reason": $0]) }
    }
}

/// Resolves targets.
package struct TargetResolution {
    let job: Job
    let contract: Contract
    let parameters: RunParameters
    var reasons: [String] = []
    var columns: [String: CatalogColumn] = [:]
    private var values: [String] = []
    /// What each value is cast to: one text may stand for values of two types.
    private var valueTypes: [String] = []
    private var staging: [TargetPlan.StagingColumn] = []

    /// A column of the target.
    struct CatalogColumn {
        var type: String
        var castType: String
        var typeID: Int64
        var isNotNull: Bool
        var isGenerated: Bool
        var hasDefault: Bool
        var collationIsDeterministic: Bool
        var timePrecision: Int?
    }

    /// Resolves a job's target.
    package static func resolve(
        job: Job, contract: Contract, parameters: RunParameters,
        _ connection: borrowing Connection
    ) throws -> TargetPlan {
        var resolution = TargetResolution(job: job, contract: contract, parameters: parameters)
        guard let plan = try resolution.gather(connection), resolution.reasons.isEmpty else {
            throw TargetUnfit(
                job: job.name, table: job.target.table, reasons: resolution.reasons)
        }
        if let reason = try resolution.rehearse(plan, connection) {
            throw TargetUnfit(job: job.name, table: plan.table, reasons: [reason])
        }
        return plan
    }

    init(job: Job, contract: Contract, parameters: RunParameters) {
        self.job = job
        self.contract = contract
        self.parameters = parameters
    }

    /// The plan as far as the catalog has it, with everything that does not fit in `reasons`; nil:
    /// there is no such table.
    mutating func gather(_ connection: borrowing Connection) throws -> TargetPlan? {
        let target = job.target
        let table = try TargetCatalog.table(target.table, connection)
        guard let table else {
            reasons.append("there is no such table for user's search path; create it")
            return nil
        }
        for column in try TargetCatalog.columns(table.id, connection) {
            columns[column.name] = CatalogColumn(
                type: column.type, castType: column.castType, typeID: column.typeID,
                isNotNull: column.isNotNull,
                isGenerated: column.isGenerated, hasDefault: column.hasDefault,
                collationIsDeterministic: column.isDeterministic,
                timePrecision: column.timePrecision)
        }
        reasons += table.faults
        let keys = resolveKeys()
        let lock = resolveLock()
        let counter = target.updateCountColumn.map { resolveCounter($0) }
        let assignments = resolveAssignments()
        let sums = resolveSums()
        let absent = try resolveAbsent(table: table.id, connection)
        checkUnassigned()
        if try !TargetCatalog.hasUniqueKey(table.id, columns: target.key.map(\.column), connection)
        {
            reasons.append(
                "no primary key or unique constraint on exactly "
                    + "(\(target.key.map(\.column).joined(separator: ", ")))")
        }
        if !target.lockTrusted, columns[target.lockColumn] != nil,
            try !TargetCatalog.hasLockTrigger(table.id, connection)
        {
            reasons.append(
                "no BEFORE UPDATE trigger moves \(target.lockColumn) when the online side forgets "
                    + "it; create what 'kugiri db lock-trigger \(target.table)' prints, or set "
                    + "lock: {trusted: true}")
        }
        let checks = try TargetCatalog.checks(
            table.id,
            columns: staging.map(\.name).filter { columns[unquoted($0)] != nil }
                .map(unquoted), connection)
        let written = job.target.columns.map(\.column)
        for (index, column) in try TargetCatalog.secondaryUniqueKeys(
            table.id, key: job.target.key.map(\.column), written: written, connection)
        {
            reasons.append(
                "column \(column) is written and is in the unique index \(index): that no two "
                    + "records take one value cannot be proved before the load")
        }
        var plan = TargetPlan(
            table: table.name, tableID: table.id, keys: keys, lockColumn: lock,
            updateCountColumn: counter, columns: staging, checks: checks,
            assignments: assignments, values: values, sums: sums,
            inserts: target.mode == .upsert, history: job.history)
        let scales = sums.map { sum in
            staging.first { $0.name == sum }.flatMap { field($0.field)?.scale } ?? 0
        }
        if scales.contains(where: { $0 > 0 }) { plan.sumScales = scales }
        if job.indicator == .intervals { plan.derivesState = true }
        plan.absent = absent
        plan.references = try TargetCatalog.references(
            table.id,
            columns: staging.map(\.name).filter { columns[unquoted($0)] != nil }
                .map(unquoted), connection)
        return plan
    }

    private func unquoted(_ name: String) -> String {
        name.hasPrefix("\"")
            ? String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"") : name
    }

    private mutating func resolveKeys() -> [TargetPlan.KeyColumn] {
        job.target.key.compactMap { key in
            guard let column = known(key.column) else { return nil }
            if !column.collationIsDeterministic {
                reasons.append("key column \(key.column) has a nondeterministic collation")
            }
            let name = stage(key.field, for: key.column, column, isRequired: true)
            return name.map {
                TargetPlan.KeyColumn(
                    column: quoteIdentifier(key.column), staging: $0, type: column.castType)
            }
        }
    }

    private mutating func resolveLock() -> String {
        let name = job.target.lockColumn
        if let column = known(name) {
            if column.type != "timestamp with time zone"
                && !column.type.hasPrefix("timestamp(")
            {
                reasons.append("lock column \(name) is \(column.type), not timestamptz")
            }
            if let precision = column.timePrecision, precision < 6 {
                reasons.append(
                    "lock column \(name) keeps \(precision) digits of a second; it needs 6, "
                        + "or two changes may look alike")
            }
        }
        return quoteIdentifier(name)
    }

    private mutating func resolveCounter(_ name: String) -> String {
        if let column = known(name), !["integer", "bigint"].contains(column.type) {
            reasons.append("update_count column \(name) is \(column.type), not a whole number")
        }
        return quoteIdentifier(name)
    }

    private mutating func resolveAssignments() -> [TargetPlan.Assignment] {
        // Fields first, so that `new.FIELD` finds the staging column of the target's type.
        for mapping in job.target.columns {
            guard case .field(let field) = mapping.source, let column = known(mapping.column)
            else { continue }
            _ = stage(field, for: mapping.column, column, isRequired: column.isNotNull)
        }
        return job.target.columns.compactMap { mapping in
            guard let column = known(mapping.column) else { return nil }
            if column.isGenerated {
                reasons.append("column \(mapping.column) is generated and cannot be written")
            }
            let quoted = quoteIdentifier(mapping.column)
            let (update, insert) = expressions(mapping, column)
            return TargetPlan.Assignment(
                column: quoted, type: column.castType, update: update, insert: insert)
        }
    }

    private mutating func expressions(
        _ mapping: Target.ColumnMapping, _ column: CatalogColumn
    ) -> (update: String, insert: String) {
        switch mapping.source {
        case .field:
            let text = "s.\(quoteIdentifier(mapping.column))"
            return (text, text)
        case .constant(let text):
            let value = bound(text, as: column.castType)
            return (value, value)
        case .null:
            if column.isNotNull {
                reasons.append("column \(mapping.column) is NOT NULL and the job gives it null")
            }
            return ("NULL", "NULL")
        case .parameter(let name):
            guard let text = parameters.values[name] else {
                reasons.append("column \(mapping.column): there is no parameter \(name)")
                return ("NULL", "NULL")
            }
            let value = bound(text, as: column.castType)
            return (value, value)
        case .before(let source, let per):
            return (before(source, stored: mapping.column, per: per), "NULL")
        case .sql(let expression):
            return (
                substitute(expression, inserting: false), substitute(expression, inserting: true)
            )
        }
    }

    /// The value of a column before this business date (PROTOCOL 25).
    private mutating func before(_ source: String, stored: String, per: String) -> String {
        let date = job.target.columns.first { $0.column == per }.flatMap { mapping -> String? in
            guard case .parameter(let name) = mapping.source else { return nil }
            return parameters.values[name]
        }
        guard let date, let dateColumn = known(per) else {
            reasons.append("column \(stored): \(per) is not mapped to a parameter")
            return "NULL"
        }
        let today = "\(bound(date, as: dateColumn.type))::\(dateColumn.type)"
        let dated = "t.\(quoteIdentifier(per))"
        return "CASE WHEN \(dated) IS NULL OR \(dated) < \(today) "
            + "THEN t.\(quoteIdentifier(source)) ELSE t.\(quoteIdentifier(stored)) END"
    }

    /// Puts staging and target columns into an expression over `new` and `old`.
    private mutating func substitute(_ expression: String, inserting: Bool) -> String {
        var result = ""
        for piece in SQLReferences.pieces(of: expression) {
            switch piece {
            case .text(let text): result += text
            case .new(let field): result += newColumn(field)
            case .old(let column):
                guard let type = columns[column]?.type else {
                    reasons.append("old.\(column): the table has no such column")
                    continue
                }
                if inserting {
                    result += "NULL::\(type)"
                    continue
                }
                let carrier = job.target.columns.first { mapping in
                    if case .before(let source, _) = mapping.source { return source == column }
                    return false
                }
                guard let carrier, case .before(_, let per) = carrier.source else {
                    reasons.append("old.\(column) needs a column {before: \(column), per: …}")
                    continue
                }
                result += "(\(before(column, stored: carrier.column, per: per)))"
            }
        }
        return result
    }

    private mutating func newColumn(_ field: String) -> String {
        if let column = staging.first(where: { $0.field == field }) { return "s.\(column.name)" }
        return stage(field, as: "new_\(field)").map { "s.\($0)" } ?? "NULL"
    }

    private mutating func resolveSums() -> [String] {
        var names: [String] = []
        for total in contract.controlTotals {
            guard let field = total.sum else { continue }
            let name =
                staging.first { $0.field == field && $0.encoding != .text }?.name
                ?? stage(field, as: "new_\(field)")
            if let name, !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Columns that must have a value and get none would fail on the first insert.
    private mutating func checkUnassigned() {
        for name in columns.keys.sorted() where name.hasPrefix("kugiri_") {
            reasons.append("column \(name): names beginning with kugiri_ are Kugiri's own")
        }
        guard job.target.mode == .upsert else { return }
        let target = job.target
        let written =
            target.key.map(\.column) + target.columns.map(\.column) + [target.lockColumn]
            + [target.updateCountColumn].compactMap { $0 }
        for (name, column) in columns.sorted(by: { $0.key < $1.key })
        where column.isNotNull && !column.hasDefault && !written.contains(name) {
            reasons.append(
                "column \(name) is NOT NULL without a default and the job gives it no value, so "
                    + "that no row could be inserted; map it, or give it a default")
        }
    }

    mutating func known(_ name: String) -> CatalogColumn? {
        guard let column = columns[name] else {
            let near = nearest(name, among: columns.keys.sorted())
            let hint = near.map { "; did you mean \($0)?" } ?? ""
            reasons.append("the table has no column \(name)\(hint)")
            return nil
        }
        return column
    }

    /// A constant or parameter as the plan's SQL names it.
    mutating func bound(_ text: String, as type: String) -> String {
        let known = values.indices.first { values[$0] == text && valueTypes[$0] == type }
        if let known { return "⟦\(known)⟧" }
        values.append(text)
        valueTypes.append(type)
        return "⟦\(values.count - 1)⟧"
    }

    private func fieldType(_ reference: String) -> FieldType? { field(reference)?.type }

    private func field(_ reference: String) -> Field? {
        if reference.hasPrefix("header.") {
            return contract.recordType(.header)?.field(String(reference.dropFirst(7)))
        }
        return contract.recordType(.data)?.field(reference)
    }

    /// A staging column of the target column's name and type.
    private mutating func stage(
        _ field: String, for column: String, _ catalog: CatalogColumn, isRequired: Bool
    ) -> String? {
        let name = quoteIdentifier(column)
        if staging.contains(where: { $0.name == name }) { return name }
        guard let type = fieldType(field) else {
            reasons.append("column \(column): the contract has no field \(field)")
            return nil
        }
        guard let encoding = TargetCatalog.encoding(type, typeID: catalog.typeID) else {
            reasons.append(
                "column \(column) is \(catalog.type), which field \(field) (\(type.rawValue)) "
                    + "cannot fill")
            return nil
        }
        let scale = self.field(field)?.scale ?? 0
        if let places = TargetCatalog.decimalPlaces(catalog.type), places < scale {
            reasons.append(
                "column \(column) is \(catalog.type), which would round field \(field) of "
                    + "\(scale) decimal places")
            return nil
        }
        staging.append(
            TargetPlan.StagingColumn(
                name: name, field: field, type: catalog.type, encoding: encoding,
                isRequired: isRequired))
        return name
    }

    /// A staging column of the field's own type.
    private mutating func stage(_ field: String, as column: String) -> String? {
        guard let type = fieldType(field) else {
            reasons.append("the contract has no field \(field)")
            return nil
        }
        let name = quoteIdentifier(column)
        if staging.contains(where: { $0.name == name }) { return name }
        let (sqlType, encoding): (String, TargetPlan.Encoding) =
            switch type {
            case .integer: ("bigint", .int8)
            case .decimal: ("numeric", .numeric)
            case .monthDay, .date: ("date", .date)
            case .digits, .text, .filler: ("text", .text)
            }
        staging.append(
            TargetPlan.StagingColumn(
                name: name, field: field, type: sqlType, encoding: encoding, isRequired: false))
        return name
    }
}
