/// A cursor over JSON text that checks without building: strings, numbers and whole values are
/// validated in place and given back as ranges of the span.
///
/// The grammar is RFC 8259's, strictly: UTF-8 is checked, lone surrogates are refused, and nesting
/// is bounded by `depthMax`. Nothing is allocated. Used by the parser, and directly where values
/// must stay the bytes they came as.
public struct JSONScanner: ~Escapable {
    /// Deepest nesting that is accepted unless told otherwise.
    public static var depthMaxDefault: Int { 128 }

    /// All bytes, also those already read.
    public let span: RawSpan
    /// Position of the next byte to read.
    public var offset: Int { position }
    /// Deepest nesting of objects and arrays that is accepted.
    public let depthMax: Int
    /// True when a line end is no white space: values must stand on one line, as in NDJSON.
    public let staysOnLine: Bool

    @usableFromInline internal var position: Int
    @usableFromInline internal let end: Int

    /// A cursor at the first byte of `span`.
    @inlinable
    @_lifetime(copy span)
    public init(
        _ span: RawSpan,
        depthMax: Int = JSONScanner.depthMaxDefault,
        staysOnLine: Bool = false
    ) {
        self.span = span
        self.depthMax = depthMax
        self.staysOnLine = staysOnLine
        self.position = 0
        self.end = span.byteCount
    }

    /// A string as it stands in the text.
    public struct StringToken: Equatable, Sendable {
        /// The bytes between the quotation marks.
        public let range: Range<Int>
        /// True when the bytes are not the text itself: some of it is escaped.
        public let hasEscapes: Bool

        /// A string that was scanned before at `range`.
        public init(range: Range<Int>, hasEscapes: Bool) {
            self.range = range
            self.hasEscapes = hasEscapes
        }
    }

    /// A number as it stands in the text.
    public struct NumberToken: Equatable, Sendable {
        /// The bytes of the number.
        public let range: Range<Int>
        /// True when it has neither fraction nor exponent.
        public let isInteger: Bool
    }

    /// True when every byte has been read.
    public var isAtEnd: Bool { position == end }

    @inlinable
    internal func byte(at index: Int) -> UInt8 {
        // SAFETY: callers pass an index below `end`, which is the span's byte count.
        unsafe span.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }

    /// The next byte, which is not consumed; nil at the end.
    @inlinable
    public var peek: UInt8? { position < end ? byte(at: position) : nil }

    /// An error at the next byte.
    public func failure(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason, at: position, of: span)
    }

    func failure(_ reason: JSONError.Reason, at offset: Int) -> JSONError {
        JSONError(reason, at: offset, of: span)
    }

    /// Moves the cursor to `offset`, which an earlier call has reported.
    @_lifetime(self: copy self)
    public mutating func seek(to offset: Int) {
        precondition(offset >= 0 && offset <= end, "seeking beyond the text")
        position = offset
    }

    /// Moves over spaces, tabs and line ends; over line ends not, if the scanner stays on its line.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    public mutating func skipWhitespace() {
        if position < end, byte(at: position) <= 0x20 { skipSomeWhitespace() }
    }

    @usableFromInline
    @_lifetime(self: copy self)
    internal mutating func skipSomeWhitespace() {
        while position < end {
            switch byte(at: position) {
            case 0x20, 0x0D, 0x09: position &+= 1
            case 0x0A where !staysOnLine: position &+= 1
            default: return
            }
        }
    }

    /// Consumes `expected` if it is the next byte.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func take(_ expected: UInt8) -> Bool {
        guard position < end, byte(at: position) == expected else { return false }
        position &+= 1
        return true
    }

    /// Moves over one whole value, checking it.
    ///
    /// The cursor must stand on its first byte, not on white space before it.
    @_lifetime(self: copy self)
    public mutating func skipValue() throws(JSONError) {
        try skipValue(depth: 0)
    }

    @_lifetime(self: copy self)
    mutating func skipValue(depth: Int) throws(JSONError) {
        guard position < end else { throw failure(.unexpectedEnd) }
        switch byte(at: position) {
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "{"): try skipObject(depth: depth + 1)
        case UInt8(ascii: "["): try skipArray(depth: depth + 1)
        case UInt8(ascii: "t"): try expect("true")
        case UInt8(ascii: "f"): try expect("false")
        case UInt8(ascii: "n"): try expect("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try scanNumber()
        default: throw unexpected("a value")
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipObject(depth: Int) throws(JSONError) {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax)) }
        var more = try beginObject()
        while more {
            _ = try scanKey()
            try skipValue(depth: depth)
            more = try endMember()
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipArray(depth: Int) throws(JSONError) {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax)) }
        var more = try beginArray()
        while more {
            try skipValue(depth: depth)
            more = try endElement()
        }
    }

    /// Consumes `literal`, one of true, false and null.
    @_lifetime(self: copy self)
    mutating func expect(_ literal: StaticString) throws(JSONError) {
        let start = position
        var index = 0
        while index < literal.utf8CodeUnitCount {
            guard position < end else { throw failure(.unexpectedEnd) }
            // SAFETY: the index is below the literal's length.
            guard unsafe byte(at: position) == literal.utf8Start[index] else {
                throw failure(.expected("a value"), at: start)
            }
            position &+= 1
            index &+= 1
        }
    }
}
