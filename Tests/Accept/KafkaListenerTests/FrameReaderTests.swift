import Bytes
import Clocks
import Testing

@testable import KafkaListener

@Suite struct FrameReaderTests {
    /// A source that gives at most `piece` bytes at a time.
    private struct Source {
        let bytes: [UInt8]
        var position = 0

        mutating func give(_ piece: Int, to buffer: inout ByteBuffer, limit: Int) -> Int {
            let count = min(piece, limit, bytes.count - position)
            for index in position..<(position + count) { buffer.append(bytes[index]) }
            position += count
            return count
        }
    }

    @Test(arguments: 0..<60) func `frames come out as they went in, however they arrive`(
        _ seed: Int
    ) throws {
        var random = SeededRandom(seed: UInt64(seed))
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        var frames: [[UInt8]] = []
        var bytes: [UInt8] = []
        for _ in 0..<30 {
            let size = [pick(50), pick(5000), pick(100_000), 32_768, 32_769][pick(5)]
            let frame = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            frames.append(frame)
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
            bytes += frame
        }
        var source = Source(bytes: bytes)
        let reader = FrameReader(frameBytesMax: 1 << 20, pool: BufferPool())
        var found: [[UInt8]] = []
        while found.count < frames.count {
            switch reader.find() {
            case .badLength(let length): throw WireClient.Failure(call: "\(length)", code: 0)
            case .frame(let range):
                if pick(2) == 0 {
                    found.append(Array(copying: reader.take(range).bytes))
                } else {
                    found.append(reader.withFrame(range) { Array(copying: $0) })
                    reader.discard(range)
                }
            case .incomplete:
                let piece = [1 + pick(10), 1 + pick(2000), 200_000][pick(3)]
                let count = reader.fill { buffer, limit in
                    source.give(piece, to: &buffer, limit: limit)
                }
                try #require(count > 0, "the reader asks for bytes it has no room for")
            }
        }
        #expect(found == frames)
        #expect(reader.unread == 0)
    }

    @Test func `memory follows the bytes that came, not the length that was announced`() {
        let reader = FrameReader(frameBytesMax: 100 << 20, pool: BufferPool())
        var asked = 0
        var source = Source(bytes: [0x06, 0, 0, 0] + [UInt8](repeating: 1, count: 5000))
        while source.position < source.bytes.count {
            _ = reader.fill { buffer, limit in
                asked = max(asked, buffer.capacity)
                return source.give(1000, to: &buffer, limit: limit)
            }
        }
        #expect(asked <= 2 << 20)
    }

    @Test func `a large frame is handed on without a copy`() throws {
        let reader = FrameReader(frameBytesMax: 1 << 20, pool: BufferPool())
        let size = 200_000
        let prefix: [UInt8] = [0, 3, 0x0d, 0x40]
        var source = Source(bytes: prefix + [UInt8](repeating: 9, count: size))
        while source.position < source.bytes.count {
            _ = reader.fill { buffer, limit in source.give(50_000, to: &buffer, limit: limit) }
        }
        guard case .frame(let range) = reader.find() else {
            Issue.record("the frame is there")
            return
        }
        let slice = reader.take(range)
        // The length prefix is still in front: it is the very block the bytes were read into.
        #expect(slice.range == 4..<(4 + size))
        #expect(slice.slab.count == size + 4)
    }
}
