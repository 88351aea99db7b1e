import Clocks
import Decoding

/// The lanes that land a topic together.
struct Audience {
    /// Numbers of their seats; a lane's place in it is its route.
    let seats: [Int]
    /// The places by seat.
    let routes: [Int: Int]
    /// What each of them wants; nil for everything.
    let predicates: [Predicate?]

    init(_ sitters: [(seat: Int, definition: LaneDefinition)]) {
        seats = sitters.map(\.seat)
        routes = Dictionary(uniqueKeysWithValues: seats.enumerated().map { ($1, $0) })
        // Documents are judged one by one.
        predicates = sitters.map { $1.decoding.isByDocument ? nil : $1.predicate }
    }
}

/// Who sits in a shared reading, how far each has come, which chunks are still wanted, and whose
/// turn it is. Guarded by the reading's lock; nothing here takes long.
///
/// Only a few lanes have a turn at a time, and who has one goes on as far as there are chunks: so a
/// hundred lanes do not wake each other at every chunk, and do not fight for two cores.
struct ReadingHall {
    /// What a lane that asks for a chunk is to do.
    enum Decision {
        case take(RoutedChunk, route: Int)
        case read(Audience, route: Int)
        case wait
        case alone
    }

    typealias Wake = @Sendable () -> Void

    private enum Presence { case expected, present, absent }

    private enum Activity: Equatable {
        /// Does something else, or nothing.
        case resting
        /// Has a turn.
        case reading
        /// Waits for a turn; there is a chunk for it.
        case turn
        /// Waits until others have read what it wants, or have caught up.
        case news(SourcePartition, Int64)
        /// Waits to read, until chunks are not wanted any more.
        case room(SourcePartition, Int64)
    }

    private struct Sitter {
        let definition: LaneDefinition
        var presence = Presence.expected
        var activity = Activity.resting
        var wake: Wake?
        var lastSeen: MonotonicInstant?
    }

    /// A partition that is read together.
    private struct Desk {
        let audience: Audience
        /// How far each lane has come, by its route; nil before it has asked.
        var positions: [Int64?]
        var chunks: [RoutedChunk] = []
        var isUnderway = false

        init(_ audience: Audience) {
            self.audience = audience
            positions = audience.seats.map { _ in nil }
        }

        func chunk(at offset: Int64) -> RoutedChunk? { chunks.first { $0.covers(offset) } }
    }

    private let windowBytesMax: Int
    private let turnsMax: Int
    private var turns = 0
    private var sitters: [Sitter] = []
    private var audiences: [String: Audience] = [:]
    private var desks: [SourcePartition: Desk] = [:]
    private var windowBytes = 0
    private var opened: MonotonicInstant?

    /// Offsets apart up to which lanes are near each other.
    private static let nearMax: Int64 = 2_000_000
    /// How long those behind may be busy with something else.
    private static let patience = Duration.seconds(2)
    /// How long lanes that have not taken their tables over are waited for.
    private static let arrivalPatience = Duration.seconds(10)

    init(windowBytesMax: Int, turnsMax: Int) {
        self.windowBytesMax = windowBytesMax
        self.turnsMax = turnsMax
    }

    mutating func add(_ definition: LaneDefinition) -> Int {
        sitters.append(Sitter(definition: definition))
        return sitters.count - 1
    }

    mutating func arrive(_ seat: Int, now: MonotonicInstant, wake: @escaping Wake) -> [Wake] {
        sitters[seat].presence = .present
        sitters[seat].wake = wake
        sitters[seat].lastSeen = now
        let isLast = !sitters.contains { $0.presence == .expected }
        return isLast ? wakeAll() : []
    }

    mutating func leave(_ seat: Int) -> [Wake] {
        _ = rest(seat)
        sitters[seat].presence = .absent
        for partition in desks.keys {
            guard let route = desks[partition]?.audience.routes[seat] else { continue }
            desks[partition]?.positions[route] = nil
            dropPassed(partition)
        }
        return wakeAll()
    }

