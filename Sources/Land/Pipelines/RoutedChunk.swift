import Bytes
internal import CSIMD
import Decoding
import KafkaProtocol

/// A record of a chunk, and where it is.
struct RoutedRecord {
    let offset: Int64
    /// Milliseconds since 1970.
    let timestamp: Int64
    let address: RecordAddress
}

/// Some batches of a partition that were read and unpacked once, with the records of them that each
/// of several lanes wants.
///
final class RoutedChunk: @unchecked Sendable {
    // @unchecked Sendable: the thread that makes it fills it; nobody changes it after that.
    /// The offset that was asked for.
    let first: Int64
    /// Offset after the last batch.
    private(set) var next: Int64
    /// Records from `first` on.
    private(set) var recordCount = 0
    /// True when the routes are whole. A chunk in which something cannot be read, or that is too
    /// large when it is unpacked, has none: each lane walks over it by itself.
    private(set) var isRouted = false
    /// Bytes of memory that it takes, about.
    private(set) var byteCount = 0
    private let store: ChunkStore
    private let shelf: Shelf<ChunkStore>

    /// Bytes that are kept unpacked; a batch more may be unpacked before that is found out.
    private static let unpackedBytesMax = 32 << 20

    /// An empty chunk in memory from `shelf`.
    init(from offset: Int64, routes: Int, shelf: Shelf<ChunkStore>) {
        first = offset
        next = offset
        self.shelf = shelf
        store = shelf.take { ChunkStore() }
        store.reset(routes: routes)
    }

    deinit { shelf.giveBack(store) }

    /// True when nothing was read.
    var isEmpty: Bool { store.batches.isEmpty }

