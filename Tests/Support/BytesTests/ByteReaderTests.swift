import Bytes
import Testing

/// What `body` throws at a reader of `bytes`, and where the reader stands then.
private func failure(
    _ bytes: [UInt8],
    _ body: (inout ByteReader) throws(ByteError) -> Void
) -> (error: ByteError?, offset: Int) {
    var reader = ByteReader(bytes.bytes)
    do throws(ByteError) {
        try body(&reader)
        return (nil, reader.offset)
    } catch {
        return (error, reader.offset)
    }
}

@Suite struct ByteReaderTests {
    @Test func `integers and views are read in order`() throws {
        let bytes: [UInt8] = [1, 0xff, 0xfe, 3, 4, 5, 6, 6, 5, 4, 3, 0x68, 0x69, 9]
        var reader = ByteReader(bytes.bytes)
        let first = try reader.read(UInt8.self)
        let second = try reader.read(Int16.self)
        let third = try reader.read(UInt32.self)
        let fourth = try reader.readLittleEndian(UInt32.self)
        #expect(first == 1 && second == -2 && third == 0x0304_0506 && fourth == 0x0304_0506)
        let text = try reader.readText(2)
        #expect(text == "hi")
        let left = reader.remaining
        #expect(left == 1)
        let rest = Array(copying: try reader.readBytes(1))
        let isAtEnd = reader.isAtEnd
        #expect(rest == [9] && isAtEnd)
    }

    @Test func `a read beyond the end says what is missing and moves nothing`() {
        let short = failure([1, 2, 3]) { (reader) throws(ByteError) in
            try reader.skip(1)
            _ = try reader.read(UInt32.self)
        }
        #expect(short.error == .truncated(offset: 1, needed: 4, available: 2))
        #expect(short.offset == 1)
        let negative = failure([1, 2]) { (reader) throws(ByteError) in try reader.skip(-1) }
        #expect(negative.error == .truncated(offset: 0, needed: -1, available: 2))
        let huge = failure([1, 2]) { (reader) throws(ByteError) in
            _ = try reader.readBytes(Int.max)
        }
        #expect(huge.error == .truncated(offset: 0, needed: Int.max, available: 2))
    }

    @Test func `numbers that are too long or cut short are refused`() {
        let long = failure([UInt8](repeating: 0xff, count: 11)) { (reader) throws(ByteError) in
            _ = try reader.readUnsignedVarint()
        }
        #expect(long.error == .varintTooLong(offset: 0))
        #expect(long.offset == 0)
        let cut = failure([0x80, 0x80]) { (reader) throws(ByteError) in
            _ = try reader.readUnsignedVarint()
        }
        #expect(cut.error == .truncated(offset: 2, needed: 1, available: 0))
    }

    @Test func `text that is not UTF-8 is refused, or repaired for people`() {
        let bytes: [UInt8] = [0x61, 0xc3, 0x28]
        let wrong = failure(bytes) { (reader) throws(ByteError) in _ = try reader.readText(3) }
        #expect(wrong.error == .notUTF8(offset: 0))
        #expect(String(validatingUTF8: bytes.bytes) == nil)
        #expect(String(repairingUTF8: bytes.bytes) == "a\u{fffd}(")
    }
}