    /// The lane does something else than reading.
    mutating func rest(_ seat: Int) -> [Wake] {
        if sitters[seat].activity == .reading { turns -= 1 }
        sitters[seat].activity = .resting
        return giveTurns()
    }

    /// Somebody wants to go on at `offset`.
    mutating func ask(
        _ partition: SourcePartition,
        from offset: Int64,
        by seat: Int,
        now: MonotonicInstant
    ) -> (Decision, [Wake]) {
        var desk = desks[partition] ?? Desk(audience(of: partition.topic))
        guard desk.audience.seats.count > 1, let route = desk.audience.routes[seat] else {
            return (.alone, [])
        }
        desk.positions[route] = offset
        desks[partition] = desk
        sitters[seat].lastSeen = now
        var wakes = dropPassed(partition)
        if let chunk = desk.chunk(at: offset) {
            guard takeTurn(seat) else { return (.wait, wakes) }
            return (.take(chunk, route: route), wakes)
        }
        let isExpecting = isExpecting(desk.audience, now)
        if !isExpecting, !hasCompany(at: desk, route, offset) {
            return (.alone, wakes + rest(seat))
        }
        let news = Activity.news(partition, offset)
        if isExpecting || desk.isUnderway { return (.wait, wakes + wait(seat, for: news)) }
        if let other = seatBehind(offset, at: desk, now) {
            // Who is behind and has nothing to read goes first.
            if case .news = sitters[other].activity { wakes += wake(other) }
            return (.wait, wakes + wait(seat, for: news))
        }
        guard makeRoom(for: offset, of: partition, now) else {
            return (.wait, wakes + wait(seat, for: .room(partition, offset)))
        }
        guard takeTurn(seat) else { return (.wait, wakes) }
        desks[partition]?.isUnderway = true
        return (.read(desk.audience, route: route), wakes)
    }

    /// What was to be read is there, or could not be read.
    mutating func finish(_ partition: SourcePartition, _ chunk: RoutedChunk?) -> [Wake] {
        desks[partition]?.isUnderway = false
        if let chunk {
            desks[partition]?.chunks.append(chunk)
            windowBytes += chunk.byteCount
        }
        var last: (seat: Int, offset: Int64)?
        for seat in sitters.indices {
            switch sitters[seat].activity {
            case .news(partition, let offset), .room(partition, let offset):
                if chunk?.covers(offset) == true {
                    sitters[seat].activity = .turn
                } else if last.map({ offset < $0.offset }) ?? true {
                    last = (seat, offset)
                }
            default: break
            }
        }
        let wakes = giveTurns()
        return last.map { wakes + wake($0.seat) } ?? wakes
    }

    // Turns

    /// True when the lane may go on now; else it waits for its turn.
    private mutating func takeTurn(_ seat: Int) -> Bool {
        if sitters[seat].activity == .reading { return true }
        if turns >= turnsMax {
            sitters[seat].activity = .turn
            return false
        }
        sitters[seat].activity = .reading
        turns += 1
        return true
    }

    /// The lane waits, and its turn goes to others.
    private mutating func wait(_ seat: Int, for activity: Activity) -> [Wake] {
        if sitters[seat].activity == .reading { turns -= 1 }
        sitters[seat].activity = activity
        return giveTurns()
    }

    private mutating func giveTurns() -> [Wake] {
        var wakes: [Wake] = []
        for seat in sitters.indices where turns < turnsMax && sitters[seat].activity == .turn {
            sitters[seat].activity = .reading
            turns += 1
            if let wake = sitters[seat].wake { wakes.append(wake) }
        }
        return wakes
    }

    /// Has the lane ask again.
    private mutating func wake(_ seat: Int) -> [Wake] {
        sitters[seat].activity = .resting
        return sitters[seat].wake.map { [$0] } ?? []
    }

    private mutating func wakeAll() -> [Wake] {
        var wakes = giveTurns()
        for seat in sitters.indices {
            switch sitters[seat].activity {
            case .resting, .reading, .turn: break
            case .news, .room: wakes += wake(seat)
            }
        }
        return wakes
    }

    // Who is where

