import Bytes
import Clocks
import Testing

@testable import KafkaProtocol

private func refusal<A: KafkaAPI>(
    _ api: A.Type,
    _ version: Int16,
    _ text: String
) -> ProtocolError? {
    let bytes = hex(text)
    var reader = ByteReader(bytes.bytes)
    do throws(ProtocolError) {
        _ = try A.decodeRequest(&reader, version: version)
        return nil
    } catch {
        return error
    }
}

@Suite struct MalformedMessageTests {
    @Test func `a count that the bytes cannot hold is refused before anything is allocated`() {
        let error = refusal(MetadataAPI.self, 1, "7fffffff 0000")
        #expect(error?.offset == 0)
        #expect(error?.expected == "an array")
        #expect(error?.problem == .lengthOutOfRange(0x7fff_ffff, available: 2))
        let compact = refusal(MetadataAPI.self, 9, "ffffffff0f 0000")
        #expect(compact?.problem == .lengthOutOfRange(0xffff_fffe, available: 2))
    }

    @Test func `an array has at most a million elements`() {
        let bytes = hex("00100000") + [UInt8](repeating: 0, count: 1 << 22)
        var reader = ByteReader(bytes.bytes)
        do throws(ProtocolError) {
            _ = try MetadataAPI.decodeRequest(&reader, version: 1)
            Issue.record("1,048,576 elements were read")
        } catch {
            #expect(error.problem == .tooManyElements(limit: 1_000_000))
        }
    }

    @Test func `negative lengths are refused where null is not meant`() {
        // group id of length -2, then of length -1 where null is not allowed
        #expect(
            refusal(HeartbeatAPI.self, 0, "fffe 00000001 0000")?.problem
                == .lengthOutOfRange(-2, available: 6)
        )
        #expect(refusal(HeartbeatAPI.self, 0, "ffff 00000001 0000")?.problem == .unexpectedNull)
        #expect(refusal(HeartbeatAPI.self, 4, "00 00000001 0100 00")?.problem == .unexpectedNull)
    }

    @Test func `what is not UTF-8 is refused with its place`() {
        let error = refusal(HeartbeatAPI.self, 0, "0002 c328 00000001 0000")
        #expect(error?.problem == .notUTF8)
        #expect(error?.offset == 2)
    }

    @Test func `a tagged field beyond the bytes is refused`() {
        #expect(refusal(HeartbeatAPI.self, 4, "0261 00000001 0161 01 05 7f 00") != nil)
        #expect(refusal(HeartbeatAPI.self, 4, "0261 00000001 0261 00 01 05 02 aabb") == nil)
    }

    @Test func `a number of six bytes is refused where four bytes are meant`() {
        let error = refusal(MetadataAPI.self, 9, "808080808001")
        #expect(error?.problem == .numberTooLong)
    }

    @Test func `an unknown version is refused in both directions`() {
        let error = refusal(HeartbeatAPI.self, 5, "")
        #expect(error?.problem == .unsupportedVersion(5))
        var output = ByteBuffer()
        output.append(utf8: "kept")
        #expect(throws: ProtocolError.self) {
            try HeartbeatAPI.encode(request: HeartbeatAPI.Request(), version: -1, into: &output)
        }
        let count = output.count
        #expect(count == 4)
    }

    @Test func `a text too long for an old version is refused and nothing is written`() {
        var request = HeartbeatAPI.Request()
        request.groupID = String(repeating: "x", count: 40_000)
        var output = ByteBuffer()
        output.append(utf8: "kept")
        #expect(throws: ProtocolError.self) {
            try HeartbeatAPI.encode(request: request, version: 3, into: &output)
        }
        var count = output.count
        #expect(count == 4)
        #expect(throws: Never.self) {
            try HeartbeatAPI.encode(request: request, version: 4, into: &output)
        }
        count = output.count
        #expect(count > 40_000)
    }

    @Test func `an error says what, where and in which message`() {
        let text = refusal(HeartbeatAPI.self, 0, "0001 61 0000").map { "\($0)" }
        #expect(
            text
                == "heartbeat request v0: an int32 expected at byte 3, "
                + "but of 4 bytes only 2 are there"
        )
    }
}

@Suite struct HeaderTests {
    @Test func `a request header is read in both forms`() throws {
        // Fetch v11: no tagged fields; Fetch v12: one of two bytes.
        for (text, version) in [
            ("0001 000b 00000007 0003 6d6972 ff", 11),
            ("0001 000c 00000007 0003 6d6972 01 00 02 aabb ff", 12),
        ] {
            let frame = hex(text)
            var reader = ByteReader(frame.bytes)
            let header = try RequestHeader(&reader)
            #expect(header.api == .fetch)
            #expect(header.version == Int16(version))
            #expect(header.correlationID == 7)
            #expect(header.clientID(in: frame.bytes) == "mir")
            let left = reader.remaining
            #expect(left == 1)
        }
    }

    @Test func `of an unknown request only the fixed part is read`() throws {
        for text in ["0001 0063 00000007", "0301 0000 00000007"] {
            let frame = hex(text)
            var reader = ByteReader(frame.bytes)
            let header = try RequestHeader(&reader)
            #expect(!header.isSupported)
            #expect(header.correlationID == 7)
            #expect(header.clientIDRange == nil)
        }
    }

