import Bytes
import Testing

private func contents(_ buffer: borrowing ByteBuffer) -> [UInt8] { Array(copying: buffer.bytes) }

@Suite struct ByteBufferTests {
    @Test func `integers are written most significant byte first unless told otherwise`() {
        var buffer = ByteBuffer(capacity: 0)
        buffer.append(0x01 as UInt8)
        buffer.append(-2 as Int16)
        buffer.append(0x0304_0506 as UInt32)
        buffer.appendLittleEndian(0x0304_0506 as UInt32)
        #expect(contents(buffer) == [1, 0xff, 0xfe, 3, 4, 5, 6, 6, 5, 4, 3])
    }

    @Test(
        arguments: [
            (0, [0]), (-1, [1]), (1, [2]), (63, [126]), (64, [0x80, 1]), (-65, [0x81, 1]),
            (Int64.max, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            (Int64.min, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
        ] as [(Int64, [UInt8])]
    )
    func `zig-zag numbers are written and read`(_ value: Int64, _ bytes: [UInt8]) throws {
        var buffer = ByteBuffer()
        buffer.appendVarint(value)
        #expect(contents(buffer) == bytes)
        var reader = ByteReader(buffer.bytes)
        let read = try reader.readVarint()
        let isAtEnd = reader.isAtEnd
        #expect(read == value)
        #expect(isAtEnd)
    }

    @Test func `a buffer grows and keeps what it holds`() {
        var buffer = ByteBuffer(capacity: 16)
        var expected: [UInt8] = []
        for index in 0..<1000 {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index % 7)
            buffer.append(piece.bytes)
            expected += piece
        }
        #expect(contents(buffer) == expected)
        buffer.append(utf8: "é")
        buffer.appendZeros(2)
        #expect(contents(buffer).suffix(4) == [0xc3, 0xa9, 0, 0])
    }

    @Test func `bytes are cut at both ends and overwritten in place`() {
        var buffer = ByteBuffer()
        buffer.append(utf8: "abcdefgh")
        buffer.truncate(to: 6)
        buffer.removeFirst(2)
        buffer.overwrite(0x4142 as UInt16, at: 1)
        #expect(contents(buffer) == Array("cABf".utf8))
        buffer.removeAll()
        let isEmpty = buffer.isEmpty
        #expect(isEmpty)
    }

    @Test func `the tail moves apart and together`() {
        var buffer = ByteBuffer(capacity: 16)
        buffer.append(utf8: "0123456789abcdef")
        buffer.moveTail(from: 4, by: 3)
        buffer.overwrite(UInt8(ascii: "-"), at: 4)
        #expect(contents(buffer).prefix(5) == Array("0123-".utf8).prefix(5))
        #expect(contents(buffer).suffix(12) == Array("456789abcdef".utf8).suffix(12))
        buffer.moveTail(from: 7, by: -5)
        #expect(contents(buffer) == Array("01456789abcdef".utf8))
        buffer.moveTail(from: 14, by: -14)
        let count = buffer.count
        #expect(count == 0)
    }

    @Test func `a filler says how much it wrote`() {
        var buffer = ByteBuffer()
        buffer.append(1 as UInt8)
        unsafe buffer.appendUninitialized(capacity: 100) { target in
            unsafe target[0] = 7
            unsafe target[1] = 8
            return 2
        }
        #expect(contents(buffer) == [1, 7, 8])
    }

    @Test func `misuse stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.overwrite(0 as UInt32, at: 0)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.append(1 as UInt8)
            buffer.moveTail(from: 0, by: -1)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer()
            buffer.truncate(to: 1)
        }
    }
}

@Suite struct SlabTests {
    @Test func `a finished buffer becomes a shared block and slices of it`() {
        var buffer = ByteBuffer()
        buffer.append(utf8: "hello, mill")
        let slab = Slab(buffer)
        let slice = SlabSlice(slab, 7..<11)
        #expect(slab.count == 11)
        #expect(slice.count == 4)
        #expect(Array(copying: slice.bytes) == Array("mill".utf8))
        slab.overwrite(UInt8(ascii: "b"), at: 7)
        #expect(Array(copying: slice.bytes) == Array("bill".utf8))
        #expect(Array(copying: SlabSlice(slab).bytes).count == 11)
    }

    @Test func `a slice beyond its slab stops the process`() async {
        await #expect(processExitsWith: .failure) {
            _ = SlabSlice(Slab(ByteBuffer()), 0..<1)
        }
    }
}
