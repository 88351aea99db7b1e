import Bytes
import Checksums
import Compression
import Testing

@testable import KafkaProtocol

/// The four records of `RecordBatchVectors`.
func appendSampleRecords(to builder: inout RecordBatchBuilder) {
    builder.append(
        key: Array("k1".utf8).bytes,
        value: Array(#"{"item":"sword"}"#.utf8).bytes,
        timestamp: 1_700_000_000_000
    )
    builder.append(
        key: nil,
        value: Array("v2".utf8).bytes,
        headers: [("a", Array("1".utf8)), ("bb", nil), ("", [])],
        timestamp: 1_700_000_000_005
    )
    builder.append(key: [UInt8]().bytes, value: nil, timestamp: 1_699_999_999_990)
    builder.append(
        key: [UInt8](repeating: 0x6b, count: 70).bytes,
        value: [UInt8](repeating: 0x76, count: 200).bytes,
        headers: [("trace", [UInt8](repeating: 0x78, count: 64))],
        timestamp: 1_700_000_000_005
    )
}

/// What a cursor sees, copied out.
func transcript(_ records: RawSpan, count: Int32) throws(RecordBatchError) -> [String] {
    func text(_ bytes: RawSpan?) -> String {
        guard let bytes else { return "-" }
        return "'" + String(repairingUTF8: bytes) + "'"
    }
    var lines: [String] = []
    var cursor = RecordCursor(records, count: count)
    while let record = try cursor.next() {
        var line = "\(record.offsetDelta) \(record.timestampDelta)"
        line += " \(text(record.key)) \(text(record.value))"
        var headers = record.headers
        while let header = try headers.next() {
            line += " \(text(header.key))=\(text(header.value))"
        }
        lines.append(line)
    }
    return lines
}

let sampleTranscript = [
    #"0 0 'k1' '{"item":"sword"}'"#,
    "1 5 - 'v2' 'a'='1' 'bb'=- ''=''",
    "2 -10 '' -",
    "3 5 '\(String(repeating: "k", count: 70))' '\(String(repeating: "v", count: 200))'"
        + " 'trace'='\(String(repeating: "x", count: 64))'",
]

/// `batch` with `change` applied and the checksum made right again.
func resealed(_ batch: [UInt8], _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes = batch
    change(&bytes)
    let crc = crc32c(bytes.bytes.extracting(21..<bytes.count))
    for index in 0..<4 { bytes[17 + index] = UInt8(truncatingIfNeeded: crc >> (24 - 8 * index)) }
    return bytes
}

@Suite struct RecordBatchTests {
    @Test func `the builder makes the bytes another client makes`() {
        var builder = RecordBatchBuilder()
        appendSampleRecords(to: &builder)
        var options = RecordBatchBuilder.Options()
        options.partitionLeaderEpoch = 0
        var output = ByteBuffer()
        builder.finish(options, into: &output)
        #expect(hexText(Array(copying: output.bytes)) == hexText(RecordBatchVectors.none))
    }

    @Test func `a builder used again forgets the batch before`() {
        var builder = RecordBatchBuilder()
        builder.append(key: nil, value: [1, 2, 3].bytes, timestamp: 1_900_000_000_000)
        builder.removeAll()
        let isEmpty = builder.isEmpty
        #expect(isEmpty)
        appendSampleRecords(to: &builder)
        var options = RecordBatchBuilder.Options()
        options.partitionLeaderEpoch = 0
        var output = ByteBuffer()
        builder.finish(options, into: &output)
        #expect(Array(copying: output.bytes) == RecordBatchVectors.none)
    }

    @Test func `a header gives every field`() throws {
        let batch = RecordBatchVectors.idempotent
        let header = try RecordBatch.validate(batch.bytes)
        #expect(header.baseOffset == 0)
        #expect(header.totalSize == RecordBatchVectors.idempotent.count)
        #expect(header.baseTimestamp == 1_700_000_000_000)
        #expect(header.maxTimestamp == 1_700_000_000_000)
        #expect(header.producerID == 4711)
        #expect(header.producerEpoch == 3)
        #expect(header.baseSequence == Int32.max)
        #expect(header.recordCount == 1)
        #expect(header.lastSequence == Int32.max)
        #expect(header.hasProducerID && !header.isControl && !header.isTransactional)
        var longer = header
        longer.lastOffsetDelta = 2
        #expect(longer.lastSequence == 1)
        #expect(longer.nextOffset == 3)
    }

    @Test func `a batch is found at an offset and stays valid when the log writes its offset`()
        throws
    {
        var buffer = ByteBuffer()
        let batches = (RecordBatchVectors.none, RecordBatchVectors.gzip)
        buffer.append(batches.0.bytes)
        let second = buffer.count
        buffer.append(batches.1.bytes)
        buffer.setBatch(baseOffset: 1 << 40, leaderEpoch: 7, at: second)
        let header = try RecordBatch.verify(buffer.bytes, at: second)
        #expect(header.baseOffset == 1 << 40)
        #expect(header.partitionLeaderEpoch == 7)
        #expect(header.lastOffset == 1 << 40 + 3)
        #expect(header.attributes.codecNumber == 1)
        #expect(try RecordBatch.verify(buffer.bytes).nextOffset == 4)
    }

    @Test func `a damaged batch is refused by its checksum`() {
        for index in 21..<RecordBatchVectors.none.count {
            var bytes = RecordBatchVectors.none
            bytes[index] ^= 0x10
            #expect(throws: RecordBatchError.self) { try RecordBatch.verify(bytes.bytes) }
        }
    }

    @Test func `a batch cut short says how much is missing`() {
        let whole = RecordBatchVectors.none
        #expect(throws: RecordBatchError.truncated(offset: 0, needed: 61, available: 60)) {
            try RecordBatch.verify(Array(whole[..<60]).bytes)
        }
        #expect(
            throws: RecordBatchError.truncated(offset: 0, needed: whole.count, available: 100)
        ) {
            try RecordBatch.verify(Array(whole[..<100]).bytes)
        }
    }

    @Test func `what producers may not send is refused`() {
        let whole = RecordBatchVectors.none
        func refusal(_ bytes: [UInt8], zstd: Bool = true) -> RecordBatchError? {
            do throws(RecordBatchError) {
                _ = try RecordBatch.validate(bytes.bytes, allowingZstd: zstd)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(whole) == nil)
        #expect(refusal(whole + [0]) == .trailingBytes(count: 1))
        #expect(refusal(resealed(whole) { $0[22] |= 0x20 }) == .controlBatch)
        #expect(refusal(resealed(whole) { $0[22] |= 5 }) == .unknownCodec(5))
        #expect(refusal(RecordBatchVectors.zstd) == nil)
        #expect(refusal(RecordBatchVectors.zstd, zstd: false) == .codecNotAllowed(4))
        #expect(
            refusal(resealed(whole) { $0[60] = 5 })
                == .recordCountOutOfRange(recordCount: 5, lastOffsetDelta: 3)
        )
        #expect(
            refusal(resealed(whole) { $0[60] = 0 })
                == .recordCountOutOfRange(recordCount: 0, lastOffsetDelta: 3)
        )
        #expect(
            refusal(resealed(whole) { for index in 43..<51 { $0[index] = 0 } })
                == .sequenceMissing(producerID: 0)
        )
        var old = whole
        old[16] = 1
        #expect(refusal(old) == .unsupportedMagic(offset: 0, magic: 1))
        var short = whole
        short.replaceSubrange(8..<12, with: [0, 0, 0, 48])
        #expect(refusal(short) == .lengthOutOfRange(offset: 0, length: 48))
        short.replaceSubrange(8..<12, with: [0xff, 0xff, 0xff, 0xff])
        #expect(refusal(short) == .lengthOutOfRange(offset: 0, length: -1))
        #expect(refusal([]) == .truncated(offset: 0, needed: 61, available: 0))
    }
}

