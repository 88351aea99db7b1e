internal import Broker

/// The answers of one connection, in the order of its requests.
internal struct AnswerQueue {
    private enum Slot {
        case waiting(bytes: Int, isPipelined: Bool)
        case ready(Reply)
    }
    private var slots: [Slot] = []
    /// Slots at the front of the array that were taken.
    private var taken = 0
    /// Number of the request whose slot is the first.
    private var firstNumber = 0
    /// Bytes of requests that wait for the log.
    private(set) var waitingBytes = 0
    /// The last request must be answered before the next one is handled.
    private(set) var isBlocked = false

    /// Requests that are not answered.
    var count: Int { slots.count - taken }
    var isEmpty: Bool { count == 0 }

    /// The number the next request gets.
    var nextNumber: Int { firstNumber + slots.count }
    /// An answer can be taken.
    var hasNext: Bool {
        if taken < slots.count, case .ready = slots[taken] { return true }
        return false
    }

    /// A request whose answer comes later.
    mutating func reserve(bytes: Int, isPipelined: Bool) {
        slots.append(.waiting(bytes: bytes, isPipelined: isPipelined))
        waitingBytes += bytes
        if !isPipelined { isBlocked = true }
    }

    /// A request whose answer is there.
    mutating func append(_ reply: Reply) {
        slots.append(.ready(reply))
    }

    /// The answer to request `number` has come.
    mutating func complete(_ number: Int, _ reply: Reply) {
        let index = number - firstNumber
        guard slots.indices.contains(index),
            case .waiting(let bytes, let isPipelined) = slots[index]
        else { preconditionFailure("request \(number) was answered twice") }
        waitingBytes -= bytes
        if !isPipelined { isBlocked = false }
        slots[index] = .ready(reply)
    }

    /// Takes the answer whose turn it is, if it is there.
    mutating func next() -> Reply? {
        guard taken < slots.count, case .ready(let reply) = slots[taken] else { return nil }
        taken += 1
        if taken == slots.count || taken >= 64 {
            slots.removeFirst(taken)
            firstNumber += taken
            taken = 0
        }
        return reply
    }
}
