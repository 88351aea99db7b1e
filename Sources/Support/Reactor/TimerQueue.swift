/// Names one scheduled action, to cancel it.
public struct TimerID: Hashable, Sendable {
    internal let number: UInt64
}

/// Actions ordered by the instant they are due: a binary heap whose cancelled entries are dropped
/// when they surface.
///
/// Pure: instants (nanoseconds of a monotonic clock) are passed in. A cancelled entry costs its
/// heap slot until it is due or until cancelled ones outnumber the living, whichever comes first.
internal struct TimerQueue {
    private struct Entry {
        let due: UInt64
        let id: TimerID
    }
    private var heap: [Entry] = []
    private var actions: [TimerID: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    /// Slots in use, cancelled ones included.
    var heapCount: Int { heap.count }
    /// Actions that are still to come.
    var count: Int { actions.count }

    /// The instant of the next action.
    mutating func nextDue() -> UInt64? {
        while let first = heap.first {
            if actions[first.id] != nil { return first.due }
            removeFirst()
        }
        return nil
    }

    /// Adds an action due at `due`.
    mutating func add(due: UInt64, _ action: @escaping () -> Void) -> TimerID {
        lastNumber += 1
        let id = TimerID(number: lastNumber)
        actions[id] = action
        heap.append(Entry(due: due, id: id))
        siftUp(heap.count - 1)
        return id
    }

    /// Forgets an action. No effect when it already ran.
    mutating func cancel(_ id: TimerID) {
        guard actions.removeValue(forKey: id) != nil else { return }
        if heap.count > 64 && heap.count > 2 * actions.count { compact() }
    }

    /// Takes the next action that is due at `now`.
    mutating func popDue(now: UInt64) -> (() -> Void)? {
        while let first = heap.first, first.due <= now {
            removeFirst()
            if let action = actions.removeValue(forKey: first.id) { return action }
        }
        return nil
    }

    private mutating func compact() {
        heap.removeAll { actions[$0.id] == nil }
        var index = heap.count / 2
        while index > 0 {
            index -= 1
            siftDown(index)
        }
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    /// Earlier first; of two that are due together, the one added first.
    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].due, heap[a].id.number) < (heap[b].due, heap[b].id.number)
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard isBefore(index, parent) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