@Suite struct CompressedBatchTests {
    @Test(arguments: [
        (CompressionCodec.none, RecordBatchVectors.none), (.gzip, RecordBatchVectors.gzip),
        (.snappy, RecordBatchVectors.snappy), (.lz4, RecordBatchVectors.lz4),
        (.zstd, RecordBatchVectors.zstd),
    ])
    func `batches of another client are read with every codec`(
        _ codec: CompressionCodec,
        _ batch: [UInt8]
    ) throws {
        let header = try RecordBatch.validate(batch.bytes)
        #expect(header.codec == codec)
        var scratch = ByteBuffer()
        let records = try RecordBatch.records(
            of: batch.bytes,
            header,
            decompressingInto: &scratch,
            with: Decompressor(),
            limit: 1000
        )
        let found = try transcript(records, count: header.recordCount)
        #expect(found == sampleTranscript)
    }

    @Test(arguments: CompressionCodec.allCases)
    func `batches with every codec come back as they were made`(_ codec: CompressionCodec) throws {
        var builder = RecordBatchBuilder()
        appendSampleRecords(to: &builder)
        var output = ByteBuffer()
        try builder.finish(compressing: codec, with: Compressor(), into: &output)
        let header = try RecordBatch.validate(output.bytes)
        #expect(header.codec == codec)
        #expect(header.maxTimestamp == 1_700_000_000_005)
        var scratch = ByteBuffer()
        let records = try RecordBatch.records(
            of: output.bytes,
            header,
            decompressingInto: &scratch,
            with: Decompressor(),
            limit: 1000
        )
        var cursor = RecordCursor(records, count: header.recordCount)
        try cursor.verify()
        let found = try transcript(records, count: header.recordCount)
        #expect(found == sampleTranscript)
    }

