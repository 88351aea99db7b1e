/// Walks over the headers of one record without copying or allocating.
public struct RecordHeaderCursor: ~Escapable {
    @usableFromInline internal let span: RawSpan
    @usableFromInline internal var position: Int
    @usableFromInline internal let end: Int
    @usableFromInline internal var left: Int32

    @inlinable
    @_lifetime(copy span)
    internal init(_ span: RawSpan, from start: Int, to end: Int, count: Int32) {
        self.span = span
        self.end = end
        position = start
        left = count
    }

    /// The next header, or nil after the last one.
    @inlinable
    @_lifetime(copy self)
    public mutating func next() throws(RecordBatchError) -> RecordHeader? {
        guard left > 0 else {
            if position != end { throw .malformedRecord(offset: position, .lengthMismatch) }
            return nil
        }
        var fields = FieldReader(span, from: position)
        let keyLength = fields.int32()
        let keyStart = fields.position
        fields.skipField(keyLength)
        let valueLength = fields.int32()
        let valueStart = fields.position
        fields.skipField(valueLength)
        guard fields.position <= end, keyLength >= 0, valueLength >= -1 else {
            throw .malformedRecord(offset: position, .header)
        }
        position = fields.position
        left &-= 1
        return RecordHeader(
            span,
            key: keyStart..<(keyStart &+ keyLength),
            value: (valueStart, valueLength)
        )
    }
}

/// One header of a record: a name and bytes.
public struct RecordHeader: ~Escapable {
    @usableFromInline internal let span: RawSpan
    @usableFromInline internal let keyRange: Range<Int>
    @usableFromInline internal let valuePart: (start: Int, length: Int)

    @inlinable
    @_lifetime(copy span)
    internal init(_ span: RawSpan, key: Range<Int>, value: (start: Int, length: Int)) {
        self.span = span
        keyRange = key
        valuePart = value
    }

    /// The name, UTF-8 by agreement (not checked).
    @inlinable public var key: RawSpan {
        @_lifetime(copy self)
        get { span.extracting(keyRange) }
    }

    /// The value, or nil if there is none.
    @inlinable public var value: RawSpan? {
        @_lifetime(copy self)
        get {
            guard valuePart.length >= 0 else { return nil }
            return span.extracting(valuePart.start..<(valuePart.start &+ valuePart.length))
        }
    }
}
