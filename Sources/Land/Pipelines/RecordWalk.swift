import Bytes
import Compression
import KafkaProtocol

/// What a walk meets, in the order of the log.
enum WalkStep: ~Escapable {
    /// A record whose bytes can be read, and where they begin.
    case record(Record, at: RecordAddress)
    /// A place where a record should be and cannot be read: its batch is packed or built wrongly.
    /// `raw` is the whole batch at the first such place of it, nothing at the others.
    case unreadable(reason: String, raw: RawSpan?)
}

/// Where a record begins: in the batches as they were read, or in what was unpacked of them.
struct RecordAddress {
    /// Bytes before it.
    let start: Int
    let isUnpacked: Bool

    /// `bytes` further on.
    @inline(__always)
    func advanced(by bytes: Int) -> RecordAddress {
        RecordAddress(start: start &+ bytes, isUnpacked: isUnpacked)
    }
}

/// Walks over the records in whole batches as the log stores them, unpacking as it goes.
///
/// Every offset from the first wanted one to the end of the last batch is met exactly once: as a
/// record, as something unreadable, or not at all where the batch is control data or has a gap.
/// Checksums are the source's business. The codecs' contexts are kept between calls; one thread at
/// a time may use it.
final class RecordWalk {
    private let decompressor = Decompressor()
    private let batchBytesMax: Int
    private var scratch = ByteBuffer()

    /// A walk that unpacks a batch to at most `batchBytesMax` bytes.
    init(batchBytesMax: Int) {
        self.batchBytesMax = batchBytesMax
    }

    /// Calls `body` for each offset from `first` to before `limit`, with its timestamp in
    /// milliseconds.
    ///
    /// - Returns: the offset after the last batch, at most `limit`; `first` when there was none.
    func forEachRecord(
        in batches: RawSpan,
        of partition: SourcePartition,
        from first: Int64,
        upTo limit: Int64 = .max,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) -> Int64 {
        try forEachRecord(
            in: batches,
            of: partition,
            from: first,
            upTo: limit,
            unpackingInto: &scratch,
            keepsAll: false,
            body
        )
    }

    /// The same; everything that was unpacked is in `scratch`, the records' addresses tell where.
    ///
    /// - Parameter keepsAll: false lets a batch take the place of the one before.
    func forEachRecord(
        in batches: RawSpan,
        of partition: SourcePartition,
        from first: Int64,
        upTo limit: Int64 = .max,
        unpackingInto scratch: inout ByteBuffer,
        keepsAll: Bool,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) -> Int64 {
        var position = 0
        var next = first
        while position < batches.byteCount {
            let header: RecordBatchHeader
            do throws(RecordBatchError) {
                header = try RecordBatchHeader(batches, at: position)
                guard header.totalSize <= batches.byteCount - position else {
                    throw .truncated(
                        offset: position,
                        needed: header.totalSize,
                        available: batches.byteCount - position
                    )
                }
            } catch {
                throw .source(.corrupt(partition, offset: next, reason: "\(error)"))
            }
            let start = position
            let batch = batches.extracting(start..<(start + header.totalSize))
            position += header.totalSize
            let end = header.baseOffset + Int64(header.lastOffsetDelta) + 1
            if end <= next { continue }
            if header.baseOffset >= limit { return limit }
            if header.attributes.contains(.refused) {
                try walk(refused: batch, of: partition, header, from: next, body)
            } else if !header.isControl {
                let wanted = next..<max(next, min(end, limit))
                if !keepsAll { scratch.removeAll() }
                try walk(batch, at: start, header, wanted, unpackingInto: &scratch, body)
            }
            next = end
        }
        return min(next, limit)
    }