    @Test func `records beyond the limit are an error`() throws {
        let batch = RecordBatchVectors.zstd
        let header = try RecordBatch.validate(batch.bytes)
        var scratch = ByteBuffer()
        do throws(RecordBatchError) {
            _ = try RecordBatch.records(
                of: batch.bytes,
                header,
                decompressingInto: &scratch,
                with: Decompressor(),
                limit: 100
            )
            Issue.record("403 bytes came out where 100 are allowed")
        } catch {
            guard case .compression(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.reason == .tooLarge(limit: 100))
        }
    }
}

@Suite struct RecordCursorTests {
    @Test func `every part of every record is seen`() throws {
        let records = Array(RecordBatchVectors.none[61...])
        #expect(try transcript(records.bytes, count: 4) == sampleTranscript)
        var cursor = RecordCursor(records.bytes, count: 4)
        try cursor.verify()
        let left = cursor.remainingRecords
        #expect(left == 0)
    }

    @Test func `a count above what is there ends with an error, below it with trailing bytes`() {
        let records = Array(RecordBatchVectors.none[61...])
        #expect(throws: RecordBatchError.malformedRecord(offset: records.count, .truncated)) {
            try transcript(records.bytes, count: 5)
        }
        #expect(throws: RecordBatchError.self) {
            var cursor = RecordCursor(records.bytes, count: 3)
            try cursor.verify()
        }
    }

    @Test(arguments: [
        // a key of 100 bytes in a record of six
        ("0c000000c80100000000", RecordFault.fieldLength),
        // fields go on behind the stated length
        ("0600000001010000", .lengthMismatch),
        // negative length
        ("0100000001010000", .lengthMismatch),
        // length beyond the bytes
        ("7e000000", .truncated),
        // key length -2
        ("0c000000030100", .fieldLength),
        // value length -3
        ("0c000000010500", .fieldLength),
        // a byte after the last field
        ("0e00000001010000", .lengthMismatch),
        // header count 64 in an empty rest
        ("0e00000001018001", .header),
        // header count -1
        ("0c000000010101", .header),
        // an offset delta of more than 32 bits
        ("16000080808080700101010000", .varintTooLong),
        // a timestamp delta of more than 64 bits
        ("200080808080808080808002000001010000", .varintTooLong),
    ])
    func `a malformed record is refused`(_ text: String, _ fault: RecordFault) {
        #expect(throws: RecordBatchError.malformedRecord(offset: 0, fault)) {
            try transcript(hex(text).bytes, count: 1)
        }
    }

    @Test func `a gap in the offset deltas is found`() {
        var bytes = Array(RecordBatchVectors.none[61...])
        // second record: length at 25, attributes, timestamp delta, then the offset delta
        #expect(bytes[28] == 2)
        bytes[28] = 4
        #expect(
            throws: RecordBatchError.malformedRecord(
                offset: 25,
                .offsetDelta(expected: 1, found: 2)
            )
        ) {
            var cursor = RecordCursor(bytes.bytes, count: 4)
            try cursor.verify()
        }
    }

    @Test func `mutated and random bytes never trap`() {
        var random = SplitMix(seed: 20_261_121)
        var refused = 0
        for round in 0..<20_000 {
            let bytes =
                round % 4 == 0
                ? random.bytes(Int.random(in: 0...300, using: &random))
                : random.mutate(Array(RecordBatchVectors.none[61...]))
            do throws(RecordBatchError) {
                _ = try transcript(bytes.bytes, count: Int32.random(in: -1...6, using: &random))
                var cursor = RecordCursor(bytes.bytes, count: 4)
                try cursor.verify()
            } catch {
                refused += 1
            }
            let batch = random.mutate(RecordBatchVectors.idempotent)
            do throws(RecordBatchError) {
                _ = try RecordBatch.validate(batch.bytes)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10_000)
    }
}