    @Test func `a malformed header is refused`() {
        for text in ["0001", "0001 000b 00000007 0009 6d", "0001 000b 00000007 fffe"] {
            let frame = hex(text)
            #expect(throws: ProtocolError.self) {
                var reader = ByteReader(frame.bytes)
                _ = try RequestHeader(&reader)
            }
        }
    }

    @Test func `frames are as the protocol guide says`() throws {
        var output = ByteBuffer()
        let start = Frame.beginRequest(
            .apiVersions,
            version: 3,
            correlationID: 5,
            clientID: "me",
            in: &output
        )
        try ApiVersionsAPI.encode(request: ApiVersionsAPI.Request(), version: 3, into: &output)
        Frame.end(start, in: &output)
        let request = Array(copying: output.bytes)
        #expect(hexText(request) == "0000001000120003000000050002" + "6d65" + "00" + "010100")

        var reader = ByteReader(request.bytes.extracting(4...))
        let header = try RequestHeader(&reader)
        // Flexible, and yet the old header: every client must be able to read it.
        output.removeAll()
        Frame.end(Frame.beginResponse(to: header, in: &output), in: &output)
        #expect(hexText(Array(copying: output.bytes)) == "0000000400000005")

        var flexible = header
        flexible.key = APIKey.heartbeat.rawValue
        flexible.version = 4
        output.removeAll()
        Frame.end(Frame.beginResponse(to: flexible, in: &output), in: &output)
        #expect(hexText(Array(copying: output.bytes)) == "000000050000000500")
        var answer = ByteReader(output.bytes.extracting(4...))
        let correlation = try Frame.readResponseHeader(&answer, api: .heartbeat, version: 4)
        #expect(correlation == 5)
    }
}

@Suite struct ErrorCodeTests {
    @Test func `unknown numbers are unknown server errors`() {
        #expect(ErrorCode(wire: 12_345) == .unknownServerError)
        #expect(ErrorCode(wire: 0) == ErrorCode.none)
        #expect(ErrorCode(wire: 45) == .outOfOrderSequenceNumber)
        #expect(ErrorCode.notLeaderOrFollower.isRetriable)
        #expect(!ErrorCode.messageTooLarge.isRetriable)
    }
}

@Suite struct FetchResponseWriterTests {
    @Test(arguments: APIKey.fetch.versions)
    func `what is written can be read, whatever the length of the records`(
        _ version: Int16
    ) throws {
        let id = UUID16(high: 1, low: 2)
        for length in [0, 1, 126, 127, 128, 16_382, 16_383, 2_097_150, 2_097_151, 2_100_000] {
            var writer = FetchResponseWriter(ByteBuffer(), version: version, topicCount: 2)
            writer.beginTopic(name: "orders", id: id, partitionCount: 2)
            writer.partition(3) { buffer in
                buffer.appendZeros(length)
                var partition = FetchResponseWriter.Partition()
                partition.highWatermark = 10
                partition.lastStableOffset = 9
                partition.logStartOffset = 1
                return partition
            }
            writer.partition(4) { _ in FetchResponseWriter.Partition(error: .offsetOutOfRange) }
            writer.beginTopic(name: "none", id: .zero, partitionCount: 0)
            let answer = writer.finish()
            var reader = ByteReader(answer.bytes)
            let response = try FetchAPI.decodeResponse(&reader, version: version)
            let left = reader.remaining
            #expect(left == 0)
            #expect(response.topics.count == 2)
            let topic = try #require(response.topics.first)
            #expect(version < 13 ? topic.name == "orders" : topic.id == id)
            #expect(topic.partitions.map(\.index) == [3, 4])
            #expect(topic.partitions[0].highWatermark == 10)
            #expect(topic.partitions[0].lastStableOffset == 9)
            #expect(topic.partitions[0].logStartOffset == (version >= 5 ? 1 : -1))
            #expect(topic.partitions[0].preferredReadReplica == -1)
            #expect(topic.partitions[0].abortedTransactions == nil)
            #expect(topic.partitions[0].records?.count == length)
            #expect(topic.partitions[1].errorCode == .offsetOutOfRange)
            #expect(topic.partitions[1].records?.count == 0)
            // The same by the ordinary way.
            var other = ByteBuffer()
            try FetchAPI.encode(
                response: response,
                version: version,
                payload: answer.bytes,
                into: &other
            )
            #expect(Array(copying: other.bytes) == Array(copying: answer.bytes))
        }
    }

    @Test func `a partition that could not be read leaves nothing behind`() throws {
        struct Unreadable: Error {}
        var writer = FetchResponseWriter(ByteBuffer(), version: 12, topicCount: 1)
        writer.beginTopic(name: "t", id: .zero, partitionCount: 1)
        let before = writer.buffer.count
        #expect(throws: Unreadable.self) {
            try writer.partition(0) { (buffer) throws(Unreadable) in
                buffer.appendZeros(500)
                throw Unreadable()
            }
        }
        let after = writer.buffer.count
        #expect(after == before)
        writer.partition(0) { _ in FetchResponseWriter.Partition(error: .kafkaStorageError) }
        let answer = writer.finish()
        var reader = ByteReader(answer.bytes)
        let response = try FetchAPI.decodeResponse(&reader, version: 12)
        #expect(response.topics[0].partitions[0].errorCode == .kafkaStorageError)
    }
}

@Suite struct HeaderMutationTests {
    @Test func `mutated and random headers never trap`() {
        var random = SplitMix(seed: 8)
        let sound = hex("0001 000c 00000007 0003 6d6972 01 00 02 aabb")
        var refused = 0
        for round in 0..<20_000 {
            let bytes = round % 4 == 0 ? random.bytes(20) : random.mutate(sound)
            var reader = ByteReader(bytes.bytes)
            do throws(ProtocolError) {
                let header = try RequestHeader(&reader)
                _ = header.clientID(in: bytes.bytes)
            } catch {
                refused += 1
            }
            var answer = ByteReader(bytes.bytes)
            do throws(ProtocolError) {
                _ = try Frame.readResponseHeader(&answer, api: .fetch, version: 12)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 5000)
    }
}
