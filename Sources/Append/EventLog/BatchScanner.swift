internal import Bytes
internal import Files
internal import KafkaProtocol

/// Walks over the batches of a file in order, reading large pieces.
internal struct BatchScanner<File: OpenFile>: ~Copyable {
    private let file: File
    private let end: Int64
    private var buffer: ByteBuffer
    /// Position in the file of the buffer's first byte.
    private var bufferPosition: Int64
    /// Position of the next batch.
    private(set) var position: Int64

    /// A scanner of the bytes from `position` to `end`, reading at least `chunkBytes` at a time.
    init(_ file: File, from position: Int64, to end: Int64, chunkBytes: Int = 1 << 20) {
        self.file = file
        self.end = end
        self.position = position
        bufferPosition = position
        chunk = chunkBytes
        buffer = ByteBuffer(capacity: chunkBytes)
    }
    private let chunk: Int

    /// Makes the `count` bytes at `position` available; false when the file ends before.
    private mutating func load(_ count: Int) throws(FileError) -> Bool {
        if position + Int64(count) > end { return false }
        let available = bufferPosition + Int64(buffer.count) - position
        if position >= bufferPosition && available >= Int64(count) { return true }
        buffer.removeAll()
        bufferPosition = position
        let wanted = Int(min(end - position, Int64(max(count, chunk))))
        _ = try file.read(at: position, count: wanted, into: &buffer)
        return buffer.count >= count
    }

    /// The header of the next batch, or nil when the bytes that are left do not begin with one.
    mutating func peek() throws(FileError) -> RecordBatchHeader? {
        guard try load(RecordBatchHeader.size) else { return nil }
        let start = Int(position - bufferPosition)
        return try? RecordBatchHeader(buffer.bytes, at: start)
    }

    /// The next batch's header after its checksum was found right, or nil when the batch is torn or
    /// damaged.
    mutating func peekVerified() throws(FileError) -> RecordBatchHeader? {
        guard let header = try peek(), try load(header.totalSize) else { return nil }
        let start = Int(position - bufferPosition)
        return try? RecordBatch.verify(buffer.bytes, at: start)
    }

    /// Lets `body` see the bytes of the batch that `peekVerified` has just returned.
    func withBytes<Result, E: Error>(
        of header: RecordBatchHeader,
        _ body: (RawSpan) throws(E) -> Result
    ) throws(E) -> Result {
        let start = Int(position - bufferPosition)
        return try body(buffer.bytes.extracting(start..<(start + header.totalSize)))
    }

    /// Moves over a batch.
    mutating func skip(_ header: RecordBatchHeader) { position += Int64(header.totalSize) }
}
