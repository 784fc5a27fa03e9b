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

    /// What tells the target row of a record from those of other records with its partition key.
    fileprivate func identity(_ slice: CheckedSlice, _ entry: SliceEntry) -> String {
        // A field holds no control characters.
        targetKey.map { text(of: $0, slice, entry) }.joined(separator: "\u{0}")
    }
}

/// The place of each staged record among those for its target row, in file order.
///
/// Made once per slice and in linear time: a partition key of a composite target key may have
/// thousands of records.
struct RowOrder {
    /// How many records before it are for the same target row, by position.
    private(set) var sequences: [Int32]
    /// Whether none after it is, by position.
    private(set) var areLast: [Bool]
    /// Some target row has more than one record.
    private(set) var hasSeveral = false

    /// The order of the valid entries of a slice, which are sorted by key, then by place in the file.
    init(_ valid: [Int], _ slice: CheckedSlice, _ rules: SliceRules) {
        sequences = [Int32](repeating: 0, count: valid.count)
        areLast = [Bool](repeating: true, count: valid.count)
        var start = 0
        while start < valid.count {
            let first = slice.entries[valid[start]]
            var end = start + 1
            while end < valid.count {
                let next = slice.entries[valid[end]]
                guard next.order == first.order,
                    SliceRules.compare(first, next, slice.keys) == 0
                else { break }
                end += 1
            }
            if end - start > 1 { order(start..<end, valid, slice, rules) }
            start = end
        }
    }

    /// Records with one partition key.
    private mutating func order(
        _ run: Range<Int>, _ valid: [Int], _ slice: CheckedSlice, _ rules: SliceRules
    ) {
        var before: [String: Int] = [:]
        for position in run {
            let entry = slice.entries[valid[position]]
            let identity = rules.keyIsPartitionKey ? "" : rules.identity(slice, entry)
            if let earlier = before.updateValue(position, forKey: identity) {
                hasSeveral = true
                sequences[position] = sequences[earlier] + 1
                areLast[earlier] = false
            }
        }
    }
}
