import Bytes
import Compression
import Files
import KafkaProtocol
import Testing

@testable import EventLog

struct TimestampTests {
    /// A batch whose records are compressed, made from a plain one.
    private func compressed(_ slice: SlabSlice, _ codec: CompressionCodec) throws -> SlabSlice {
        let header = try RecordBatchHeader(slice.bytes)
        var builder = RecordBatchBuilder()
        var cursor = RecordCursor(
            slice.bytes.extracting(RecordBatchHeader.size..<slice.count),
            count: header.recordCount
        )
        while let record = try cursor.next() {
            builder.append(
                key: record.key,
                value: record.value,
                timestamp: header.baseTimestamp + record.timestampDelta
            )
        }
        var output = ByteBuffer()
        try builder.finish(compressing: codec, with: Compressor(), into: &output)
        return SlabSlice(Slab(output))
    }

    @Test(arguments: CompressionCodec.allCases)
    func `the first record at or after a time is found to the record`(
        codec: CompressionCodec
    ) throws {
        let directory = try TemporaryDirectory()
        var options = LogOptions()
        options.segmentBytesMax = 1_500
        options.indexIntervalBytes = 200
        let log = try EventLog.open(at: directory.path, files: LocalFiles(), options: options)
        defer { log.close() }
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        #expect(try partition.offset(forTimestamp: 0) == nil)
        #expect(try partition.offsetOfMaxTimestamp() == nil)
        // 100 batches of 5 records, 10 ms apart, beginning at 1000.
        for number in 0..<100 as Range<Int64> {
            let values = (0..<5).map { "\(number)-\($0)" }
            let plain = batch(values, timestamp: 1_000 + number * 50, step: 10)
            let slice = codec == .none ? plain : try compressed(plain, codec)
            _ = try log.appendAndWait(partition, slice)
        }
        #expect(partition.tail.segments.count > 3)
        for time in stride(from: Int64(995), to: 6_000, by: 7) {
            let wanted = max(0, (time - 1_000 + 9) / 10)
            let expected =
                wanted < 500
                ? TimestampedOffset(offset: wanted, timestamp: 1_000 + wanted * 10) : nil
            #expect(try partition.offset(forTimestamp: time) == expected)
        }
        #expect(
            try partition.offsetOfMaxTimestamp() == TimestampedOffset(offset: 499, timestamp: 5_990)
        )
    }

    @Test func `times that go up and down are searched in order of offsets`() throws {
        let directory = try TemporaryDirectory()
        var options = LogOptions()
        options.segmentBytesMax = 400
        options.indexIntervalBytes = 100
        let log = try EventLog.open(at: directory.path, files: LocalFiles(), options: options)
        defer { log.close() }
        let partition = try log.createTopic("t", partitions: 1).partitions[0]
        let times: [Int64] = [50, 10, 70, 20, 30, 70, 60, 90, 5, 80, 40, 90]
        for time in times { _ = try log.appendAndWait(partition, batch(["x"], timestamp: time)) }
        while log.flusher.step() {}
        for wanted in 0...95 as ClosedRange<Int64> {
            let expected = times.firstIndex { $0 >= wanted }.map { Int64($0) }
            #expect(try partition.offset(forTimestamp: wanted)?.offset == expected)
        }
        #expect(
            try partition.offsetOfMaxTimestamp() == TimestampedOffset(offset: 7, timestamp: 90)
        )
    }
}
