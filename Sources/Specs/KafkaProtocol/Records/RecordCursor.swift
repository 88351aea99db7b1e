/// Walks over the records of one batch without copying or allocating.
///
/// Takes the records as they are after decompression: everything from byte 61 of an uncompressed
/// batch. Reads exactly as many records as the header says; `next` returns nil after the last one
/// and throws at the first that is malformed. A cursor that threw should not be asked again.
public struct RecordCursor: ~Escapable {
    @usableFromInline internal let span: RawSpan
    @usableFromInline internal var position: Int
    @usableFromInline internal var left: Int32

    /// A cursor before the first of `count` records.
    @inlinable
    @_lifetime(copy records)
    public init(_ records: RawSpan, count: Int32) {
        span = records
        position = 0
        left = count
    }

    /// Bytes of the records read so far.
    @inlinable public var offset: Int { position }
    /// Records not read yet.
    @inlinable public var remainingRecords: Int32 { max(left, 0) }

    /// The next record, or nil after the last one.
    @inlinable
    @inline(__always)
    @_lifetime(copy self)
    public mutating func next() throws(RecordBatchError) -> Record? {
        guard left > 0 else { return nil }
        let start = position
        var fields = FieldReader(span, from: start)
        let length = fields.int32()
        let body = fields.position
        let end = body &+ length
        fields.position = body &+ 1
        let timestampDelta = fields.int64()
        let offsetDelta = fields.int32()
        let keyLength = fields.int32()
        let keyStart = fields.position
        fields.skipField(keyLength)
        let valueLength = fields.int32()
        let valueStart = fields.position
        fields.skipField(valueLength)
        let headerCount = fields.int32()
        // A header takes two bytes at least; without headers nothing may follow.
        let rest = end &- fields.position
        guard end <= span.byteCount, rest >= headerCount &* 2, headerCount >= 0,
            headerCount > 0 || rest == 0, keyLength >= -1, valueLength >= -1
        else { throw Self.malformed(span, start) }
        position = end
        left &-= 1
        return Record(
            span,
            timestampDelta: timestampDelta,
            offsetDelta: Int32(truncatingIfNeeded: offsetDelta),
            key: (keyStart, keyLength),
            value: (valueStart, valueLength),
            headers: (fields.position, end, Int32(truncatingIfNeeded: headerCount))
        )
    }

    /// Reads on to the end and checks what `next` does not: that the offset deltas are 0, 1, 2 …,
    /// that every header can be read, and that nothing follows the last record.
    public mutating func verify() throws(RecordBatchError) {
        var expected: Int32 = 0
        while true {
            let start = position
            guard let record = try next() else { break }
            guard record.offsetDelta == expected else {
                throw .malformedRecord(
                    offset: start,
                    .offsetDelta(expected: expected, found: record.offsetDelta)
                )
            }
            var headers = record.headers
            while try headers.next() != nil {}
            expected &+= 1
        }
        guard position == span.byteCount else {
            throw .malformedRecord(offset: position, .trailingBytes)
        }
    }

    @usableFromInline
    @inline(never)
    internal static func malformed(_ span: RawSpan, _ start: Int) -> RecordBatchError {
        .malformedRecord(offset: start, RecordFault.diagnose(span, recordAt: start))
    }
}

/// One record: where its parts are. Valid as long as the bytes it was read from.
public struct Record: ~Escapable {
    @usableFromInline internal let span: RawSpan
    /// Milliseconds after the batch's `baseTimestamp`.
    public let timestampDelta: Int64
    /// Offset after the batch's `baseOffset`.
    public let offsetDelta: Int32
    @usableFromInline internal let keyPart: (start: Int, length: Int)
    @usableFromInline internal let valuePart: (start: Int, length: Int)
    @usableFromInline internal let headerPart: (start: Int, end: Int, count: Int32)

    @inlinable
    @_lifetime(copy span)
    internal init(
        _ span: RawSpan,
        timestampDelta: Int64,
        offsetDelta: Int32,
        key: (start: Int, length: Int),
        value: (start: Int, length: Int),
        headers: (start: Int, end: Int, count: Int32)
    ) {
        self.span = span
        self.timestampDelta = timestampDelta
        self.offsetDelta = offsetDelta
        keyPart = key
        valuePart = value
        headerPart = headers
    }

    /// The key, or nil if the record has none.
    @inlinable public var key: RawSpan? {
        @_lifetime(copy self)
        get {
            guard keyPart.length >= 0 else { return nil }
            // SAFETY: the cursor checked that the key lies inside the record.
            return unsafe span.extracting(
                unchecked: keyPart.start..<(keyPart.start &+ keyPart.length)
            )
        }
    }

    /// The value, or nil if the record has none (a tombstone).
    @inlinable public var value: RawSpan? {
        @_lifetime(copy self)
        get {
            guard valuePart.length >= 0 else { return nil }
            // SAFETY: the cursor checked that the value lies inside the record.
            return unsafe span.extracting(
                unchecked: valuePart.start..<(valuePart.start &+ valuePart.length)
            )
        }
    }

    /// Number of headers.
    @inlinable public var headerCount: Int32 { headerPart.count }

    /// A cursor over the headers.
    @inlinable public var headers: RecordHeaderCursor {
        @_lifetime(copy self)
        get {
            RecordHeaderCursor(
                span,
                from: headerPart.start,
                to: headerPart.end,
                count: headerPart.count
            )
        }
    }
}
