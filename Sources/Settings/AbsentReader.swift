// Reads `absent` of a target, and checks that a closed row is closed and can be opened again.

/// Reads what becomes of target rows that the input lacks.
struct AbsentReader {
    /// The job's parameters, which `set` may name.
    let parameters: [String: Job.ParameterType]
    /// The target's columns; nil: they are wrong, and nothing is held against them.
    let columns: [Target.ColumnMapping]?
    /// Key, lock and count columns with their use.
    let reserved: [String: String]

    /// The value at a cursor; nil: something is wrong with it, and the log says what.
    func read(_ cursor: YAMLCursor) -> Target.Absent? {
        YAMLKind<Target.Absent>.map("a map: action, max_share, open, set") { absent(&$0) }
            .read(cursor)
    }

    private func absent(_ map: inout YAMLMap) -> Target.Absent? {
        let action = map.required("action", as: .choice(Target.Absent.Action.allCases))
        let share = map.required("max_share", as: .share)
        let open = map.required("open", as: .pairs(.column, .openValue))
        let set = map.required("set", as: .pairs(.column, .source))
        guard let open, let set else { return nil }
        check(open, at: map.value("open"))
        check(set, at: map.value("set"))
        let rows = open.map { Target.Absent.OpenColumn(column: $0.key, value: $0.value.text) }
        let mappings = set.map { Target.ColumnMapping(column: $0.key, source: $0.value) }
        checkEnds(rows, mappings, at: map.value("set"))
        guard let action, let share else { return nil }
        return Target.Absent(
            action: action, maxShareMillionths: share, open: rows, set: mappings)
    }

    /// `open` names columns, and not those that every write moves.
    private func check(
        _ open: [(key: String, value: OpenValue)], at cursor: YAMLCursor?
    ) {
        if open.isEmpty {
            cursor?.fault("'open' is empty; name what an open row holds, like closed_on: null")
        }
        for (column, _) in open {
            guard let use = reserved[column], use != TargetReader.keyUse else { continue }
            cursor?.fault("column '\(column)' is \(use); it does not tell open rows from closed")
        }
    }

    /// `set` writes columns of its own with values that need neither a record nor the old row.
    private func check(
        _ set: [(key: String, value: Target.Source)], at cursor: YAMLCursor?
    ) {
        if set.isEmpty { cursor?.fault("'set' is empty; say what a closed row gets") }
        for (column, source) in set {
            if let use = reserved[column] {
                cursor?.fault("column '\(column)' is \(use); it is not for 'set'")
            }
            switch source {
            case .constant, .null: break
            case .field(let field):
                cursor?.fault(
                    "column '\(column)': there is no record to take field '\(field)' from; use"
                        + " constant, parameter or sql")
            case .before:
                cursor?.fault(
                    "column '\(column)': 'before' belongs to 'columns'; use constant, parameter"
                        + " or sql")
            case .parameter(let name):
                guard parameters[name] == nil else { break }
                cursor?.fault(
                    "column '\(column)': the job has no parameter '\(name)'; add it to"
                        + " 'parameters'",
                    suggestion: nearest(name, among: parameters.keys.sorted()))
            case .sql(let text):
                check(text, of: column, at: cursor)
            }
        }
    }

    private func check(_ text: String, of column: String, at cursor: YAMLCursor?) {
        do {
            let expression = try SQLExpression(text)
            let names =
                expression.newFields.map { "new.\($0)" }
                + expression.oldColumns.map { "old.\($0)" }
            guard let name = names.first else { return }
            cursor?.fault(
                "column '\(column)': the expression reads \(name); a row is closed without a"
                    + " record, and the same however often")
        } catch {
            cursor?.fault("column '\(column)': \(error.message)")
        }
    }

    /// A closed row is not open any more, or it would be closed again every night; a key that
    /// comes back is open again, or its row would be kept up to date as a closed one.
    private func checkEnds(
        _ open: [Target.Absent.OpenColumn], _ set: [Target.ColumnMapping], at cursor: YAMLCursor?
    ) {
        guard !open.isEmpty, !set.isEmpty else { return }
        let ending = set.filter { mapping in
            open.contains { $0.column == mapping.column && ends($0, mapping.source) }
        }
        if ending.isEmpty {
            cursor?.fault(
                "a row closed like this is still open by 'open'; set one of "
                    + open.map { "'\($0.column)'" }.joined(separator: ", ")
                    + " to a constant or a parameter that is another value")
        }
        guard let columns else { return }
        for mapping in ending where !columns.contains(where: { $0.column == mapping.column }) {
            let value = open.first { $0.column == mapping.column }?.value ?? "null"
            cursor?.fault(
                "a key that comes back would stay closed; add \(mapping.column): {constant:"
                    + " \(value)} to 'columns'")
        }
    }

    private func ends(_ open: Target.Absent.OpenColumn, _ source: Target.Source) -> Bool {
        switch source {
        case .constant(let text): text != open.value
        case .null: open.value != nil
        // A parameter always has a value; against a constant it is compared when a run begins.
        case .parameter: true
        case .field, .sql, .before: false
        }
    }
}

/// What an open row holds in a column.
struct OpenValue {
    /// nil: NULL.
    var text: String?
}

extension YAMLKind where Value == OpenValue {
    /// A constant, or `null`.
    fileprivate static var openValue: Self {
        Self { cursor in
            if cursor.isNull { return OpenValue(text: nil) }
            guard let text = cursor.text else { return cursor.mismatch("a constant or null") }
            return OpenValue(text: text)
        }
    }
}

extension YAMLKind where Value == Int {
    /// A part of one as millionths: `0.02` is 20,000.
    fileprivate static var share: Self {
        Self { cursor in
            guard case .scalar(let text, plain: true) = cursor.node.content,
                let value = Words.millionths(text), value <= Target.Absent.whole
            else {
                return cursor.mismatch("a share from 0 to 1 with at most six digits, like 0.02")
            }
            return value
        }
    }
}

extension YAMLCursor {
    /// Whether `null` or `~` is written here; a value that is left out is not.
    var isNull: Bool {
        guard case .scalar(let text, plain: true) = node.content else { return false }
        return text == "null" || text == "~"
    }
}

extension Words {
    /// `0.02` as 20,000; nil: not a number of at most six digits behind the point.
    static func millionths(_ text: String) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let ones = parts.first.flatMap({ Int(digits: $0) }) else {
            return nil
        }
        guard parts.count == 2 else { return ones <= 1 ? ones * 1_000_000 : nil }
        guard parts[1].count <= 6, let fraction = Int(digits: parts[1]), ones <= 1 else {
            return nil
        }
        let scaled = (parts[1].count..<6).reduce(fraction) { value, _ in value * 10 }
        return ones * 1_000_000 + scaled
    }
}

extension Int {
    /// A number of ASCII digits alone, at most nine of them.
    fileprivate init?(digits: Substring) {
        guard !digits.isEmpty, digits.count <= 9,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        self.init(String(digits))
    }
}
