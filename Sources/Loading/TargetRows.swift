// Which records are for the same row of the target.

import Records

extension SliceRules {
    /// The normalised text of a data field, or of `header.NAME` of the record's group; "" when blank.
    func text(of field: String, _ slice: CheckedSlice, _ entry: SliceEntry) -> String {
        if field.hasPrefix("header.") {
            return groups[Int(entry.group)].headerFields[String(field.dropFirst(7))] ?? ""
        }
        var bytes: [UInt8] = []
        guard let index = checker.fieldIndex(field) else { return "" }
        _ = checker.appendText(index, slice.bytes.span.extracting(entry.place), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether two records with one partition key are for one target row.
    func sameTargetRow(
        _ left: SliceEntry, _ right: SliceEntry, _ slice: CheckedSlice
    ) -> Bool {
        if keyIsPartitionKey { return true }
        return targetKey.allSatisfy {
            text(of: $0, slice, left) == text(of: $0, slice, right)
        }
    }
}
