internal import Bytes
package import Clocks

/// How a length was written before the flexible versions.
enum LengthSize {
    case int16
    case int32
}

// Fields that begin with a length, and identifiers.
extension FieldCoder {
    /// A string that is never null.
    @_lifetime(self: copy self)
    package mutating func text(
        _ value: inout String,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        guard isReading else { return try write(text: value) }
        guard let length = try readLength(.int16, "a string") else {
            throw failure("a string", .unexpectedNull)
        }
        value = try readText(length)
    }

    /// A string that can be null, in versions before `nullFrom` the empty string instead.
    @_lifetime(self: copy self)
    package mutating func text(
        _ value: inout String?,
        from: Int16 = 0,
        to: Int16 = .max,
        nullFrom: Int16 = 0
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            let length = try readLength(.int16, "a string")
            value = nil
            if let length { value = try readText(length) }
        } else if let value {
            try write(text: value)
        } else {
            try writeLength(version >= nullFrom ? nil : 0, .int16, "a string")
        }
    }

    /// Bytes that are never null. Copied.
    @_lifetime(self: copy self)
    package mutating func bytes(
        _ value: inout [UInt8],
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        guard has(from, to) else { return }
        if isReading {
            guard let length = try readLength(.int32, "bytes") else {
                throw failure("bytes", .unexpectedNull)
            }
            value = Array(copying: try readBytes(length, "bytes"))
        } else {
            try writeLength(value.count, .int32, "bytes")
            let source = value
            write { $0.append(source.bytes) }
        }
    }

    /// Record batches, which are not copied: when reading, where in the frame they are; when
    /// writing, where in the payload.
    @_lifetime(self: copy self)
    package mutating func records(_ value: inout Range<Int>?) throws(ProtocolError) {
        if isReading {
            value = nil
            guard let length = try readLength(.int32, "records") else { return }
            let start = reader.offset
            try skip(length, "records")
            value = start..<(start + length)
        } else {
            try writeLength(value?.count, .int32, "records")
            guard let range = value else { return }
            guard range.lowerBound >= 0, range.upperBound <= reader.span.byteCount else {
                throw failure("records", .doesNotFit(range.upperBound))
            }
            writePayload(range)
        }
    }

    /// An identifier of sixteen bytes; zero stands for none.
    @_lifetime(self: copy self)
    package mutating func identifier(
        _ value: inout UUID16,
        from: Int16 = 0,
        to: Int16 = .max
    ) throws(ProtocolError) {
        var (high, low) = (value.high, value.low)
        try number(&high, from: from, to: to)
        try number(&low, from: from, to: to)
        value = UUID16(high: high, low: low)
    }

    @_lifetime(self: copy self)
    private mutating func readText(_ length: Int) throws(ProtocolError) -> String {
        do throws(ByteError) {
            return try reader.readText(length)
        } catch {
            throw ProtocolError(error, expected: "a string")
        }
    }

    @_lifetime(self: copy self)
    private mutating func write(text: String) throws(ProtocolError) {
        try writeLength(text.utf8.count, .int16, "a string")
        write { $0.append(utf8: text) }
    }

    /// A length, nil for null. It is not larger than the bytes that are left.
    @_lifetime(self: copy self)
    mutating func readLength(
        _ size: LengthSize,
        _ expected: String
    ) throws(ProtocolError) -> Int? {
        let offset = reader.offset
        let length: Int
        if isFlexible {
            length = try readUnsignedVarint(expected) - 1
        } else if size == .int16 {
            length = Int(try read(Int16.self))
        } else {
            length = Int(try read(Int32.self))
        }
        if length == -1 { return nil }
        guard length >= 0, length <= reader.remaining else {
            throw ProtocolError(
                offset: offset,
                expected: expected,
                .lengthOutOfRange(length, available: reader.remaining)
            )
        }
        return length
    }

    @_lifetime(self: copy self)
    mutating func writeLength(
        _ length: Int?,
        _ size: LengthSize,
        _ expected: String
    ) throws(ProtocolError) {
        let number = length ?? -1
        if isFlexible {
            guard number < Int(Int32.max) else { throw failure(expected, .doesNotFit(number)) }
            write { $0.appendUnsignedVarint(UInt64(number + 1)) }
        } else if size == .int16 {
            guard let short = Int16(exactly: number) else {
                throw failure(expected, .doesNotFit(number))
            }
            write { $0.append(short) }
        } else {
            guard let long = Int32(exactly: number) else {
                throw failure(expected, .doesNotFit(number))
            }
            write { $0.append(long) }
        }
    }
}
