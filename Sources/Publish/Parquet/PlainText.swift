internal import ArrowData
internal import Bytes

/// Texts of a column as Parquet's plain values: four bytes of length, then the text.
internal enum PlainText {
    /// Texts up to that length are copied in steps of 16 bytes.
    private static let shortMax = 64

    /// Appends the values of `rows`, and takes note of them.
    static func append(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        to output: inout ByteBuffer,
        range: inout TextRange
    ) {
        let (offsets, bytes) = (column.textOffsets, column.textBytes)
        // SAFETY: the offsets have `count + 1` entries that lie within the bytes, which live as
        // long as the batch; what is written is at most what is reserved.
        unsafe offsets.withUnsafeBytes { offsets in
            unsafe bytes.withUnsafeBytes { bytes in
                let source = unsafe TextSource(offsets: offsets, bytes: bytes)
                let (first, last) = unsafe (
                    source.start(rows.lowerBound), source.start(rows.upperBound)
                )
                let room = last - first + rows.count * 4 + shortMax
                var extremes = TextExtremes()
                unsafe output.appendUninitialized(capacity: room) { target in
                    guard var place = target.baseAddress else { return 0 }
                    let begin = unsafe place
                    column.forEachValue(in: rows) { row in
                        let text = unsafe source.text(row)
                        unsafe extremes.add(text, at: row, in: source)
                        unsafe place.storeBytes(
                            of: UInt32(truncatingIfNeeded: text.count).littleEndian,
                            as: UInt32.self
                        )
                        unsafe source.copy(text, to: place + 4)
                        unsafe place += text.count &+ 4
                    }
                    return unsafe place - begin
                }
                guard extremes.least >= 0 else { return }
                unsafe range.add(
                    least: source.text(extremes.least),
                    greatest: source.text(extremes.greatest)
                )
            }
        }
    }

    /// Puts the numbers of the values of `rows` into `indices`.
    static func appendIndices(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        of dictionary: inout TextDictionary,
        to indices: inout IndexBuffer
    ) {
        let (offsets, bytes) = (column.textOffsets, column.textBytes)
        // SAFETY: as above.
        unsafe offsets.withUnsafeBytes { offsets in
            unsafe bytes.withUnsafeBytes { bytes in
                let source = unsafe TextSource(offsets: offsets, bytes: bytes)
                column.forEachValue(in: rows) { row in
                    let text = unsafe source.text(row)
                    guard let start = text.baseAddress else { return }
                    unsafe indices.append(
                        dictionary.index(
                            of: start,
                            length: text.count,
                            readable: source.readable(from: start)
                        )
                    )
                }
            }
        }
    }

    /// Where a column's texts lie.
    ///
    /// SAFETY: used only while the column is borrowed; rows are below the column's count, for which
    /// there are offsets, and those point into the bytes (Arrow's layout).
    @unsafe
    private struct TextSource {
        let offsets: UnsafeRawBufferPointer
        let base: UnsafeRawPointer
        let byteCount: Int

        init(offsets: UnsafeRawBufferPointer, bytes: UnsafeRawBufferPointer) {
            unsafe self.offsets = unsafe offsets
            // A column of empty texts may have no bytes; then nothing is read at this address.
            unsafe base =
                unsafe bytes.baseAddress ?? offsets.baseAddress.unsafelyUnwrapped
            unsafe byteCount = bytes.count
        }

        @inline(__always)
        func start(_ row: Int) -> Int {
            unsafe Int(offsets.loadUnaligned(fromByteOffset: row &* 4, as: Int32.self))
        }

        /// Bytes of the column from that place on.
        @inline(__always)
        func readable(from place: UnsafeRawPointer) -> Int {
            unsafe byteCount &- (place - base)
        }

        @inline(__always)
        func text(_ row: Int) -> UnsafeRawBufferPointer {
            let (start, end) = unsafe (start(row), start(row &+ 1))
            return unsafe UnsafeRawBufferPointer(start: base + start, count: end &- start)
        }

        /// Copies a text, and for a short one some of what follows it, for which there is room.
        @inline(__always)
        func copy(_ text: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) {
            guard let start = text.baseAddress else { return }
            let end = unsafe (start - base) &+ (text.count &+ 15) & ~15
            guard unsafe text.count <= PlainText.shortMax && end <= byteCount else {
                unsafe place.copyMemory(from: start, byteCount: text.count)
                return
            }
            var offset = 0
            while offset < text.count {
                unsafe place.storeBytes(
                    of: start.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self),
                    toByteOffset: offset,
                    as: SIMD16<UInt8>.self
                )
                offset &+= 16
            }
        }
    }

    /// Which rows have the first and the last text so far.
    private struct TextExtremes {
        var least = -1
        var greatest = -1

        @inline(__always)
        mutating func add(
            _ text: UnsafeRawBufferPointer,
            at row: Int,
            in source: borrowing TextSource
        ) {
            if least < 0 {
                (least, greatest) = (row, row)
                return
            }
            // Rising texts, such as times, are settled by the first comparison.
            // SAFETY: both texts lie in the column.
            if unsafe TextBytes.precedes(source.text(greatest), text) {
                greatest = row
            } else if unsafe TextBytes.precedes(text, source.text(least)) {
                least = row
            }
        }
    }
}

extension ArrowColumnView {
    /// Calls `body` with the rows that are not null.
    @inline(__always)
    internal func forEachValue(in rows: Range<Int>, _ body: (Int) -> Void) {
        if !mayHaveNulls {
            for row in rows { body(row) }
            return
        }
        var first = rows.lowerBound
        while first < rows.upperBound {
            var bits = validity(ofEightFrom: first)
            while bits != 0 {
                body(first &+ bits.trailingZeroBitCount)
                bits &= bits &- 1
            }
            first &+= 8
        }
    }
}
