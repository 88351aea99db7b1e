import Testing

@testable import Prompt

/// Bytes of a terminal as keys.
@Suite struct KeyParserTests {
    private static let session: [(bytes: String, key: Key)] = [
        ("select é 剣 👩‍🚀", .text("select é 剣 👩‍🚀")), ("\r", .enter), ("\u{1B}[A", .up),
        ("\u{1B}OB", .down), ("\u{1B}[1;5C", .wordRight), ("\u{1B}[1;5D", .wordLeft),
        ("\u{1B}[3~", .delete), ("\u{1B}[H", .home), ("\u{1B}[4~", .end), ("\u{1B}b", .alt("b")),
        ("\u{1B}\r", .altEnter), ("\u{7F}", .backspace), ("\t", .tab), ("\u{12}", .control("r")),
        ("\u{1B}[200~a\r\nb\tc\u{1B}[31m\u{1B}[201~", .paste("a\nb    c[31m")),
        ("\u{1B}[C", .right), ("\u{03}", .control("c")), ("\u{1B}\u{7F}", .control("w")),
    ]

    @Test func `keys come out however their bytes are cut`() {
        let bytes = Self.session.flatMap { Array($0.bytes.utf8) }
        let expected = Self.session.map(\.key)
        for size in [1, 2, 3, 5, 7, 11, bytes.count] {
            var parser = KeyParser()
            var keys: [Key] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                for key in parser.parse(bytes[start..<min(start + size, bytes.count)]) {
                    if case .text(let text) = key, case .text(let before)? = keys.last {
                        keys[keys.count - 1] = .text(before + text)
                    } else {
                        keys.append(key)
                    }
                }
            }
            #expect(keys == expected, "in pieces of \(size) bytes")
        }
    }

    @Test func `Escape alone is a key once nothing follows`() {
        var parser = KeyParser()
        #expect(parser.parse([0x1B]).isEmpty)
        #expect(parser.isWaiting)
        #expect(parser.flush() == [.escape])
        #expect(!parser.isWaiting)
    }

    @Test func `random bytes neither trap nor stall`() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: .min ... .max, using: &generator)
        var state = seed
        var parser = KeyParser()
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            _ = parser.parse([UInt8(truncatingIfNeeded: state >> 33)])
        }
        // Ends whatever went on.
        _ = parser.parse("\u{1B}[201~".utf8)
        _ = parser.flush()
        _ = parser.parse("\u{1B}[201~~~~~".utf8)
        #expect(parser.parse("x".utf8).last == .text("x"), "seed \(seed)")
    }
}
