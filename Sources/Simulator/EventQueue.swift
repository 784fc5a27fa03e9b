// What happens next: a heap by time, and by order of arrival among equals.

/// Things that will happen, the next one first.
struct EventQueue {
    /// Something that happens to a process, or to the world.
    struct Event {
        /// Milliseconds.
        var time: Int
        /// Breaks ties: what was planned first happens first.
        var order: Int
        /// To whom; nil: the world, which never sleeps.
        var process: Int?
        var action: () -> Void
    }

    private struct Place {
        var time: Int
        var order: Int
        var slot: Int
    }

    private var heap: [Place] = []
    private var slots: [Event?] = []
    private var free: [Int] = []

    /// Whether nothing will happen any more.
    var isEmpty: Bool { heap.isEmpty }

    /// Plans an event.
    mutating func add(_ event: Event) {
        let slot: Int
        if let last = free.popLast() {
            slot = last
            slots[slot] = event
        } else {
            slot = slots.count
            slots.append(event)
        }
        heap.append(Place(time: event.time, order: event.order, slot: slot))
        rise(heap.count - 1)
    }

    /// Takes the next event out; nil: there is none.
    mutating func next() -> Event? {
        guard let first = heap.first, let event = slots[first.slot] else { return nil }
        slots[first.slot] = nil
        free.append(first.slot)
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return event
    }

    /// Forgets everything.
    mutating func clear() { self = EventQueue() }

    private func precedes(_ left: Place, _ right: Place) -> Bool {
        left.time != right.time ? left.time < right.time : left.order < right.order
    }

    private mutating func rise(_ start: Int) {
        var child = start
        let place = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(place, heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = place
    }

    private mutating func sink() {
        var parent = 0
        let place = heap[0]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, precedes(heap[child + 1], heap[child]) { child += 1 }
            guard precedes(heap[child], place) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = place
    }
}
