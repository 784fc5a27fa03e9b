// Which exit code wins when several hold, and what each is called.

import Plan
import Testing

@Suite struct OutcomeTests {
    @Test func `of several outcomes the gravest is 70, 16, 10, 9, 8, then the smallest number`() {
        let order: [Outcome] = [
            .bug, .configuration, .structure, .totals, .rejects, .warning, .empty, .input,
            .infrastructure, .held, .deadline, .conflicts, .usage, .interrupted, .terminated,
            .normal,
        ]
        #expect(Set(order) == Set(Outcome.allCases))
        for (index, graver) in order.enumerated() {
            for lesser in order[index...] {
                #expect(Outcome.gravest([lesser, graver]) == graver)
                #expect(Outcome.gravest([graver, .normal, lesser]) == graver)
            }
        }
        #expect(Outcome.gravest([]) == .normal)
    }

    @Test func `every exit code of the table has its class`() {
        let classes: [Int32: String] = [
            0: "NORMAL", 4: "WARNING", 5: "WARNING", 8: "DATA", 9: "DATA", 10: "DATA", 11: "DATA",
            12: "RETRY", 13: "RETRY", 14: "RETRY", 15: "RETRY", 16: "CONFIG", 64: "USAGE",
            70: "BUG", 130: "SIGNAL", 143: "SIGNAL",
        ]
        #expect(Outcome.allCases.count == classes.count)
        for outcome in Outcome.allCases { #expect(outcome.result == classes[outcome.rawValue]) }
    }
}
