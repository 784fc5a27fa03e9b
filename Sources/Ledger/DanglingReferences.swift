// Foreign keys of the target, asked of the staged rows before the barrier (PROTOCOL 7).

extension ApplyStatement {
    /// Staged records that refer to nothing; nil: the target has no foreign key that is staged.
    ///
    /// As the server does (MATCH SIMPLE), a reference with a NULL in it refers to nothing rightly.
    public var dangling: String? {
        guard !plan.references.isEmpty else { return nil }
        let conditions = plan.references.map { reference in
            let given = reference.columns.map { "s.\($0) IS NOT NULL" }
            let found = zip(reference.columns, reference.targets).map { "r.\($1) = s.\($0)" }
            return "(\(given.joined(separator: " AND ")) AND NOT EXISTS (SELECT FROM "
                + "\(reference.table) r WHERE \(found.joined(separator: " AND "))))"
        }
        return "SELECT s.kugiri_record FROM \(staging) s WHERE "
            + conditions.joined(separator: " OR ")
    }
}