    private func walk(
        _ batch: RawSpan,
        at start: Int,
        _ header: RecordBatchHeader,
        _ wanted: Range<Int64>,
        unpackingInto scratch: inout ByteBuffer,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        let packed = batch.extracting(RecordBatchHeader.size..<batch.byteCount)
        if header.attributes.codecNumber == 0 {
            let address = RecordAddress(
                start: start + RecordBatchHeader.size,
                isUnpacked: false
            )
            try walk(records: packed, from: address, of: batch, header, wanted, body)
            return
        }
        let lost = max(wanted.lowerBound, header.baseOffset)..<wanted.upperBound
        let unpackedStart = scratch.count
        guard let codec = CompressionCodec(rawValue: header.attributes.codecNumber) else {
            try giveUp("its batch has an unknown codec", batch, header, lost, body)
            return
        }
        do throws(CompressionError) {
            try decompressor.decompress(packed, with: codec, into: &scratch, limit: batchBytesMax)
        } catch {
            try giveUp("its batch cannot be unpacked: \(error)", batch, header, lost, body)
            return
        }
        let records = scratch.bytes.extracting(unpackedStart..<scratch.count)
        let address = RecordAddress(start: unpackedStart, isUnpacked: true)
        try walk(records: records, from: address, of: batch, header, wanted, body)
    }

    private func walk(
        records: RawSpan,
        from address: RecordAddress,
        of batch: RawSpan,
        _ header: RecordBatchHeader,
        _ wanted: Range<Int64>,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        let isAppendTime = header.attributes.contains(.logAppendTime)
        var cursor = RecordCursor(records, count: header.recordCount)
        var met = header.baseOffset
        while true {
            let start = cursor.offset
            let record: Record?
            do throws(RecordBatchError) {
                record = try cursor.next()
            } catch {
                let lost = wanted.from(met)
                try giveUp("it is not a record: \(error)", batch, header, lost, body)
                return
            }
            guard let record else { return }
            let offset = header.baseOffset + Int64(record.offsetDelta)
            // The delta is the producer's word: one that goes back would double an offset.
            guard offset >= met, record.offsetDelta <= header.lastOffsetDelta else {
                let reason = "its offset delta \(record.offsetDelta) is out of order"
                try giveUp(reason, batch, header, wanted.from(met), body)
                return
            }
            met = offset + 1
            if offset < wanted.lowerBound { continue }
            if offset >= wanted.upperBound { return }
            let timestamp =
                isAppendTime ? header.maxTimestamp : header.baseTimestamp &+ record.timestampDelta
            try body(.record(record, at: address.advanced(by: start)), offset, timestamp)
        }
    }

    /// A place where the source has something that is not to be taken for a record.
    private func walk(
        refused batch: RawSpan,
        of partition: SourcePartition,
        _ header: RecordBatchHeader,
        from next: Int64,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        guard header.baseOffset >= next else { return }
        let packed = batch.extracting(RecordBatchHeader.size..<batch.byteCount)
        var cursor = RecordCursor(packed, count: header.recordCount)
        let record: Record?
        do throws(RecordBatchError) { record = try cursor.next() } catch {
            throw .source(.corrupt(partition, offset: next, reason: "\(error)"))
        }
        guard let record else { return }
        var reason = ""
        if let key = record.key { reason = String(repairingUTF8: key) }
        let step = WalkStep.unreadable(reason: reason, raw: record.value)
        try body(step, header.baseOffset, header.maxTimestamp)
    }

    private func giveUp(
        _ reason: String,
        _ batch: RawSpan,
        _ header: RecordBatchHeader,
        _ lost: Range<Int64>,
        _ body: (borrowing WalkStep, _ offset: Int64, _ timestamp: Int64) throws(LaneError) -> Void
    ) throws(LaneError) {
        var offset = lost.lowerBound
        while offset < lost.upperBound {
            let raw = offset == lost.lowerBound ? batch : nil
            try body(.unreadable(reason: reason, raw: raw), offset, header.maxTimestamp)
            offset += 1
        }
    }
}

extension Range<Int64> {
    /// The part at and above `offset`.
    fileprivate func from(_ offset: Int64) -> Range<Int64> {
        Swift.max(offset, lowerBound)..<Swift.max(offset, upperBound)
    }
}
