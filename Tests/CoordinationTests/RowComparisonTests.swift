// Rows in the order of their keys, held against each other without a database.

import Coordination
import Testing

struct RowComparisonTests {
    private func row(_ key: String?, _ values: String?...) -> RowComparison.Row {
        RowComparison.Row(key: [key], values: values)
    }

    private func compare(
        _ expected: [RowComparison.Row], _ found: [RowComparison.Row]
    ) -> RowComparison {
        var left = expected[...]
        var right = found[...]
        return RowComparison(
            columns: ["amount", "name"], expected: { left.popFirst() }, found: { right.popFirst() })
    }

    @Test func `equal rows are counted`() {
        let rows = [row(nil, "1", nil), row("a", "1", "x"), row("b", nil, "y")]
        let result = compare(rows, rows)
        #expect(result.compared == 3)
        #expect(result.differing == 0)
        #expect(result.examples == [])
    }

    @Test func `a column that differs is named, and the key is masked`() {
        let result = compare(
            [row("customer-1", "1", "x"), row("customer-2", "1", "x")],
            [row("customer-1", "2", nil), row("customer-2", "1", "x")])
        #expect(result.differing == 1)
        #expect(result.examples == ["row ********-1: amount, name"])
    }

    @Test func `NULL is not the empty text`() {
        #expect(compare([row("a", nil, "x")], [row("a", "", "x")]).differing == 1)
    }

    @Test func `rows of one side are missing or too many, wherever they stand`() {
        let all = [row(nil, "0", ""), row("a", "1", ""), row("b", "2", ""), row("c", "3", "")]
        for index in all.indices {
            var fewer = all
            fewer.remove(at: index)
            let missing = compare(all, fewer)
            #expect(missing.compared == 4 && missing.differing == 1)
            #expect(missing.examples[0].hasSuffix("is missing"))
            let surplus = compare(fewer, all)
            #expect(surplus.compared == 4 && surplus.differing == 1)
            #expect(surplus.examples[0].hasSuffix("should not be there"))
        }
    }

    @Test func `keys are in the order of their bytes`() {
        // U+E000 stands before U+1F600 in bytes, behind it in UTF-16.
        let rows = [row("\u{E000}", "1", ""), row("\u{1F600}", "2", "")]
        #expect(compare(rows, [rows[1]]).examples.count == 1)
    }

    @Test func `only the first differences are named, all are counted`() {
        let rows = (100..<200).map { row("\($0)", "1", "") }
        let result = compare(rows, rows.map { RowComparison.Row(key: $0.key, values: ["2", ""]) })
        #expect(result.differing == 100)
        #expect(result.examples.count == 3)
    }
}