@Suite struct RecordBatchWriterTests {
    @Test func `offsets keep their gaps`() throws {
        var writer = RecordBatchWriter()
        var output = ByteBuffer()
        output.append(utf8: "before")
        writer.begin(baseOffset: 100, into: &output)
        let key = Array("k".utf8)
        writer.append(
            offset: 100,
            timestamp: 1000,
            key: nil,
            value: Array("v".utf8).bytes,
            into: &output
        )
        writer.append(
            offset: 300,
            timestamp: 990,
            key: key.bytes,
            value: nil,
            headerCount: 2,
            headerBytes: RecordBatchWriter.headerSize(keyBytes: 1, valueBytes: 0)
                + RecordBatchWriter.headerSize(keyBytes: 1, valueBytes: nil),
            into: &output
        )
        writer.appendHeader(key: key.bytes, value: [UInt8]().bytes, into: &output)
        writer.appendHeader(key: key.bytes, value: nil, into: &output)
        writer.finish(lastOffset: 450, into: &output)
        let bytes = output.bytes.extracting(6..<output.count)
        let header = try RecordBatch.verify(bytes)
        #expect(header.baseOffset == 100 && header.lastOffset == 450)
        #expect(header.recordCount == 2)
        #expect(header.baseTimestamp == 1000 && header.maxTimestamp == 1000)
        #expect(header.totalSize == bytes.byteCount)
        let records = bytes.extracting(RecordBatchHeader.size..<bytes.byteCount)
        #expect(
            try transcript(records, count: 2) == ["0 0 - 'v'", "200 -10 'k' - 'k'='' 'k'=-"]
        )
    }

    @Test func `a batch without records covers offsets that have none`() throws {
        var writer = RecordBatchWriter()
        var output = ByteBuffer()
        writer.begin(baseOffset: 7, into: &output)
        writer.finish(lastOffset: 9, into: &output)
        let header = try RecordBatchHeader(output.bytes)
        #expect(header.baseOffset == 7 && header.nextOffset == 10 && header.recordCount == 0)
        #expect(header.totalSize == output.count)
        #expect(!writer.canHold(offset: 7 + RecordBatchWriter.offsetDeltaMax + 1))
        #expect(writer.canHold(offset: 7 + RecordBatchWriter.offsetDeltaMax))
    }
}
