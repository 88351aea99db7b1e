public import Bytes
public import Clocks

/// Writes the answer to a Fetch request straight into the buffer that goes to the socket.
///
/// Record batches are appended by whoever has them; nothing is copied on the way. Call in order:
/// `beginTopic`, then `partition` once for each partition, for each topic; at the end `finish`.
/// The numbers of topics and partitions are given beforehand and must be kept.
public struct FetchResponseWriter: ~Copyable {
    /// The answer so far.
    public private(set) var buffer: ByteBuffer
    private let version: Int16
    private let isFlexible: Bool
    private var topicsLeft: Int
    private var partitionsLeft = 0

    /// What is said of a partition besides its batches.
    public struct Partition: Equatable, Sendable {
        /// Why there are no batches.
        public var errorCode: ErrorCode = .none
        /// End of what can be read, or -1.
        public var highWatermark: Int64 = -1
        /// End of what is committed, or -1.
        public var lastStableOffset: Int64 = -1
        /// Offset of the first record that the log still has, or -1.
        public var logStartOffset: Int64 = -1

        /// A partition of which nothing is known yet.
        public init() {}

        /// A partition that cannot be read.
        public init(error: ErrorCode) { errorCode = error }
    }

    /// What is said of the whole answer.
    public struct Options: Sendable {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why the whole request failed (from version 7 on).
        public var errorCode: ErrorCode = .none
        /// The fetch session; 0 for none, which every client accepts.
        public var sessionID: Int32 = 0

        /// No throttling, no error, no session.
        public init() {}
    }

    /// Begins an answer at the end of `buffer`, which may hold the frame's header already.
    public init(
        _ buffer: consuming ByteBuffer,
        version: Int16,
        topicCount: Int,
        options: Options = Options()
    ) {
        precondition(APIKey.fetch.versions.contains(version), "a version of Fetch is written here")
        self.buffer = buffer
        self.version = version
        isFlexible = APIKey.fetch.isFlexible(version)
        topicsLeft = topicCount
        self.buffer.append(options.throttleMilliseconds)
        if version >= 7 {
            self.buffer.append(options.errorCode.rawValue)
            self.buffer.append(options.sessionID)
        }
        appendCount(topicCount)
    }

    /// Begins a topic; versions before 13 name it, later ones give its id.
    public mutating func beginTopic(name: String, id: UUID16, partitionCount: Int) {
        precondition(
            topicsLeft > 0 && partitionsLeft == 0,
            "topics and partitions are as announced"
        )
        topicsLeft -= 1
        partitionsLeft = partitionCount
        if version >= 13 {
            buffer.append(id.high)
            buffer.append(id.low)
        } else if isFlexible {
            buffer.appendUnsignedVarint(UInt64(name.utf8.count + 1))
            buffer.append(utf8: name)
        } else {
            buffer.append(Int16(clamping: name.utf8.count))
            buffer.append(utf8: name)
        }
        appendCount(partitionCount)
        if partitionCount == 0 { endTopic() }
    }

    /// Writes a partition. `body` appends whole record batches to the buffer, or none, and says
    /// what else is known; if it throws, the partition is not written and may be tried again.
    ///
    /// - Parameter body: must only append.
    public mutating func partition<E: Error>(
        _ index: Int32,
        _ body: (inout ByteBuffer) throws(E) -> Partition
    ) throws(E) {
        precondition(partitionsLeft > 0, "partitions are as announced")
        let start = buffer.count
        buffer.append(index)
        appendFields(of: Partition())
        let lengthAt = buffer.count
        // Three bytes hold the lengths up to 2 MiB that answers usually have.
        let lengthRoom = isFlexible ? 3 : 4
        buffer.appendZeros(lengthRoom)
        let recordsAt = buffer.count
        let known: Partition
        do throws(E) {
            known = try body(&buffer)
        } catch {
            buffer.truncate(to: start)
            throw error
        }
        precondition(buffer.count >= recordsAt, "the body of a partition only appends")
        overwriteFields(of: known, at: start + 4)
        putLength(buffer.count - recordsAt, at: lengthAt, room: lengthRoom)
        if isFlexible { buffer.append(0 as UInt8) }
        partitionsLeft -= 1
        if partitionsLeft == 0 { endTopic() }
    }

    /// Ends the answer and gives the buffer back.
    public consuming func finish() -> ByteBuffer {
        precondition(
            topicsLeft == 0 && partitionsLeft == 0,
            "topics and partitions are as announced"
        )
        if isFlexible { buffer.append(0 as UInt8) }
        return buffer
    }

    private mutating func endTopic() {
        if isFlexible { buffer.append(0 as UInt8) }
    }

    private mutating func appendCount(_ count: Int) {
        if isFlexible {
            buffer.appendUnsignedVarint(UInt64(count + 1))
        } else {
            buffer.append(Int32(count))
        }
    }

    /// The fields between the partition's number and its records, all of fixed size.
    private mutating func appendFields(of partition: Partition) {
        buffer.append(partition.errorCode.rawValue)
        buffer.append(partition.highWatermark)
        buffer.append(partition.lastStableOffset)
        if version >= 5 { buffer.append(partition.logStartOffset) }
        // No transactions, so none was aborted: null.
        if isFlexible { buffer.append(0 as UInt8) } else { buffer.append(-1 as Int32) }
        // No other replica to read from.
        if version >= 11 { buffer.append(-1 as Int32) }
    }

    private mutating func overwriteFields(of partition: Partition, at offset: Int) {
        buffer.overwrite(partition.errorCode.rawValue, at: offset)
        buffer.overwrite(partition.highWatermark, at: offset + 2)
        buffer.overwrite(partition.lastStableOffset, at: offset + 10)
        if version >= 5 { buffer.overwrite(partition.logStartOffset, at: offset + 18) }
    }

    /// Puts the length of the records before them. A varint has no more bytes than it needs, so
    /// the records are moved when there is another room for it than was left.
    private mutating func putLength(_ length: Int, at offset: Int, room: Int) {
        guard isFlexible else {
            buffer.overwrite(Int32(length), at: offset)
            return
        }
        let size = Varint.unsignedSize(UInt64(length + 1))
        buffer.moveTail(from: offset + room, by: size - room)
        var rest = UInt64(length + 1)
        for index in 0..<size {
            let more: UInt8 = index == size - 1 ? 0 : 0x80
            buffer.overwrite(UInt8(rest & 0x7f) | more, at: offset + index)
            rest >>= 7
        }
    }
}
