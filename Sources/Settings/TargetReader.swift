// Reads a job's target and checks what its columns say about each other.

/// Reads the table a job writes: key, lock, columns.
struct TargetReader {
    /// The job's parameters, which columns may name.
    let parameters: [String: Job.ParameterType]
    /// How faults call a key column.
    static let keyUse = "a key column"

    /// A column's mapping with the places its faults belong to.
    private struct Column {
        var mapping: Target.ColumnMapping
        var keyCursor: YAMLCursor
        var cursor: YAMLCursor
    }

    /// The target at a cursor; nil: something is wrong with it, and the log says what.
    func read(_ cursor: YAMLCursor) -> Target? {
        YAMLKind<Target>.map("a target, a map") { map in target(&map) }.read(cursor)
    }

    private func target(_ map: inout YAMLMap) -> Target? {
        let table = map.required("table", as: .table)
        let mode = map.required("mode", as: .choice(Target.Mode.allCases))
        let key = map.required("key", as: .pairs(.column, .field))
        if let key, key.isEmpty { map.value("key")?.fault("a key has at least one column") }
        let lock = map.required("lock", as: .lock)
        let updateCount = map.optional("update_count", as: .column)
        var columns: [Column]?
        let columnsKind = YAMLKind<[Column]> { readColumns($0) }
        columns = map.required("columns", as: columnsKind)

        var reserved: [String: String] = [:]
        for pair in key ?? [] { reserved[pair.key] = Self.keyUse }
        if let lock { reserve(lock.column, "the lock column", map.value("lock"), &reserved) }
        if let updateCount {
            reserve(updateCount, "the update count", map.value("update_count"), &reserved)
        }
        check(columns ?? [], reserved: reserved)
        let absentReader = AbsentReader(
            parameters: parameters, columns: columns?.map(\.mapping), reserved: reserved)
        let absent = map.optional("absent", as: YAMLKind(absentReader.read))
        guard let table, let mode, let key, let lock, let columns else { return nil }
        return Target(
            table: table, mode: mode,
            key: key.map { Target.ColumnField(column: $0.key, field: $0.value) },
            lockColumn: lock.column, lockTrusted: lock.trusted, updateCountColumn: updateCount,
            columns: columns.map(\.mapping), absent: absent)
    }

    private func reserve(
        _ column: String, _ use: String, _ cursor: YAMLCursor?, _ reserved: inout [String: String]
    ) {
        if let other = reserved[column] {
            cursor?.fault("column '\(column)' is \(other) already; it cannot be \(use) too")
        }
        reserved[column] = use
    }

    private func readColumns(_ cursor: YAMLCursor) -> [Column]? {
        guard let entries = cursor.entries("a map of columns") else { return nil }
        if entries.isEmpty { cursor.fault("a target has at least one column besides its key") }
        let columns: [Column?] = entries.map { entry in
            let name = YAMLKind.column.read(entry.keyCursor)
            guard let source = YAMLKind.source.read(entry.value), let name else { return nil }
            return Column(
                mapping: Target.ColumnMapping(column: name, source: source),
                keyCursor: entry.keyCursor, cursor: entry.value)
        }
        let good = columns.compactMap { $0 }
        return good.count == columns.count ? good : nil
    }

    // MARK: Columns among each other

    private func check(_ columns: [Column], reserved: [String: String]) {
        let mappings = columns.map(\.mapping)
        for column in columns {
            let name = column.mapping.column
            if let use = reserved[name] {
                column.keyCursor.fault(
                    "column '\(name)' is \(use); it is written without a mapping")
            }
            switch column.mapping.source {
            case .field, .constant, .null: break
            case .parameter(let parameter):
                guard parameters[parameter] == nil else { break }
                column.cursor.fault(
                    "the job has no parameter '\(parameter)'; add it to 'parameters'",
                    suggestion: nearest(parameter, among: parameters.keys.sorted()))
            case .before(let of, let per):
                checkBefore(column, of: of, per: per, among: mappings)
            case .sql(let text):
                checkExpression(text, column: column, among: mappings)
            }
        }
    }

    /// `before` keeps the value of a written column per business date (PROTOCOL 25).
    private func checkBefore(
        _ column: Column, of source: String, per: String, among mappings: [Target.ColumnMapping]
    ) {
        let names = mappings.map(\.column)
        switch mappings.first(where: { $0.column == source })?.source {
        case nil:
            column.cursor.fault(
                "'before' names '\(source)', which is not among the columns",
                suggestion: nearest(source, among: names))
        case .before:
            column.cursor.fault("'before' names '\(source)', which is a 'before' column itself")
        default: break
        }
        switch mappings.first(where: { $0.column == per })?.source {
        case .parameter(let parameter) where parameters[parameter] == .date: break
        case nil:
            column.cursor.fault(
                "'per' names '\(per)', which is not among the columns",
                suggestion: nearest(per, among: names))
        default:
            column.cursor.fault(
                "'per' names '\(per)', which is not mapped to a parameter of type date")
        }
    }

    private func checkExpression(
        _ text: String, column: Column, among mappings: [Target.ColumnMapping]
    ) {
        let expression: SQLExpression
        do { expression = try SQLExpression(text) } catch {
            column.cursor.fault(error.message)
            return
        }
        let kept: [String] = mappings.compactMap { mapping in
            guard case .before(let source, _) = mapping.source else { return nil }
            return source
        }
        for name in expression.oldColumns where !kept.contains(name) {
            column.cursor.fault(
                "the expression reads old.\(name), but no column keeps it: a rerun would change"
                    + " the row; add a column {before: \(name), per: BUSINESS_DATE_COLUMN}",
                suggestion: nearest(name, among: kept).map { "old.\($0)" })
        }
    }
}

extension YAMLKind where Value == (column: String, trusted: Bool) {
    /// `{column: updated_at, trusted: false}`.
    fileprivate static var lock: Self {
        map("a lock: column, trusted") { map in
            let column = map.required("column", as: .column)
            let trusted = map.optional("trusted", as: .flag, default: false)
            return column.map { (column: $0, trusted: trusted) }
        }
    }
}

extension YAMLKind where Value == Target.Source {
    /// `{field: …}`, `{constant: …}`, `{parameter: …}`, `{sql: …}` or `{before: …, per: …}`.
    static var source: Self {
        map("a source like {field: NAME}") { map in
            switch map.exactlyOne(of: ["field", "constant", "parameter", "sql", "before"]) {
            case "field": map.required("field", as: .field).map { .field($0) }
            case "constant": map.required("constant", as: .constant)
            case "parameter": map.required("parameter", as: .word).map { .parameter($0) }
            case "sql": map.required("sql", as: .text).map { .sql($0) }
            case "before": before(&map)
            default: nil
            }
        }
    }

    /// A text, or NULL where `null` is written; nothing at all is a fault.
    private static var constant: Self {
        Self { cursor in
            if cursor.isNull { return .null }
            return YAMLKind<String>.anyText.read(cursor).map { .constant($0) }
        }
    }

    private static func before(_ map: inout YAMLMap) -> Target.Source? {
        let column = map.required("before", as: .column)
        let per = map.required("per", as: .column)
        guard let column, let per else { return nil }
        return .before(column: column, per: per)
    }
}
