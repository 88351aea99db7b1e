internal import ArrowData
internal import CArrow

/// What a file's footer says, in the words of an Iceberg manifest.
internal struct ParquetFooter {
    private let fileBytes: Int64
    private let columnCount: Int
    /// Row groups of leaf columns.
    private let groups: [[Chunk]]
    /// Rows of the file.
    let rows: Int64

    /// A copy of the footer that a live writer or reader has.
    @unsafe
    init(_ footer: OpaquePointer?) {
        let totals = unsafe c_arrow_parquet_footer_totals(footer)
        fileBytes = totals.file_bytes
        rows = totals.rows
        columnCount = Int(totals.columns)
        groups = (0..<totals.row_groups).map { group in
            (0..<totals.columns).map { column in
                // SAFETY: both indices are below the footer's totals.
                unsafe Chunk(c_arrow_parquet_footer_chunk(footer, group, column))
            }
        }
    }

    /// The whole file's description.
    ///
    /// `leaves` has nil for columns that are not described. `ranges` holds, for floating columns,
    /// what was seen of their values; without it they get no bounds.
    func summary(
        path: String,
        leaves: [ArrowField?],
        ranges: [FloatingRange?],
        options: ParquetOptions
    ) -> ParquetFileSummary {
        var columns: [ColumnStatistics] = []
        let described = leaves.prefix(min(columnCount, options.statisticsColumnsMax))
        for (index, leaf) in described.enumerated() {
            guard let leaf, let fieldID = leaf.fieldID else { continue }
            let chunks = groups.map { $0[index] }
            columns.append(
                Self.statistics(
                    of: chunks,
                    leaf: leaf,
                    fieldID: fieldID,
                    range: index < ranges.count ? ranges[index] : nil,
                    options: options
                )
            )
        }
        return ParquetFileSummary(
            path: path,
            bytes: fileBytes,
            rows: rows,
            unpackedBytes: groups.reduce(0) { sum, chunks in
                chunks.reduce(sum) { $0 + $1.unpackedBytes }
            },
            splitOffsets: groups.compactMap { $0.first?.start }.sorted(),
            columns: columns
        )
    }

    /// One column in one row group.
    private struct Chunk {
        var start: Int64
        var bytes: Int64
        var unpackedBytes: Int64
        var values: Int64
        var nulls: Int64?
        var least: [UInt8]?
        var greatest: [UInt8]?

        @unsafe
        init(_ raw: c_arrow_parquet_chunk) {
            start = unsafe raw.start
            bytes = unsafe raw.compressed_bytes
            unpackedBytes = unsafe raw.uncompressed_bytes
            values = unsafe raw.values
            nulls = unsafe raw.has_null_count != 0 ? raw.nulls : nil
            // SAFETY: the bounds point into the footer, and are copied here.
            least = unsafe raw.minimum.map { start in
                unsafe Array(UnsafeRawBufferPointer(start: start, count: raw.minimum_bytes))
            }
            greatest = unsafe raw.maximum.map { start in
                unsafe Array(UnsafeRawBufferPointer(start: start, count: raw.maximum_bytes))
            }
        }
    }

    private static func statistics(
        of chunks: [Chunk],
        leaf: ArrowField,
        fieldID: Int,
        range: FloatingRange?,
        options: ParquetOptions
    ) -> ColumnStatistics {
        let nulls = chunks.map(\.nulls)
        var lower: [UInt8]?
        var upper: [UInt8]?
        switch leaf.type {
        case .float32, .float64:
            lower = range?.bounds?.lower
            upper = range?.bounds?.upper
        default:
            // A row group of nothing but nulls has no bounds and takes none away.
            let filled = chunks.filter { $0.nulls != $0.values }
            lower = extreme(filled.map(\.least), type: leaf.type) { $0 < $1 }
            upper = extreme(filled.map(\.greatest), type: leaf.type) { $0 > $1 }
        }
        let length = options.boundLengthMax
        switch leaf.type {
        case .utf8:
            lower = lower.flatMap { Bound.lower(text: $0, length: length) }
            upper = upper.flatMap { Bound.upper(text: $0, length: length) }
        case .binary:
            lower = lower.map { Bound.lower(binary: $0, length: length) }
            upper = upper.flatMap { Bound.upper(binary: $0, length: length) }
        case .decimal128(let precision, _):
            lower = lower.map { Bound.decimal($0, precision: precision) }
            upper = upper.map { Bound.decimal($0, precision: precision) }
        default:
            break
        }
        return ColumnStatistics(
            fieldID: fieldID,
            compressedBytes: chunks.reduce(0) { $0 + $1.bytes },
            valueCount: chunks.reduce(0) { $0 + $1.values },
            nullCount: nulls.contains(nil) ? nil : nulls.reduce(0) { $0 + ($1 ?? 0) },
            nanCount: range?.nanCount,
            lowerBound: lower,
            upperBound: upper
        )
    }

    /// The value that comes first by `precedes`; nil when there is none or one of them is unknown.
    private static func extreme(
        _ values: [[UInt8]?],
        type: ArrowType,
        precedes: (Order, Order) -> Bool
    ) -> [UInt8]? {
        var best: (bytes: [UInt8], order: Order)?
        for value in values {
            guard let value else { return nil }
            let order = Order(value, type: type)
            if let current = best, !precedes(order, current.order) { continue }
            best = (value, order)
        }
        return best?.bytes
    }

    /// A bound in a form that compares as its type does.
    private struct Order: Comparable {
        var number: Int64
        var bytes: [UInt8]

        init(_ bound: [UInt8], type: ArrowType) {
            switch type {
            case .utf8, .binary:
                number = 0
                bytes = bound
            case .decimal128(let precision, _) where precision > Bound.integerDigitsMax:
                // Big-endian with a sign, all of one length: in order as bytes once the sign is
                // turned over.
                number = 0
                bytes = bound
                if let first = bytes.first { bytes[0] = first ^ 0x80 }
            default:
                var pattern: UInt64 = 0
                for (index, byte) in bound.prefix(8).enumerated() {
                    pattern |= UInt64(byte) << UInt64(index * 8)
                }
                number =
                    bound.count == 4
                    ? Int64(Int32(truncatingIfNeeded: pattern)) : Int64(bitPattern: pattern)
                bytes = []
            }
        }

        static func < (one: Order, other: Order) -> Bool {
            one.number != other.number
                ? one.number < other.number : one.bytes.lexicographicallyPrecedes(other.bytes)
        }
    }
}
