// Which short forms a chunk is tried with.

import Ledger
import Testing

@testable import Loading

@Suite struct ChunkFormsTests {
    private func forms(_ fill: (inout IntervalCounts) -> Void) -> Set<ShortForm> {
        var counts = IntervalCounts()
        fill(&counts)
        var forms = ChunkForms()
        forms.learn(from: counts)
        return forms.likely
    }

    @Test func `a form that fitted a quarter of a chunk is tried on the next one`() {
        #expect(
            forms { ($0.staged, $0.updated, $0.unchanged) = (100, 25, 75) } == [.update, .confirm])
        #expect(
            forms { ($0.staged, $0.updated, $0.unchanged) = (100, 24, 76) } == [.confirm])
        #expect(
            forms { ($0.staged, $0.inserted, $0.conflicts) = (100, 99, 1) } == [.insert])
        #expect(forms { ($0.staged, $0.conflicts) = (2, 2) } == [])
    }

    @Test func `nothing is learnt from an empty chunk, and what is learnt is forgotten again`() {
        #expect(forms { _ in } == [.update, .confirm, .insert])
        var counts = IntervalCounts()
        (counts.staged, counts.inserted) = (10, 10)
        var forms = ChunkForms()
        forms.learn(from: counts)
        #expect(forms.likely == [.insert])
        (counts.inserted, counts.updated) = (0, 10)
        forms.learn(from: counts)
        #expect(forms.likely == [.update])
    }

    @Test func `a form that is left out comes back with the next chunk that has a use for it`() {
        var forms = ChunkForms()
        forms.leaveOut(.insert)
        #expect(forms.likely == [.update, .confirm])
        var counts = IntervalCounts()
        (counts.staged, counts.inserted) = (10, 9)
        forms.learn(from: counts)
        #expect(forms.likely == [.insert])
    }
}