    private mutating func audience(of topic: String) -> Audience {
        if let audience = audiences[topic] { return audience }
        let audience = Audience(
            sitters.enumerated().compactMap { seat, sitter in
                let isIt = sitter.definition.selectors.contains { $0.selects(topic) }
                return isIt ? (seat, sitter.definition) : nil
            }
        )
        audiences[topic] = audience
        return audience
    }

    /// True while a lane that is about to begin would have to read again what the others read now.
    private mutating func isExpecting(_ audience: Audience, _ now: MonotonicInstant) -> Bool {
        let opened = opened ?? now
        self.opened = opened
        return now - opened < Self.arrivalPatience
            && audience.seats.contains { sitters[$0].presence == .expected }
    }

    private func hasCompany(at desk: Desk, _ route: Int, _ offset: Int64) -> Bool {
        desk.positions.indices.contains { other in
            guard other != route, isPresent(other, at: desk) else { return false }
            return desk.positions[other].map { abs($0 - offset) <= Self.nearMax } ?? true
        }
    }

    /// A lane that is near, awake, behind `offset`, and has no chunk to read.
    private func seatBehind(_ offset: Int64, at desk: Desk, _ now: MonotonicInstant) -> Int? {
        for (route, position) in desk.positions.enumerated() {
            guard let position, position < offset, offset - position <= Self.nearMax,
                isAwake(route, at: desk, now), desk.chunk(at: position) == nil
            else { continue }
            return desk.audience.seats[route]
        }
        return nil
    }

    private func isPresent(_ route: Int, at desk: Desk) -> Bool {
        sitters[desk.audience.seats[route]].presence == .present
    }

    private func isAwake(_ route: Int, at desk: Desk, _ now: MonotonicInstant) -> Bool {
        let sitter = sitters[desk.audience.seats[route]]
        guard sitter.presence == .present else { return false }
        switch sitter.activity {
        case .turn, .news, .room: return true
        case .resting, .reading: return sitter.lastSeen.map { now - $0 < Self.patience } ?? false
        }
    }

    // The window

    /// True when the lane has yet to come past the chunk, from not too far away.
    private func wants(_ chunk: RoutedChunk, _ route: Int, at desk: Desk) -> Bool {
        guard isPresent(route, at: desk) else { return false }
        guard let position = desk.positions[route] else { return true }
        return position < chunk.next && chunk.first - position <= Self.nearMax
    }

    /// Lets chunks go that everybody has passed; there may be room for another then.
    @discardableResult
    private mutating func dropPassed(_ partition: SourcePartition) -> [Wake] {
        guard let desk = desks[partition], !desk.chunks.isEmpty else { return [] }
        let routes = desk.positions.indices
        let kept = desk.chunks.filter { chunk in routes.contains { wants(chunk, $0, at: desk) } }
        guard kept.count < desk.chunks.count else { return [] }
        keep(kept, of: partition)
        let waiting = sitters.firstIndex { sitter in
            if case .room = sitter.activity { true } else { false }
        }
        return waiting.map { wake($0) } ?? []
    }

    private mutating func keep(_ chunks: [RoutedChunk], of partition: SourcePartition) {
        desks[partition]?.chunks = chunks
        windowBytes = desks.values.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.byteCount } }
    }

    /// True when another chunk may be read at `offset`.
    ///
    /// What only sleepers want goes, and what lies ahead: it can be read again, and who reads here
    /// is the last.
    private mutating func makeRoom(
        for offset: Int64,
        of partition: SourcePartition,
        _ now: MonotonicInstant
    ) -> Bool {
        if windowBytes < windowBytesMax { return true }
        for (place, desk) in desks where !desk.chunks.isEmpty {
            let awake = desk.positions.indices.filter { isAwake($0, at: desk, now) }
            let kept = desk.chunks.filter { chunk in
                if place == partition, chunk.first > offset { return false }
                return awake.contains { wants(chunk, $0, at: desk) }
            }
            if kept.count < desk.chunks.count { keep(kept, of: place) }
        }
        return windowBytes < windowBytesMax
    }
}
