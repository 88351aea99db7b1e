extension JSONScanner {
    /// Consumes a string, checking its escapes and its UTF-8. The cursor must stand on the opening
    /// quotation mark.
    @_lifetime(self: copy self)
    public mutating func scanString() throws(JSONError) -> StringToken {
        guard take(UInt8(ascii: "\"")) else { throw failure(.expected("a string")) }
        let start = position
        var hasEscapes = false
        while true {
            skipPlainBytes()
            guard position < end else { throw failure(.unexpectedEnd) }
            let next = byte(at: position)
            switch next {
            case UInt8(ascii: "\""):
                position &+= 1
                return StringToken(range: start..<(position &- 1), hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0x80...:
                try skipMultibyte()
            case ..<0x20:
                throw failure(.controlCharacter(next))
            default:
                position &+= 1
            }
        }
    }

    /// Moves over bytes that need no look: eight at a time while none of them is a quotation mark,
    /// a backslash, a control character or the beginning of something longer than ASCII.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skipPlainBytes() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while position &+ 8 <= end {
            // SAFETY: the eight bytes end at or before `end`.
            let word = unsafe span.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            // A byte's high bit is set in `found` if the byte is below 0x20, equal to one of the
            // two marks, or above 0x7F. Borrows can only add false findings above a true one, so
            // the lowest finding is always right.
            let found =
                ((word &- (ones &* 0x20)) & ~word) | ((quotes &- ones) & ~quotes)
                | ((slashes &- ones) & ~slashes) | word
            if found & highs != 0 {
                position &+= (found & highs).trailingZeroBitCount / 8
                return
            }
            position &+= 8
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipEscape() throws(JSONError) {
        let start = position
        guard position &+ 1 < end else { throw failure(.unexpectedEnd, at: end) }
        switch byte(at: position &+ 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position &+= 2
        case UInt8(ascii: "u"):
            let unit = try scanUnicodeEscape()
            if unit & 0xFC00 == 0xDC00 { throw failure(.loneSurrogate, at: start) }
            guard unit & 0xFC00 == 0xD800 else { return }
            guard position &+ 1 < end, byte(at: position) == UInt8(ascii: "\\"),
                byte(at: position &+ 1) == UInt8(ascii: "u"),
                try scanUnicodeEscape() & 0xFC00 == 0xDC00
            else { throw failure(.loneSurrogate, at: start) }
        default:
            throw failure(.invalidEscape)
        }
    }

    /// Consumes `\uXXXX`; the cursor stands on the backslash.
    @_lifetime(self: copy self)
    mutating func scanUnicodeEscape() throws(JSONError) -> UInt16 {
        guard position &+ 6 <= end else { throw failure(.unexpectedEnd, at: end) }
        var unit: UInt16 = 0
        for index in (position &+ 2)..<(position &+ 6) {
            guard let digit = hexDigit(byte(at: index)) else { throw failure(.invalidEscape) }
            unit = unit << 4 | UInt16(digit)
        }
        position &+= 6
        return unit
    }

    private func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }

    /// Moves over one character of two to four bytes, refusing overlong forms, surrogates and what
    /// lies above U+10FFFF.
    @_lifetime(self: copy self)
    private mutating func skipMultibyte() throws(JSONError) {
        let first = byte(at: position)
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw failure(.notUTF8)
        }
        guard position &+ length <= end, second.contains(byte(at: position &+ 1)) else {
            throw failure(.notUTF8)
        }
        for index in (position &+ 2)..<max(position &+ 2, position &+ length) {
            guard byte(at: index) & 0xC0 == 0x80 else { throw failure(.notUTF8) }
        }
        position &+= length
    }

    /// Consumes a number, checking its grammar.
    @_lifetime(self: copy self)
    public mutating func scanNumber() throws(JSONError) -> NumberToken {
        let start = position
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            if let next = peek, isDigit(next) { throw failure(.invalidNumber, at: start) }
        } else {
            try skipDigits(of: start)
        }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits(of: start)
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
            try skipDigits(of: start)
        }
        return NumberToken(range: start..<position, isInteger: isInteger)
    }

    @_lifetime(self: copy self)
    private mutating func skipDigits(of start: Int) throws(JSONError) {
        let first = position
        while position < end, isDigit(byte(at: position)) { position &+= 1 }
        if position == first { throw failure(.invalidNumber, at: start) }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
