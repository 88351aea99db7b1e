internal import Bytes

/// Reads or writes the fields of one message in their order.
///
/// Every message says *once* which fields it has, in which order and in which versions, and both
/// directions follow from it: the same call reads a field into a variable or writes the variable's
/// value. A field that the version does not have is left alone.
///
/// The encoding is Kafka's: integers big-endian; before version `flexibleFrom` of an API, lengths
/// are int16 (strings) or int32 (bytes, arrays) with -1 for null; from then on ("flexible") they
/// are unsigned varints of the length plus one, with 0 for null, and every structure ends with
/// tagged fields. Source: Apache Kafka protocol guide, KIP-482.
package struct FieldCoder: ~Copyable, ~Escapable {
    /// Version of the message.
    package let version: Int16
    /// True from the API's `flexibleFrom` on.
    package let isFlexible: Bool
    /// True when fields are read, false when they are written.
    package let isReading: Bool
    /// When reading, the bytes of the message. When writing, what `records` ranges point into.
    var reader: ByteReader
    /// When writing, where to.
    var output: ByteBuffer
    private var elementsLeft = Self.elementsMax

    /// Array elements that one message may have in all. A count is checked against the bytes that
    /// are there, but an element takes many times more memory than its two or three bytes.
    static let elementsMax = 1_000_000

    /// A coder that reads a message from where `reader` stands.
    @_lifetime(copy reader)
    init(reading reader: ByteReader, version: Int16, isFlexible: Bool) {
        self.version = version
        self.isFlexible = isFlexible
        self.reader = reader
        isReading = true
        output = ByteBuffer(capacity: 0)
    }

    /// A coder that writes a message to the end of `output`.
    @_lifetime(copy payload)
    init(
        writingTo output: consuming ByteBuffer,
        payload: RawSpan,
        version: Int16,
        isFlexible: Bool
    ) {
        self.version = version
        self.isFlexible = isFlexible
        self.output = output
        reader = ByteReader(payload)
        isReading = false
    }

    /// Gives back what was written.
    consuming func finish() -> ByteBuffer { output }

    /// True when the message has a field of these versions.
    func has(_ from: Int16, _ to: Int16) -> Bool { version >= from && version <= to }

    // MARK: Primitives

    /// An integer, big-endian.
    @_lifetime(self: copy self)
    package mutating func number<T: FixedWidthInteger & BitwiseCopyable>(
        _ value: inout T,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            value = try read(T.self)
        } else {
            output.append(value)
        }
    }

    /// A boolean: one byte, false when 0.
    @_lifetime(self: copy self)
    package mutating func flag(
        _ value: inout Bool,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        var byte: UInt8 = value ? 1 : 0
        try number(&byte, from: from, to: to)
        value = byte != 0
    }

    /// An error code. Codes that nobody knows here are read as `unknownServerError`.
    @_lifetime(self: copy self)
    package mutating func error(
        _ value: inout ErrorCode,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        var raw = value.rawValue
        try number(&raw, from: from, to: to)
        value = ErrorCode(wire: raw)
    }

    func failure(_ expected: String, _ problem: ProtocolError.Problem) -> ProtocolError {
        ProtocolError(
            offset: isReading ? reader.offset : output.count,
            expected: expected,
            problem
        )
    }

    @_lifetime(self: copy self)
    mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(ProtocolError) -> T {
        do throws(ByteError) {
            return try reader.read(T.self)
        } catch {
            throw ProtocolError(error, expected: "an int\(T.bitWidth)")
        }
    }

    /// An unsigned varint of at most 32 bits.
    @_lifetime(self: copy self)
    mutating func readUnsignedVarint(_ expected: String) throws(ProtocolError) -> Int {
        let offset = reader.offset
        do throws(ByteError) {
            let value = try reader.readUnsignedVarint()
            guard value <= UInt64(UInt32.max) else {
                throw ByteError.varintTooLong(offset: offset)
            }
            return Int(value)
        } catch {
            throw ProtocolError(error, expected: expected)
        }
    }

    @_lifetime(self: copy self)
    mutating func skip(_ count: Int, _ expected: String) throws(ProtocolError) {
        do throws(ByteError) {
            try reader.skip(count)
        } catch {
            throw ProtocolError(error, expected: expected)
        }
    }

    @_lifetime(copy self)
    mutating func readBytes(_ count: Int, _ expected: String) throws(ProtocolError) -> RawSpan {
        do throws(ByteError) {
            return try reader.readBytes(count)
        } catch {
            throw ProtocolError(error, expected: expected)
        }
    }

    /// Takes `count` elements off what the message may have.
    mutating func spend(elements count: Int) throws(ProtocolError) {
        guard count <= elementsLeft else {
            throw failure("an array", .tooManyElements(limit: Self.elementsMax))
        }
        elementsLeft -= count
    }

    /// Writes the bytes `range` of the payload, which must be inside it.
    mutating func writePayload(_ range: Range<Int>) {
        output.append(reader.span.extracting(range))
    }

    /// Runs `body` on the output.
    mutating func write(_ body: (inout ByteBuffer) -> Void) { body(&output) }
}
