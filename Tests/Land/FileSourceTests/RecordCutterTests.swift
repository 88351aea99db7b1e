import Bytes
import Clocks
import Compression
import Testing

@testable import FileSource

private let rows = RecordFraming.rows(delimiter: 0x2C, quote: 0x22, hasHeader: false)

/// What a cutter makes of a text that comes in pieces of `piece` bytes: records, those that are too
/// long with a mark before them.
private func cuts(
    _ text: [UInt8],
    _ framing: RecordFraming,
    limit: Int = 1 << 20,
    piece: Int = .max
) -> [String] {
    var cutter = RecordCutter(framing, recordBytesMax: limit)
    var window = ByteBuffer()
    var rest = text[...]
    var found: [String] = []
    while true {
        switch cutter.next(in: window.bytes, isEnd: rest.isEmpty) {
        case .record(let range):
            found.append(String(repairingUTF8: window.bytes.extracting(range)))
        case .beginning(let range):
            found.append("!" + String(repairingUTF8: window.bytes.extracting(range)))
        case .more:
            window.removeFirst(cutter.position)
            cutter.windowMoved()
            window.append(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        case .end:
            return found
        }
    }
}

private func cuts(_ text: String, _ framing: RecordFraming = .lines, limit: Int = 20) -> [String] {
    let bytes = Array(text.utf8)
    let whole = cuts(bytes, framing, limit: limit)
    for piece in 1...max(1, min(bytes.count, 8)) {
        #expect(cuts(bytes, framing, limit: limit, piece: piece) == whole, "in pieces of \(piece)")
    }
    return whole
}

struct RecordCutterTests {
    @Test func `lines end with LF or CRLF, the last one with the file`() {
        #expect(cuts("a\nb\r\nc") == ["a", "b", "c"])
        #expect(cuts("a\n") == ["a"])
        #expect(cuts("a\r") == ["a"])
        #expect(cuts("") == [])
        #expect(cuts("\n\r\n\n") == [])
        #expect(cuts("\n\na\n\n\nb b\n\n") == ["a", "b b"])
        #expect(cuts("a\rb\nc") == ["a\rb", "c"])
    }

    @Test func `a line that is too long shows its beginning, and the next one is whole`() {
        let exact = String(repeating: "x", count: 20)
        #expect(cuts("\(exact)\n\(exact)\r\nb") == [exact, exact, "b"])
        #expect(cuts("\(exact)y\nb") == ["!\(exact)", "b"])
        #expect(cuts("a\n\(exact)yyyyyyyyyyyyyyy\r\nb\n") == ["a", "!\(exact)", "b"])
        #expect(cuts("\(exact)yyyyyyy") == ["!\(exact)"])
    }

    @Test func `a row of CSV goes on inside quotation marks`() {
        #expect(cuts("a,b\n1,\"x\ny\"\r\n2,z", rows) == ["a,b", "1,\"x\ny\"", "2,z"])
        #expect(cuts("\"a\"\"\n\",1\n2", rows) == ["\"a\"\"\n\",1", "2"])
        // A mark in the middle of a field is no beginning.
        #expect(cuts("5\" tall\n6\" tall\n", rows) == ["5\" tall", "6\" tall"])
        #expect(cuts("a\rb\r\n\r\rc", rows) == ["a", "b", "c"])
    }

    @Test func `a quotation mark that is never closed costs its line`() {
        #expect(cuts("a\n\"b\nc\nd\n", rows) == ["a", "\"b", "c", "d"])
        #expect(
            cuts("a\n\"b\n" + String(repeating: "c\n", count: 40), rows)
                == ["a", "\"b"] + Array(repeating: "c", count: 40)
        )
        #expect(
            cuts("\"" + String(repeating: "c", count: 40) + "\nd", rows)
                == ["!\"" + String(repeating: "c", count: 19), "d"]
        )
    }

    @Test(arguments: 0..<60)
    func `what is a record does not depend on how the bytes come`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let alphabet = Array("aab,,\"\"\n\n\r".utf8)
        let text = (0..<Int.random(in: 0...300, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? 0x61
        }
        for framing in [RecordFraming.lines, rows] {
            for limit in [3, 17, 1 << 20] {
                let whole = cuts(text, framing, limit: limit)
                let piece = Int.random(in: 1...20, using: &random)
                #expect(cuts(text, framing, limit: limit, piece: piece) == whole)
            }
        }
        // Told apart by other means: split at LF, one CR less at the end, nothing empty.
        let lines = text.split(separator: 0x0A).compactMap { line -> String? in
            let line = line.last == 0x0D ? line.dropLast() : line
            return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
        }
        #expect(cuts(text, .lines) == lines)
    }

    @Test func `lines are counted, also inside quotation marks`() {
        var cutter = RecordCutter(rows, recordBytesMax: 100)
        var window = ByteBuffer()
        window.append(utf8: "a\n\n\"b\nb\"\nc\r\nd")
        var lines: [Int64] = []
        while cutter.next(in: window.bytes, isEnd: true) != .end { lines.append(cutter.line) }
        #expect(lines == [1, 3, 5, 6])
    }
}

