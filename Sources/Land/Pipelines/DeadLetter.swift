import Bytes
import KafkaProtocol

/// Where a record stands in a log.
public struct RecordPlace: Hashable, Sendable {
    /// The partition.
    public let partition: SourcePartition
    /// The offset in it.
    public let offset: Int64

    /// The record at `offset` of `partition`.
    public init(partition: SourcePartition, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

extension RecordPlace: Comparable, CustomStringConvertible {
    /// `topic/partition/offset`, as people write it.
    public var description: String { "\(partition.topic)/\(partition.index)/\(offset)" }

    /// By topic, partition and offset.
    public static func < (one: RecordPlace, other: RecordPlace) -> Bool {
        (one.partition.topic, one.partition.index, one.offset)
            < (other.partition.topic, other.partition.index, other.offset)
    }
}

/// A record of a dead-letter table, to be landed again.
public struct DeadLetter: Equatable, Sendable {
    /// Where the record stands in the log, and where its row will say it came from.
    public let place: RecordPlace
    /// The record's time in milliseconds since 1970: its row goes to that day.
    public let timestampMilliseconds: Int64
    /// Why it became a dead letter.
    public let reason: String
    /// The key's bytes, if it has one.
    public let key: [UInt8]?
    /// The value's bytes, or those somebody has put in their place. Nil: it has none.
    public private(set) var value: [UInt8]?
    /// The headers, in order.
    public let headers: [LetterHeader]
    /// True when the value is not the one in the log.
    public private(set) var isMended = false

    /// A letter as its table holds it.
    public init(
        place: RecordPlace,
        timestampMilliseconds: Int64,
        reason: String,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [LetterHeader] = []
    ) {
        self.place = place
        self.timestampMilliseconds = timestampMilliseconds
        self.reason = reason
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The same letter with another value.
    public func mended(value: [UInt8]) -> DeadLetter {
        var letter = self
        letter.value = value
        letter.isMended = true
        return letter
    }

    /// The record as a batch of its own, as if the log gave it; nil when nothing of it is there: a
    /// batch that could not be unpacked is kept with the first of its letters alone.
    var batch: ByteBuffer? {
        if reason == Complaint.unreadable, !isMended {
            guard let value else { return nil }
            if Self.isBatch(value, with: place.offset) {
                var batch = ByteBuffer(capacity: value.count)
                batch.append(value.bytes)
                return batch
            }
        }
        var builder = RecordBatchBuilder(capacity: 256 + (value?.count ?? 0))
        builder.append(self)
        var options = RecordBatchBuilder.Options()
        options.baseOffset = place.offset
        var batch = ByteBuffer()
        builder.finish(options, into: &batch)
        return batch
    }

    /// True when `value` is a whole batch of the log that has this offset.
    private static func isBatch(_ value: [UInt8], with offset: Int64) -> Bool {
        do throws(RecordBatchError) {
            let header = try RecordBatch.verify(value.bytes)
            let last = header.baseOffset + Int64(header.lastOffsetDelta)
            return header.totalSize == value.count && (header.baseOffset...last).contains(offset)
        } catch { return false }
    }
}

extension RecordBatchBuilder {
    fileprivate mutating func append(_ letter: DeadLetter) {
        let headers = letter.headers.map { (key: $0.key, value: $0.value) }
        let time = letter.timestampMilliseconds
        // Spans cannot be mapped out of an optional array, hence the four cases.
        switch (letter.key, letter.value) {
        case (let key?, let value?):
            append(key: key.bytes, value: value.bytes, headers: headers, timestamp: time)
        case (let key?, nil):
            append(key: key.bytes, value: nil, headers: headers, timestamp: time)
        case (nil, let value?):
            append(key: nil, value: value.bytes, headers: headers, timestamp: time)
        case (nil, nil):
            append(key: nil, value: nil, headers: headers, timestamp: time)
        }
    }
}
