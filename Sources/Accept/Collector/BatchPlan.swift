import Bytes
import Checksums
import JSONText
import KafkaProtocol

/// The record batches of one request for one partition, one behind the other as the log wants them.
final class PartitionBatches {
    let partition: Int
    private(set) var count = 0
    private var builder: RecordBatchBuilder
    private var finished: ByteBuffer
    private let target: Int

    init(partition: Int, capacity: Int, target: Int) {
        self.partition = partition
        self.target = target
        builder = RecordBatchBuilder(capacity: min(capacity, target) + 64)
        finished = ByteBuffer(capacity: capacity + 128)
    }

    func append(
        key: RawSpan?,
        value: RawSpan,
        headers: [(key: String, value: [UInt8]?)],
        timestamp: Int64
    ) {
        if builder.recordBytes >= target { closeBatch() }
        if headers.isEmpty {
            builder.append(key: key, value: value, timestamp: timestamp)
        } else {
            builder.append(key: key, value: value, headers: headers, timestamp: timestamp)
        }
        count += 1
    }

    private func closeBatch() {
        builder.finish(into: &finished)
        builder.removeAll()
    }

    /// The finished bytes. Call once.
    func take() -> SlabSlice {
        closeBatch()
        var empty = ByteBuffer(capacity: 16)
        swap(&empty, &finished)
        return SlabSlice(Slab(empty))
    }
}

/// Puts the events of a request into record batches.
struct BatchPlan {
    /// The request's headers for every record.
    var headers: [(key: String, value: [UInt8]?)] = []
    /// Milliseconds since 1970, for every record.
    var timestamp: Int64
    var options: CollectorOptions

    /// How events find their partition.
    enum Routing: Equatable {
        /// All to one.
        case one(Int)
        /// By the hash of the key, over this many.
        case byKey(count: Int)
    }

    /// Bytes the record batches will have at most. The headers count once per event.
    func bytesMax(of events: [EventRange], body: Int) -> Int {
        // Length, attributes, deltas and the lengths of key and value: at most 40 bytes per record.
        // A key is at most as long as the event it stands in.
        let headerBytes = headers.reduce(0) { sum, header in
            sum + header.key.utf8.count + (header.value?.count ?? 0) + 20
        }
        let (perEvent, overflow) = events.count.multipliedReportingOverflow(by: headerBytes + 40)
        let keyBytes = events.reduce(0) { $0 + $1.key.count }
        return overflow ? .max : perEvent + body + keyBytes
    }

    /// The batches, by partition in the order in which partitions were first met.
    func batches(
        of events: [EventRange],
        in body: RawSpan,
        routing: Routing
    ) -> [PartitionBatches] {
        switch routing {
        case .one(let partition):
            let batches = PartitionBatches(
                partition: partition,
                capacity: body.byteCount + 24 * events.count,
                target: options.batchBytesTarget
            )
            for event in events { append(event, body, to: batches) }
            return [batches]
        case .byKey(let count):
            return routed(events, body, over: count)
        }
    }

    private func routed(
        _ events: [EventRange],
        _ body: RawSpan,
        over count: Int
    ) -> [PartitionBatches] {
        var positions: [Int: Int] = [:]
        var all: [PartitionBatches] = []
        let share = (body.byteCount + 24 * events.count) / min(count, max(events.count, 1))
        var scratch = ByteBuffer(capacity: 64)
        for event in events {
            let partition = Self.partition(of: event, body, &scratch, over: count)
            let position =
                positions[partition]
                ?? {
                    all.append(
                        PartitionBatches(
                            partition: partition,
                            capacity: share,
                            target: options.batchBytesTarget
                        )
                    )
                    positions[partition] = all.count - 1
                    return all.count - 1
                }()
            append(event, body, to: all[position])
        }
        return all
    }

    private func append(_ event: EventRange, _ body: RawSpan, to batches: PartitionBatches) {
        let value = body.extracting(event.value)
        switch event.keyKind {
        case .none:
            batches.append(key: nil, value: value, headers: headers, timestamp: timestamp)
        case .plain:
            let key = body.extracting(event.key)
            batches.append(key: key, value: value, headers: headers, timestamp: timestamp)
        case .escaped:
            var text = ByteBuffer(capacity: event.key.count)
            Self.unescape(event, body, into: &text)
            batches.append(key: text.bytes, value: value, headers: headers, timestamp: timestamp)
        }
    }

    private static func partition(
        of event: EventRange,
        _ body: RawSpan,
        _ scratch: inout ByteBuffer,
        over count: Int
    ) -> Int {
        switch event.keyKind {
        case .none: return 0
        case .plain: return partition(forKey: body.extracting(event.key), over: count)
        case .escaped:
            scratch.removeAll()
            unescape(event, body, into: &scratch)
            return partition(forKey: scratch.bytes, over: count)
        }
    }

    private static func unescape(
        _ event: EventRange,
        _ body: RawSpan,
        into buffer: inout ByteBuffer
    ) {
        JSONScanner(body).unescape(.init(range: event.key, hasEscapes: true), into: &buffer)
    }

    /// The partition Kafka's Java producers choose for `key`, so that equal keys meet whoever sends
    /// them.
    static func partition(forKey key: RawSpan, over count: Int) -> Int {
        Int(murmur2(key) & 0x7FFF_FFFF) % count
    }
}