    /// Gives `body` the whole batches.
    func withBatches<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Self.lend(store.batches, body)
    }

    private static func lend<Result, Failure: Error>(
        _ buffer: borrowing ByteBuffer,
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(buffer.bytes)
    }

    /// True when it has records for a lane that wants those from `offset` on.
    func covers(_ offset: Int64) -> Bool { first <= offset && offset < next }

    /// Fills it with what `read` appends.
    func fill<Failure: Error>(
        _ read: (inout ByteBuffer) throws(Failure) -> Void
    ) throws(Failure) {
        try read(&store.batches)
    }

    /// Finds out which records go where.
    func route(of partition: SourcePartition, with walk: RecordWalk, by router: ChunkRouter) {
        let store = store
        // Out of the store for so long: access to what a class has is checked every time.
        var routes: [[RoutedRecord]] = []
        swap(&routes, &store.routes)
        defer { swap(&routes, &store.routes) }
        do throws(LaneError) {
            (next, recordCount) = try router.withRouter { (router) throws(LaneError) in
                try Self.route(
                    store.batches,
                    of: partition,
                    from: first,
                    with: walk,
                    unpackingInto: &store.unpacked,
                    by: &router,
                    to: &routes
                )
            }
            isRouted = true
        } catch {
            // Who walks over it batch by batch knows what to do with it.
            for index in routes.indices { routes[index].removeAll(keepingCapacity: true) }
            store.forgetUnpacked()
            next = Self.end(of: store.batches.bytes, from: first)
        }
        let places = routes.reduce(0) { $0 + $1.count }
        byteCount = store.byteCount + places * MemoryLayout<RoutedRecord>.stride
    }

    /// Returns the offset after the last batch, and how many records there are from `first` on.
    private static func route(
        _ batches: borrowing ByteBuffer,
        of partition: SourcePartition,
        from first: Int64,
        with walk: RecordWalk,
        unpackingInto unpacked: inout ByteBuffer,
        by router: inout RecordRouter,
        to routes: inout [[RoutedRecord]]
    ) throws(LaneError) -> (next: Int64, count: Int) {
        var count = 0
        let next = try walk.forEachRecord(
            in: batches.bytes,
            of: partition,
            from: first,
            unpackingInto: &unpacked,
            keepsAll: true
        ) { (step, offset, timestamp) throws(LaneError) in
            guard case .record(let record, let address) = step,
                !address.isUnpacked || address.start <= unpackedBytesMax
            else {
                // Only a sign to stop: nobody hears of it.
                throw .source(.corrupt(partition, offset: offset, reason: ""))
            }
            count &+= 1
            let place = RoutedRecord(offset: offset, timestamp: timestamp, address: address)
            router.route(record.value) { routes[$0].append(place) }
        }
        return (next, count)
    }

    /// Offset after the last batch of `batches`; one without a header ends them.
    private static func end(of batches: RawSpan, from first: Int64) -> Int64 {
        var (position, next) = (0, first)
        while position < batches.byteCount,
            let header = try? RecordBatchHeader(batches, at: position)
        {
            position += header.totalSize
            next = max(next, header.baseOffset + Int64(header.lastOffsetDelta) + 1)
        }
        return next
    }

    /// How many records the lane on that route wants.
    func count(on route: Int) -> Int { store.routes[route].count }

    /// Calls `body` with every record on a route, in the order of the log.
    func forEachRecord(
        on route: Int,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        // Lent once, not for every record.
        try Self.forEach(store.routes[route], store.batches, store.unpacked, body)
    }

    private static func forEach(
        _ places: [RoutedRecord],
        _ batches: borrowing ByteBuffer,
        _ unpacked: borrowing ByteBuffer,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        for index in places.indices {
            // A lane's records are far apart: the next ones come from memory meanwhile.
            if index &+ ahead < places.count {
                let next = places[index &+ ahead].address
                if next.isUnpacked {
                    prefetch(unpacked, next.start)
                } else {
                    prefetch(batches, next.start)
                }
            }
            let place = places[index]
            if place.address.isUnpacked {
                try read(place, in: unpacked, body)
            } else {
                try read(place, in: batches, body)
            }
        }
    }

    private static var ahead: Int { 2 }
    private static var prefetchedBytes: Int32 { 256 }

    @inline(__always)
    private static func prefetch(_ buffer: borrowing ByteBuffer, _ start: Int) {
        // SAFETY: the address is only a hint.
        unsafe buffer.bytes.withUnsafeBytes { bytes in
            unsafe c_simd_prefetch(bytes.baseAddress.map { unsafe $0 + start }, prefetchedBytes)
        }
    }

    @inline(__always)
    private static func read(
        _ place: RoutedRecord,
        in buffer: borrowing ByteBuffer,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        let rest = buffer.bytes.extracting(place.address.start..<buffer.count)
        var cursor = RecordCursor(rest, count: 1)
        let record: Record?
        do throws(RecordBatchError) { record = try cursor.next() } catch {
            preconditionFailure("a record that was read once cannot be read again: \(error)")
        }
        guard let record else { return }
        try body(.record(record, at: place.address), place.offset, place.timestamp)
    }
}

/// What tells where records go; one thread at a time uses it.
final class ChunkRouter {
    private var router: RecordRouter

    /// A router to lanes with these predicates; nil wants everything.
    init(_ predicates: [Predicate?]) { router = RecordRouter(predicates) }

    /// Lends the router for a whole chunk.
    func withRouter<Result, Failure: Error>(
        _ body: (inout RecordRouter) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(&router)
    }
}

/// The memory of a chunk.
final class ChunkStore: @unchecked Sendable {
    // @unchecked Sendable: it belongs to one chunk, or lies on the shelf.
    var batches = ByteBuffer()
    var unpacked = ByteBuffer()
    var routes: [[RoutedRecord]] = []

    /// Larger buffers are not kept for the next chunk.
    private static let keptBytesMax = 64 << 20

    /// Makes it ready for a chunk of so many routes.
    func reset(routes count: Int) {
        batches.removeAll()
        forgetUnpacked()
        for index in routes.indices { routes[index].removeAll(keepingCapacity: true) }
        while routes.count < count { routes.append([]) }
    }

    func forgetUnpacked() {
        unpacked.removeAll()
        if unpacked.capacity > Self.keptBytesMax { unpacked = ByteBuffer() }
    }

    /// Bytes of batches, packed and unpacked.
    var byteCount: Int { batches.count + unpacked.count }
}
