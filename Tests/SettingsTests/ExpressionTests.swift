// What a SQL expression of a column reads.

import Testing

@testable import Settings

@Test(arguments: [
    ("new.a + old.b", ["a"], ["b"]),
    ("NEW.A || Old . B", ["a"], ["b"]),
    ("new.a + new.a", ["a"], []),
    ("'new.a' || 'it''s old.b' || new.c", ["c"], []),
    ("E'\\' old.b' || new.c", ["c"], []),
    ("'\\' || old.b", [], ["b"]),
    ("$$old.b$$ || $x$ $$ old.c $x$ || new.d", ["d"], []),
    ("new.\"A\"\"\" || \"new\".b", ["A\""], []),
    ("renew.a + t.new", [], []),
    ("coalesce(old.failures, 0) + 1", [], ["failures"]),
    ("a$1 - -1", [], []),
])
func `an expression names its fields and columns`(
    _ text: String, _ fields: [String], _ columns: [String]
) throws {
    let expression = try SQLExpression(text)
    #expect(expression.newFields == fields)
    #expect(expression.oldColumns == columns)
}

@Test(arguments: [
    "row_to_json(old)", "new.*", "old", "1; SELECT 2", "1 -- more", "1 /* more */", "'open",
    "\"open", "$$open", "E'open\\'", "new.",
])
func `a text that is no single expression over named values is refused`(_ text: String) {
    #expect(throws: SQLExpression.Fault.self) { try SQLExpression(text) }
}
