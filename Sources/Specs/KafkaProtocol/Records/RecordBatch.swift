public import Bytes
internal import Checksums
public import Compression

/// Rules for whole record batches (format 2).
public enum RecordBatch {
    /// Checks that `span` begins with a whole batch whose checksum is right.
    ///
    /// For bytes that were stored: says nothing about what a producer may send.
    public static func verify(
        _ span: RawSpan,
        at offset: Int = 0
    ) throws(RecordBatchError) -> RecordBatchHeader {
        let header = try RecordBatchHeader(span, at: offset)
        guard span.byteCount - offset >= header.totalSize else {
            throw .truncated(
                offset: offset,
                needed: header.totalSize,
                available: span.byteCount - offset
            )
        }
        let computed = crc32c(
            span.extracting(
                (offset + RecordBatchHeader.checksumStart)..<(offset + header.totalSize)
            )
        )
        guard computed == header.crc else {
            throw .checksumMismatch(stated: header.crc, computed: computed)
        }
        return header
    }

    /// Checks that `span` is exactly one batch as a producer may send it (Produce v3 and later).
    ///
    /// Whole, format 2, right checksum, at least one record, offset deltas that fit the count, no
    /// control batch, a known codec (`zstd` only from Produce v7 on), and a sequence number and
    /// epoch when there is a producer id. The base offset is not looked at: the log writes its own
    /// over it. The records are not decompressed; `RecordCursor.verify` does that.
    public static func validate(
        _ span: RawSpan,
        allowingZstd: Bool = true
    ) throws(RecordBatchError) -> RecordBatchHeader {
        let header = try RecordBatchHeader(span)
        guard span.byteCount >= header.totalSize else {
            throw .truncated(offset: 0, needed: header.totalSize, available: span.byteCount)
        }
        guard span.byteCount == header.totalSize else {
            throw .trailingBytes(count: span.byteCount - header.totalSize)
        }
        guard header.recordCount > 0, header.lastOffsetDelta == header.recordCount - 1 else {
            throw .recordCountOutOfRange(
                recordCount: header.recordCount,
                lastOffsetDelta: header.lastOffsetDelta
            )
        }
        guard !header.isControl else { throw .controlBatch }
        let codec = header.attributes.codecNumber
        guard codec <= 4 else { throw .unknownCodec(codec) }
        guard codec != 4 || allowingZstd else { throw .codecNotAllowed(codec) }
        if header.hasProducerID, header.baseSequence < 0 || header.producerEpoch < 0 {
            throw .sequenceMissing(producerID: header.producerID)
        }
        return try verify(span)
    }

    /// The records of a batch for a `RecordCursor`, decompressed if they are compressed.
    ///
    /// Uncompressed records are a view of `batch`; compressed ones are decompressed into `scratch`,
    /// which is emptied first and cannot be used again before the view is done with.
    ///
    /// - Parameter batch: the whole batch, and only it: `header.totalSize` bytes.
    /// - Parameter limit: the most bytes the records may decompress to.
    @_lifetime(copy batch, &scratch)
    public static func records(
        of batch: RawSpan,
        _ header: RecordBatchHeader,
        decompressingInto scratch: inout ByteBuffer,
        with decompressor: Decompressor,
        limit: Int
    ) throws(RecordBatchError) -> RawSpan {
        let body = batch.extracting(RecordBatchHeader.size..<header.totalSize)
        guard header.isCompressed else { return body }
        guard let codec = header.codec else {
            throw .unknownCodec(header.attributes.codecNumber)
        }
        scratch.removeAll()
        do throws(CompressionError) {
            try decompressor.decompress(body, with: codec, into: &scratch, limit: limit)
        } catch {
            throw .compression(error)
        }
        return scratch.bytes
    }
}

extension Slab {
    /// Writes the log's offset and leader epoch into the batch that begins at `offset`.
    ///
    /// Neither field is under the checksum. Only for the thread that alone can see the slab.
    public func setBatch(baseOffset: Int64, leaderEpoch: Int32 = 0, at offset: Int) {
        overwrite(baseOffset, at: offset)
        overwrite(leaderEpoch, at: offset + 12)
    }
}

extension ByteBuffer {
    /// Writes the log's offset and leader epoch into the batch that begins at `offset`.
    ///
    /// Neither field is under the checksum.
    public mutating func setBatch(baseOffset: Int64, leaderEpoch: Int32 = 0, at offset: Int) {
        overwrite(baseOffset, at: offset)
        overwrite(leaderEpoch, at: offset + 12)
    }
}
