extension JSONCursor {
    /// Gives the text of a string that has escapes to `emit`, piece by piece: runs of plain bytes
    /// as they are in the record, and the UTF-8 of each escape.
    ///
    /// The string was scanned before, so that nothing in it can be wrong.
    @inline(__always)
    func unescape(_ string: JSONString, _ emit: (RawSpan) -> Void, _ emitByte: (UInt8) -> Void) {
        var run = string.start
        var cursor = string.start
        while cursor < string.end {
            if byte(cursor) != UInt8(ascii: "\\") {
                cursor &+= 1
                continue
            }
            if cursor > run { emit(bytes(run, cursor)) }
            cursor = unescapeOne(at: cursor, emitByte)
            run = cursor
        }
        if string.end > run { emit(bytes(run, string.end)) }
    }

    /// Emits the escape at `start` and returns where it ends.
    @inline(__always)
    private func unescapeOne(at start: Int, _ emit: (UInt8) -> Void) -> Int {
        switch byte(start &+ 1) {
        case UInt8(ascii: "b"): emit(0x08)
        case UInt8(ascii: "f"): emit(0x0C)
        case UInt8(ascii: "n"): emit(0x0A)
        case UInt8(ascii: "r"): emit(0x0D)
        case UInt8(ascii: "t"): emit(0x09)
        case UInt8(ascii: "u"):
            let (scalar, end) = scalar(at: start)
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { emit(byte) }
            return end
        case let byte: emit(byte)
        }
        return start &+ 2
    }

    /// The character of the `\u` escape, or pair of escapes, at `start`.
    private func scalar(at start: Int) -> (Unicode.Scalar, end: Int) {
        let high = (try? codeUnit(at: start)) ?? 0xFFFD
        if high & 0xFC00 == 0xD800, let low = try? codeUnit(at: start &+ 6) {
            let value = 0x1_0000 + ((high & 0x3FF) << 10 | low & 0x3FF)
            return (Unicode.Scalar(value) ?? "\u{FFFD}", start &+ 12)
        }
        return (Unicode.Scalar(high) ?? "\u{FFFD}", start &+ 6)
    }

    /// The string's text as a copy.
    func text(_ string: JSONString) -> String {
        if !string.hasEscapes {
            // SAFETY: the view is used within the call only.
            return unsafe bytes(string.start, string.end).withUnsafeBytes { bytes in
                unsafe String(decoding: bytes, as: UTF8.self)
            }
        }
        return String(decoding: unescaped(string), as: UTF8.self)
    }

    /// The string's text as UTF-8.
    func unescaped(_ string: JSONString) -> [UInt8] {
        var text: [UInt8] = []
        unescape(string) { piece in
            // SAFETY: the view is used within the call only.
            unsafe piece.withUnsafeBytes { bytes in
                unsafe text.append(contentsOf: bytes)
            }
        } _: { byte in
            text.append(byte)
        }
        return text
    }
}
