// A target's name is what SQL reads as one table, and nothing else.

import Testing

@testable import Settings

@Test(arguments: [
    "member_account", "billing.member_account", "Member2$", "\"Odd Name\"", "billing.\"a.b\"",
    "\"sch\"\"ema\".t", "会員", "\"\"\"\"",
])
func `a table's name is an identifier, with a schema or without`(_ name: String) {
    #expect(Words.isTable(name))
}

@Test(arguments: [
    "", ".", "Odd Name", "2member", "a.b.c", "a.", ".a", "\"", "\"\"", "\"a", "a\"b\"", "a;b",
    "a -- b", "$a", "a.\"b\"c", " a", "a\n",
])
func `anything else is no table's name`(_ name: String) {
    #expect(!Words.isTable(name))
}
