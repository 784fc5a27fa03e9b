// Expressions are cut at `new.FIELD` and `old.COLUMN` and nowhere else.

import Testing

@testable import Coordination

@Suite struct SQLReferencesTests {
    typealias Piece = SQLReferences.Piece

    @Test(arguments: [
        ("new.amount", [Piece.new("amount")]),
        ("old.failures + 1", [.old("failures"), .text(" + 1")]),
        ("1 + 1", [.text("1 + 1")]),
        ("", []),
        ("NEW.Amount", [.new("amount")]),
        (
            "coalesce(Old.a, new.b)",
            [
                .text("coalesce("), .old("a"), .text(", "), .new("b"), .text(")"),
            ]
        ),
        ("new.\"Ein \"\"Name\"\"\"||'x'", [.new("Ein \"Name\""), .text("||'x'")]),
        ("'new.a' || new.b", [.text("'new.a' || "), .new("b")]),
        ("'it''s new.a' || old.b", [.text("'it''s new.a' || "), .old("b")]),
        ("\"new.a\"", [.text("\"new.a\"")]),
        ("renew.a + newer.b", [.text("renew.a + newer.b")]),
        ("x.new.a", [.text("x.new.a")]),
        ("_new.a", [.text("_new.a")]),
        ("new.a_1$ - old.b2", [.new("a_1$"), .text(" - "), .old("b2")]),
        ("new.顧客", [.new("顧客")]),
        ("new", [.text("new")]), ("new.", [.text("new.")]),
        ("new.a.b", [.new("a"), .text(".b")]),
    ])
    func `an expression is cut at its references`(expression: String, pieces: [Piece]) {
        #expect(SQLReferences.pieces(of: expression) == pieces)
    }

    @Test(arguments: [
        "new . amount", "new. amount", "E'it\\'s ' || new.amount", "$$ new.a $$ || new.b",
        "$x$ ' $x$ || new.b",
    ])
    func `what lint accepts is understood here too`(expression: String) throws {
        // Pieces put together again are the expression: nothing is lost, nothing made up.
        let names = SQLReferences.pieces(of: expression).compactMap { piece -> String? in
            if case .new(let name) = piece { return name }
            return nil
        }
        #expect(names.count == 1 && names.allSatisfy { !$0.isEmpty }, "\(names)")
    }
}
