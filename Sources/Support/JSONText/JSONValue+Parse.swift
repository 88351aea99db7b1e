public import Bytes

extension JSONValue {
    /// Reads `bytes` as one JSON text. Strict RFC 8259; an object that names a member twice is
    /// refused.
    public static func parse(
        _ bytes: RawSpan,
        depthMax: Int = JSONScanner.depthMaxDefault
    ) throws(JSONError) -> JSONValue {
        var scanner = JSONScanner(bytes, depthMax: depthMax)
        scanner.skipWhitespace()
        let value = try scanner.readValue(depth: 0)
        scanner.skipWhitespace()
        guard scanner.isAtEnd else { throw scanner.failure(.trailingBytes) }
        return value
    }

    /// Reads `text` as one JSON text.
    public static func parse(
        _ text: String,
        depthMax: Int = JSONScanner.depthMaxDefault
    ) throws(JSONError) -> JSONValue {
        // SAFETY: the span is used only inside the call, which `text` outlives.
        try unsafe parse(text.utf8.span.bytes, depthMax: depthMax)
    }
}

extension JSONScanner {
    /// Consumes one value and builds it. The cursor must stand on its first byte.
    @_lifetime(self: copy self)
    public mutating func readValue() throws(JSONError) -> JSONValue {
        try readValue(depth: 0)
    }

    @_lifetime(self: copy self)
    mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        guard let next = peek else { throw failure(.unexpectedEnd) }
        switch next {
        case UInt8(ascii: "\""): return .string(text(of: try scanString()))
        case UInt8(ascii: "{"): return .object(try readObject(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth + 1))
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return number(try scanNumber())
        default: throw failure(.expected("a value"))
        }
    }

    @_lifetime(self: copy self)
    private mutating func readObject(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax)) }
        var object = JSONObject()
        var more = try beginObject()
        while more {
            let start = position
            let key = text(of: try scanKey())
            guard object.position(of: key) == nil else {
                throw failure(.duplicateKey(key), at: start)
            }
            object[key] = try readValue(depth: depth)
            more = try endMember()
        }
        return object
    }

    @_lifetime(self: copy self)
    private mutating func readArray(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax)) }
        var elements: [JSONValue] = []
        var more = try beginArray()
        while more {
            elements.append(try readValue(depth: depth))
            more = try endElement()
        }
        return elements
    }

    /// The text of a string that was scanned before, with its escapes resolved. Copies.
    public func text(of token: StringToken) -> String {
        let raw = span.extracting(token.range)
        guard token.hasEscapes else { return String(repairingUTF8: raw) }
        var buffer = ByteBuffer(capacity: token.range.count)
        unescape(token, into: &buffer)
        return String(repairingUTF8: buffer.bytes)
    }

    /// Appends the UTF-8 of a string that was scanned before, with its escapes resolved.
    public func unescape(_ token: StringToken, into buffer: inout ByteBuffer) {
        guard token.hasEscapes else { return buffer.append(span.extracting(token.range)) }
        var index = token.range.lowerBound
        while index < token.range.upperBound {
            let next = byte(at: index)
            guard next == UInt8(ascii: "\\") else {
                buffer.append(next)
                index += 1
                continue
            }
            let kind = byte(at: index + 1)
            guard kind == UInt8(ascii: "u") else {
                buffer.append(Self.escaped(kind))
                index += 2
                continue
            }
            var scalar = unit(at: index)
            index += 6
            if scalar & 0xFC00 == 0xD800 {
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(at: index) & 0x3FF
                index += 6
            }
            buffer.append(utf8: Unicode.Scalar(scalar).map { String(Character($0)) } ?? "\u{FFFD}")
        }
    }

    /// The sixteen bits of a `\uXXXX` escape that was checked before.
    private func unit(at index: Int) -> UInt32 {
        var copy = self
        copy.position = index
        return UInt32((try? copy.scanUnicodeEscape()) ?? 0xFFFD)
    }

    private static func escaped(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }

    /// The value of a number that was scanned before: exact where an Int64 or a double can be.
    private func number(_ token: NumberToken) -> JSONValue {
        let text = String(repairingUTF8: span.extracting(token.range))
        if token.isInteger {
            if let integer = Int64(text), text != "-0" { return .integer(integer) }
            return text == "-0" ? .double(-0.0) : .decimal(text)
        }
        // Up to seventeen digits survive the way through a double and back; more, or an overflow,
        // stay text.
        let digits = text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.count { $0 >= 0x30 }
        guard digits <= 17, let double = Double(text), double.isFinite else {
            return .decimal(text)
        }
        return .double(double)
    }
}