/// An open file in memory.
private struct Memory: FileContents {
    let bytes: [UInt8]

    func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(FileStoreError) -> Int {
        let piece = Array(bytes.dropFirst(Int(position)).prefix(count))
        buffer.append(piece)
        return piece.count
    }
}

private func values(
    _ bytes: [UInt8],
    path: String = "f",
    _ framing: RecordFraming = .lines
) throws -> [String] {
    var stream = try RecordStream(
        Memory(bytes: bytes),
        path: path,
        framing: framing,
        recordBytesMax: 1 << 20
    )
    var found: [String] = []
    while true {
        let step = try stream.next()
        if step == .end { return found }
        stream.withValue(step) { found.append(String(repairingUTF8: $0)) }
    }
}

struct RecordStreamTests {
    private let text = (0..<50_000).map { "{\"n\": \($0)}\n" }.joined()
    private var lines: [String] { text.split(separator: "\n").map(String.init) }

    @Test(arguments: [CompressionCodec.gzip, .zstd])
    func `packed files are unpacked, several in one file, too`(codec: CompressionCodec) throws {
        let path = codec == .gzip ? "a.jsonl.gz" : "a.jsonl.zst"
        let one = try packed(text, codec)
        #expect(try values(one, path: path) == lines)
        #expect(try values(one + packed("x\ny", codec), path: path) == lines + ["x", "y"])
        #expect(try values([], path: path) == [])
        #expect(try values(packed("", codec), path: path) == [])
        #expect(throws: FileFault.damaged("its packed text is cut short")) {
            try values(one.dropLast(9), path: path)
        }
        #expect(throws: FileFault.self) { try values(Array("{\"n\": 1}\n".utf8), path: path) }
        // Frames of zstd need not have a checksum.
        if codec == .zstd { return }
        var bent = one
        bent[bent.count / 2] ^= 0x55
        #expect(throws: FileFault.self) { try values(bent, path: path).count }
    }

    @Test func `large files come in pieces, a byte order mark is no text`() throws {
        #expect(try values([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == lines)
        #expect(try values([0xEF, 0xBB, 0xBF]) == [])
        #expect(try values([0xEF, 0xBB]).count == 1)
    }

    @Test func `each row of a file has the names of its columns before it`() throws {
        let framing = RecordFraming.rows(delimiter: 0x3B, quote: 0x22, hasHeader: true)
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(
            try values(mark + Array("\r\na;b\r\n1;\"x\r\ny\"\r\n\r\n2;z".utf8), framing) == [
                "a;b\n1;\"x\r\ny\"", "a;b\n2;z",
            ]
        )
        #expect(try values(Array("a;b\n".utf8), framing) == [])
        #expect(try values([], framing) == [])
        let long = Array(repeating: UInt8(0x61), count: 70 << 10)
        #expect(throws: FileFault.self) { try values(long + Array("\n1".utf8), framing) }
        #expect(RecordFraming(framing.text) == framing && RecordFraming("lines") == .lines)
        #expect(RecordFraming("rows 1 2") == nil && RecordFraming("") == nil)
    }
}
