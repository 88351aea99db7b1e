internal import CSIMD

/// A place in a record's bytes, and the few moves over JSON that everything else is made of.
///
/// A class of its own beside JSONText's scanner because it runs for every byte of every event: it
/// finds the end of a string eight bytes at a time, keeps no line numbers, and says what is wrong
/// with two words.
internal struct JSONCursor: ~Escapable {
    let span: RawSpan
    var position = 0

    @_lifetime(copy span)
    @inline(__always)
    init(_ span: RawSpan) { self.span = span }

    @inline(__always) var end: Int { span.byteCount }

    /// The byte at `offset`; the caller has checked that there is one.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 {
        // SAFETY: callers compare with `end` first.
        unsafe span.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes from `offset` on, the first in the lowest bits; the caller has checked that
    /// there are.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        // SAFETY: callers compare `offset + 8` with `end` first.
        UInt64(
            littleEndian: unsafe span.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset,
                as: UInt64.self
            )
        )
    }

    /// Sixteen bytes from `offset` on; the caller has checked that there are.
    @inline(__always)
    func chunk(_ offset: Int) -> SIMD16<Int8> {
        // SAFETY: callers compare `offset + 16` with `end` first.
        unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD16<Int8>.self)
    }

    /// How many of the sixteen bytes from `offset` on stand before the first that ends a run of
    /// plain text: a quotation mark, a backslash, a control character, or a byte of a longer UTF-8
    /// sequence; 16 if none does. The caller has checked that there are sixteen.
    @inline(__always)
    func plainLength(at offset: Int) -> Int {
        // SAFETY: callers compare `offset + 16` with `end` first, so there is an address.
        unsafe span.withUnsafeBytes { bytes in
            unsafe Int(c_simd_plain_length(bytes.baseAddress.unsafelyUnwrapped + offset))
        }
    }

    /// The byte at the position, or zero at the end, which no rule of JSON's grammar accepts.
    @inline(__always)
    var next: UInt8 { position < end ? byte(position) : 0 }

    /// The bytes from `start` up to `end`.
    @inline(__always)
    @_lifetime(copy self)
    func bytes(_ start: Int, _ end: Int) -> RawSpan { span.extracting(start..<end) }

    /// Moves over white space.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skipWhitespace() {
        while position < end {
            let byte = byte(position)
            if byte > 0x20 { return }
            if byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return }
            position &+= 1
        }
    }

    /// A fault at the position: an early end, or a byte that cannot stand there.
    func unexpected() -> JSONFault {
        JSONFault(position < end ? .syntax : .truncated, at: position)
    }
}

/// Where a string's text is in the record.
internal struct JSONString {
    /// First byte after the quotation mark.
    var start: Int
    /// The closing quotation mark.
    var end: Int
    /// True when there are escapes in it, so that its bytes are not its text.
    var hasEscapes: Bool
}

extension JSONCursor {
    /// Moves from behind a string's opening quotation mark to behind the closing one.
    ///
    /// When this returns, the string is valid: no control characters, UTF-8, every escape known.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func scanString() throws(JSONFault) -> JSONString {
        let start = position
        var cursor = start
        while cursor &+ 8 <= end {
            let stops = Self.stops(word(cursor))
            if stops == 0 {
                cursor &+= 8
                continue
            }
            cursor &+= stops.trailingZeroBitCount &>> 3
            if byte(cursor) == UInt8(ascii: "\"") {
                position = cursor &+ 1
                return JSONString(start: start, end: cursor, hasEscapes: false)
            }
            return try scanUnusualString(from: start, at: cursor)
        }
        return try scanUnusualString(from: start, at: cursor)
    }

    /// Marks, in the top bit of its byte, the first quotation mark, backslash, control character or
    /// byte of a longer UTF-8 sequence. Only the lowest mark is to be trusted.
    @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let found = (quotes &- ones) | (slashes &- ones) | (word &- ones &* 0x20)
        // A subtraction borrows only past a byte that was itself a hit; bytes from 0x80 on, which
        // could hide one, are stops themselves.
        return (found & ~word | word) & tops
    }

    /// The rest of a string that has more in it than plain ASCII, or ends near the record's end.
    @inline(never)
    @_lifetime(self: copy self)
    mutating func scanUnusualString(from start: Int, at first: Int) throws(JSONFault) -> JSONString
    {
        var cursor = first
        var hasEscapes = false
        while cursor < end {
            let byte = byte(cursor)
            if byte == UInt8(ascii: "\"") {
                position = cursor &+ 1
                return JSONString(start: start, end: cursor, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                cursor = try escapeEnd(at: cursor)
            } else if byte >= 0x80 {
                cursor = try sequenceEnd(at: cursor)
            } else if byte < 0x20 {
                throw JSONFault(.controlCharacter, at: cursor)
            } else {
                cursor &+= 1
            }
        }
        throw JSONFault(.truncated, at: end)
    }

    /// Where the UTF-8 sequence of a lead byte from 0x80 on ends (Unicode, table 3-7).
    func sequenceEnd(at start: Int) throws(JSONFault) -> Int {
        let lead = byte(start)
        let length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0
        guard length > 0 else { throw JSONFault(.invalidUTF8, at: start) }
        guard start &+ length <= end else { throw JSONFault(.invalidUTF8, at: start) }
        let second = byte(start &+ 1)
        let lowest: UInt8 = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF
        guard second >= lowest, second <= highest else { throw JSONFault(.invalidUTF8, at: start) }
        for offset in 2..<max(length, 2) where byte(start &+ offset) & 0xC0 != 0x80 {
            throw JSONFault(.invalidUTF8, at: start)
        }
        return start &+ length
    }

    /// Where the escape that begins at `start` ends; a surrogate pair is one escape.
    private func escapeEnd(at start: Int) throws(JSONFault) -> Int {
        guard start &+ 1 < end else { throw JSONFault(.truncated, at: end) }
        switch byte(start &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start &+ 2
        case UInt8(ascii: "u"):
            let unit = try codeUnit(at: start)
            if unit & 0xF800 != 0xD800 { return start &+ 6 }
            // A high half must be followed by a low one.
            guard unit & 0xFC00 == 0xD800, start &+ 8 <= end,
                byte(start &+ 6) == UInt8(ascii: "\\"), byte(start &+ 7) == UInt8(ascii: "u"),
                try codeUnit(at: start &+ 6) & 0xFC00 == 0xDC00
            else { throw JSONFault(.invalidEscape, at: start) }
            return start &+ 12
        default:
            throw JSONFault(.invalidEscape, at: start)
        }
    }

    /// The number in the `\uXXXX` at `start`.
    func codeUnit(at start: Int) throws(JSONFault) -> UInt32 {
        guard start &+ 6 <= end else { throw JSONFault(.truncated, at: end) }
        var unit: UInt32 = 0
        for offset in 2..<6 {
            let digit = byte(start &+ offset)
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit &- UInt8(ascii: "A") &+ 10
            default: throw JSONFault(.invalidEscape, at: start)
            }
            unit = unit << 4 | UInt32(value)
        }
        return unit
    }
}
