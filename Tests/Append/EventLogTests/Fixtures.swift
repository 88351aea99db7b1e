import Bytes
import Clocks
import Files
import Glibc
import KafkaProtocol
import Testing
import Threads

@testable import EventLog

/// A directory that is removed with everything in it when the test ends.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/millrace-log-XXXXXX".utf8CString)
        // SAFETY: mkdtemp overwrites the six X in place; the array ends with a zero.
        path = try unsafe template.withUnsafeMutableBufferPointer { block in
            guard let start = block.baseAddress, let made = unsafe mkdtemp(start) else {
                throw FileError(operation: "mkdtemp", path: "/tmp", code: errno)
            }
            return unsafe String(cString: made)
        }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        let files = LocalFiles()
        for name in (try? files.list(path)) ?? [] { remove("\(path)/\(name)") }
        try? files.remove(path)
    }
}

/// What a producer says of itself.
struct Producer {
    var id: Int64 = -1
    var epoch: Int16 = -1
    var sequence: Int32 = -1
}

/// One batch as a producer sends it: a record per value, `step` milliseconds apart.
func batch(
    _ values: [String],
    timestamp: Int64 = 1_000,
    step: Int64 = 0,
    producer: Producer = Producer()
) -> SlabSlice {
    var builder = RecordBatchBuilder()
    for (number, value) in values.enumerated() {
        var bytes = ByteBuffer()
        bytes.append(utf8: value)
        builder.append(
            key: nil,
            value: bytes.bytes,
            timestamp: timestamp + Int64(number) * step
        )
    }
    var options = RecordBatchBuilder.Options()
    options.producerID = producer.id
    options.producerEpoch = producer.epoch
    options.baseSequence = producer.sequence
    var output = ByteBuffer()
    builder.finish(options, into: &output)
    return SlabSlice(Slab(output))
}

/// A record as a consumer sees it.
struct ReadRecord: Equatable {
    let offset: Int64
    let value: String
}

extension Partition {
    /// Every readable record from `offset` on.
    func records(from offset: Int64? = nil, maxBytes: Int = 1 << 20) throws -> [ReadRecord] {
        var records: [ReadRecord] = []
        var next = offset ?? logStartOffset
        while true {
            var buffer = ByteBuffer()
            let result = try read(from: next, maxBytes: maxBytes, into: &buffer)
            if result.bytes == 0 { return records }
            var position = 0
            while position < buffer.count {
                let header = try RecordBatchHeader(buffer.bytes, at: position)
                let body =
                    (position + RecordBatchHeader.size)..<(position + header.totalSize)
                var cursor = RecordCursor(
                    buffer.bytes.extracting(body),
                    count: header.recordCount
                )
                while let record = try cursor.next() {
                    let found = header.baseOffset + Int64(record.offsetDelta)
                    guard found >= next, let value = record.value else { continue }
                    records.append(
                        ReadRecord(offset: found, value: String(repairingUTF8: value))
                    )
                }
                position += header.totalSize
            }
            next = result.nextOffset
        }
    }
}

extension EventLog {
    /// Appends and waits for the result.
    func appendAndWait(_ appends: [Append<FS>]) throws -> [AppendResult] {
        let done = Condition<[AppendResult]?>(nil)
        try append(appends) { results in done.update { $0 = results } }
        if isManual { while writer.step() {} }
        return try #require(done.wait(timeout: .seconds(30)) { $0 })
    }

    func appendAndWait(
        _ partition: Partition<FS>,
        _ batches: SlabSlice
    ) throws -> AppendResult {
        try appendAndWait([Append(partition, batches)])[0]
    }
}

extension AppendResult {
    var baseOffset: Int64? {
        if case .success(let appended) = self { return appended.baseOffset }
        return nil
    }
    var failure: AppendError? {
        if case .failure(let error) = self { return error }
        return nil
    }
}
