// What a drill decides without a database: its limits, and the text of its rival's statement.

import Testing

@testable import Coordination

struct DrillRulesTests {
    @Test func `a run under a fault has ten times the undisturbed one and two minutes`() {
        #expect(DrillLimits.runLimit(undisturbedSeconds: 0) == .seconds(120))
        #expect(DrillLimits.runLimit(undisturbedSeconds: 6.5) == .seconds(185))
    }

    @Test(arguments: [
        ("BEGIN END", "DO $drill$ BEGIN END $drill$"),
        ("k < 'a$drill$; b'", "DO $xdrill$ k < 'a$drill$; b' $xdrill$"),
        ("'$drill$' '$xdrill$'", "DO $xxdrill$ '$drill$' '$xdrill$' $xxdrill$"),
    ])
    func `no key ends the body it stands in`(body: String, statement: String) {
        #expect(DrillRival.block(body) == statement)
    }

    @Test func `what did not end says for how long, and where it was`() {
        let late = DrillOverrun(limit: .seconds(125), standing: "open in phase load")
        #expect(
            late.finding
                == "did not end within 2m 05.0s and was killed; it was open in phase load")
    }
}
