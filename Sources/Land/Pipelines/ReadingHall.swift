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

    private enum Activity {
        /// Does something else, or is about to ask.
        case resting
        /// Has a turn.
        case reading
        /// Sleeps until it is woken, because of what it wants.
        case waiting
    }

    /// What a lane asked for and did not get.
    private struct Want {
        let offset: Int64
        /// There is a chunk for it, and it waits for its turn.
        var isThere = false
        /// Nobody has read it, and there was no room to.
        var needsRoom = false
    }

    private struct Sitter {
        let definition: LaneDefinition
        var presence = Presence.expected
        var activity = Activity.resting
        var wants: [SourcePartition: Want] = [:]
        /// Where it has read since it has its turn, and may read on at once.
        var readings: Set<SourcePartition> = []
        var wake: Wake?
        var lastSeen: MonotonicInstant?

        func isWaiting(_ isIt: (Want) -> Bool) -> Bool {
            activity == .waiting && wants.values.contains(where: isIt)
        }
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
    /// The window was full, and has not become nearly empty since.
    private var isFull = false
    private var opened: MonotonicInstant?

    /// Offsets apart up to which lanes are near each other.
    private static let nearMax: Int64 = 2_000_000
    // Each lane is to find several chunks when its turn comes, not only the one that was just read:
    // a hundred lanes that sleep and wake at every chunk cost more than their rows.
    /// The part of the window that is read ahead before those who wait are woken.
    private static let aheadPart = 2
    /// The part of the window down to which a full one has to empty before it is filled again.
    private static let refillPart = 4
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
        var wakes = rest(seat)
        sitters[seat].presence = .absent
        for partition in desks.keys {
            guard let route = desks[partition]?.audience.routes[seat] else { continue }
            desks[partition]?.positions[route] = nil
            wakes += dropPassed(partition)
        }
        return wakes + wakeAll()
    }

    /// The lane does something else than reading, and asks again when it comes back.
    mutating func rest(_ seat: Int) -> [Wake] {
        sitters[seat].wants = [:]
        return settle(seat, as: .resting)
    }

    /// Somebody wants to go on at `offset`.
    mutating func ask(
        _ partition: SourcePartition,
        from offset: Int64,
        by seat: Int,
        now: MonotonicInstant
    ) -> (Decision, [Wake]) {
        let audience = audience(of: partition.topic)
        guard audience.seats.count > 1, let route = audience.routes[seat] else {
            return (.alone, [])
        }
        desks[partition, default: Desk(audience)].positions[route] = offset
        sitters[seat].lastSeen = now
        sitters[seat].wants[partition] = nil
        var wakes = dropPassed(partition)
        let desk = desks[partition, default: Desk(audience)]
        var want = Want(offset: offset)
        if let chunk = desk.chunk(at: offset) {
            if takeTurn(seat) {
                return (.take(chunk, route: route), wakes + pass(chunk, route, of: partition))
            }
            want.isThere = true
            return (.wait, wakes + wait(seat, for: want, of: partition))
        }
        let isExpecting = isExpecting(audience, now)
        if !isExpecting, !hasCompany(at: desk, route, offset) {
            return (.alone, wakes + settle(seat, as: .resting))
        }
        if isExpecting || desk.isUnderway {
            return (.wait, wakes + wait(seat, for: want, of: partition))
        }
        if let other = seatBehind(offset, at: desk, now) {
            // Who is behind and has nothing to read goes first.
            if sitters[other].activity == .waiting { wakes += wake(other) }
            return (.wait, wakes + wait(seat, for: want, of: partition))
        }
        guard makeRoom(for: offset, of: partition, now) else {
            want.needsRoom = true
            return (.wait, wakes + wait(seat, for: want, of: partition))
        }
        guard takeTurn(seat) else {
            want.isThere = true
            return (.wait, wakes + wait(seat, for: want, of: partition))
        }
        desks[partition]?.isUnderway = true
        sitters[seat].readings.insert(partition)
        return (.read(audience, route: route), wakes)
    }

    /// What was to be read for the lane on `route` is there, or could not be read.
    mutating func finish(
        _ partition: SourcePartition,
        _ chunk: RoutedChunk?,
        route: Int
    ) -> [Wake] {
        var wakes: [Wake] = []
        desks[partition]?.isUnderway = false
        if let chunk {
            desks[partition]?.chunks.append(chunk)
            windowBytes += chunk.byteCount
            if windowBytes >= windowBytesMax { isFull = true }
            wakes += pass(chunk, route, of: partition)
        }
        if chunk == nil || windowBytes >= windowBytesMax / Self.aheadPart {
            wakes += offer(partition)
        }
        // Those who wait for what nobody has read: the last of them is to.
        let desk = desks[partition]
        let seekers = sitters.indices.filter { seat in
            guard sitters[seat].activity == .waiting,
                let want = sitters[seat].wants[partition]
            else { return false }
            return desk?.chunk(at: want.offset) == nil
        }
        let last = seekers.min { want(of: $0, partition) < want(of: $1, partition) }
        if let last { wakes += wake(last) }
        return wakes + wakeForRoom()
    }

    private func want(of seat: Int, _ partition: SourcePartition) -> Int64 {
        sitters[seat].wants[partition]?.offset ?? .max
    }

    /// Gives turns to those who wait for a chunk that has been read.
    private mutating func offer(_ partition: SourcePartition) -> [Wake] {
        guard let desk = desks[partition] else { return [] }
        for seat in sitters.indices where sitters[seat].activity == .waiting {
            guard let want = sitters[seat].wants[partition] else { continue }
            if desk.chunk(at: want.offset) != nil {
                sitters[seat].wants[partition]?.isThere = true
            }
        }
        return giveTurns()
    }

    /// Whoever has a chunk in its hands does not need it to be kept.
    private mutating func pass(
        _ chunk: RoutedChunk,
        _ route: Int,
        of partition: SourcePartition
    ) -> [Wake] {
        desks[partition]?.positions[route] = chunk.next
        return dropPassed(partition)
    }

    // Turns

    /// True when the lane has a turn now.
    private mutating func takeTurn(_ seat: Int) -> Bool {
        if sitters[seat].activity == .reading { return true }
        if turns >= turnsMax { return false }
        sitters[seat].activity = .reading
        turns += 1
        return true
    }

    /// The lane waits, and its turn goes to others.
    private mutating func wait(
        _ seat: Int,
        for want: Want,
        of partition: SourcePartition
    ) -> [Wake] {
        sitters[seat].wants[partition] = want
        return settle(seat, as: .waiting)
    }

    private mutating func settle(_ seat: Int, as activity: Activity) -> [Wake] {
        let hadTurn = sitters[seat].activity == .reading
        sitters[seat].activity = activity
        if !hadTurn { return [] }
        turns -= 1
        var wakes: [Wake] = []
        for partition in sitters[seat].readings { wakes += offer(partition) }
        sitters[seat].readings = []
        return wakes + giveTurns()
    }

    private mutating func giveTurns() -> [Wake] {
        var wakes: [Wake] = []
        for seat in sitters.indices
        where turns < turnsMax && sitters[seat].isWaiting({ $0.isThere }) {
            sitters[seat].activity = .reading
            turns += 1
            if let wake = sitters[seat].wake { wakes.append(wake) }
        }
        return wakes
    }

    /// Has the lane ask again.
    private mutating func wake(_ seat: Int) -> [Wake] {
        if sitters[seat].activity == .waiting { sitters[seat].activity = .resting }
        return sitters[seat].wake.map { [$0] } ?? []
    }

    private mutating func wakeForRoom() -> [Wake] {
        guard !isFull,
            let seat = sitters.firstIndex(where: { $0.isWaiting { $0.needsRoom } })
        else {
            return []
        }
        return wake(seat)
    }

    private mutating func wakeAll() -> [Wake] {
        var wakes = giveTurns()
        for seat in sitters.indices where sitters[seat].activity == .waiting {
            wakes += wake(seat)
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
        if sitter.activity == .waiting { return true }
        return sitter.lastSeen.map { now - $0 < Self.patience } ?? false
    }

    // The window

    /// True when the lane has yet to come past the chunk, from not too far away.
    private func wants(_ chunk: RoutedChunk, _ route: Int, at desk: Desk) -> Bool {
        guard isPresent(route, at: desk) else { return false }
        guard let position = desk.positions[route] else { return true }
        return position < chunk.next && chunk.first - position <= Self.nearMax
    }

    /// Lets chunks go that everybody has passed; there may be room for another then.
    private mutating func dropPassed(_ partition: SourcePartition) -> [Wake] {
        guard let desk = desks[partition], !desk.chunks.isEmpty else { return [] }
        let routes = desk.positions.indices
        let kept = desk.chunks.filter { chunk in routes.contains { wants(chunk, $0, at: desk) } }
        guard kept.count < desk.chunks.count else { return [] }
        keep(kept, of: partition)
        return wakeForRoom()
    }

    private mutating func keep(_ kept: [RoutedChunk], of partition: SourcePartition) {
        let before = desks[partition]?.chunks ?? []
        desks[partition]?.chunks = kept
        windowBytes += kept.reduce(0) { $0 + $1.byteCount }
        windowBytes -= before.reduce(0) { $0 + $1.byteCount }
        if windowBytes <= windowBytesMax / Self.refillPart { isFull = false }
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
        if !isFull { return true }
        for (place, desk) in desks where !desk.chunks.isEmpty {
            let awake = desk.positions.indices.filter { isAwake($0, at: desk, now) }
            let kept = desk.chunks.filter { chunk in
                if place == partition, chunk.first > offset { return false }
                return awake.contains { wants(chunk, $0, at: desk) }
            }
            if kept.count < desk.chunks.count { keep(kept, of: place) }
        }
        return !isFull
    }
}
