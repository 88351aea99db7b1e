internal import ArrowData
internal import Bytes
internal import Compression

/// One leaf column on its way into a row group: its finished pages, and what was seen of its
/// values.
///
/// Made here rather than by Arrow's writer, which takes several times as long: it hashes with a
/// function call a value, compares every text with both bounds, and gives every column the same
/// zstd.
internal struct ColumnPages: ~Copyable {
    /// One finished data page.
    struct Page {
        /// Where it begins in `packed`.
        var start: Int
        /// Bytes it has there.
        var bytes: Int
        /// Bytes it had before.
        var plainBytes: Int
        /// Values, with nulls.
        var values: Int
        /// True when it holds indices into the dictionary.
        var isIndices: Bool
    }

    private enum Packing { case undecided, repetitions, entropy }

    private let field: ArrowField
    private let options: ParquetOptions
    /// True while values go into the dictionary; decided by the file's first page.
    private var hasDictionary: Bool
    private var packing = Packing.undecided
    private var packingOfIndices = Packing.undecided
    private var texts = TextDictionary()
    private var numbers = NumberDictionary()

    /// The pages so far.
    private(set) var pages: [Page] = []
    /// All pages, compressed.
    private(set) var packed = ByteBuffer(capacity: 1 << 12)
    /// Values that are null.
    private(set) var nullCount = 0
    private var integers = IntegerRange()
    /// What was seen of a floating column.
    private(set) var floats: FloatingRange
    private var textRange = TextRange()
    private var isFirstPage = true
    /// True until the dictionary was given up in this row group.
    private var takesIndices: Bool

    /// A column without pages.
    init(_ field: ArrowField, _ options: ParquetOptions) {
        self.field = field
        self.options = options
        // Rising integers are offsets; those of one partition never repeat.
        let isOffset = field.storage == .rising && field.type == .int64
        hasDictionary = field.type != .boolean && field.storage != .distinct && !isOffset
        takesIndices = hasDictionary
        floats = FloatingRange(isSingle: field.type == .float32)
    }

    /// Adds the values of `column` as one or more pages.
    mutating func add(
        _ column: borrowing ArrowColumnView,
        _ scratch: inout PageScratch
    ) throws(CompressionError) {
        let step = rowsPerPage(column)
        var first = 0
        while first < column.count {
            let end = min(first + step, column.count)
            try addPage(column, first..<end, &scratch)
            first = end
        }
    }

    /// Forgets the pages, for the next row group; how values are stored stays.
    mutating func removeAll() {
        pages.removeAll(keepingCapacity: true)
        packed.removeAll()
        texts.removeAll()
        numbers.removeAll()
        nullCount = 0
        integers = IntegerRange()
        floats = FloatingRange(isSingle: field.type == .float32)
        textRange = TextRange()
        takesIndices = hasDictionary
    }

    /// A multiple of eight, since levels and truth values are packed by eights.
    private func rowsPerPage(_ column: borrowing ArrowColumnView) -> Int {
        var bytes = column.field.type.valueBytes ?? 1
        if isText { bytes = 4 + column.textBytes.byteCount / max(column.count, 1) }
        return max(min(options.dataPageRows, options.dataPageBytes / bytes) & ~7, 8)
    }

    private var isText: Bool { field.type == .utf8 || field.type == .binary }

    private mutating func addPage(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        _ scratch: inout PageScratch
    ) throws(CompressionError) {
        scratch.page.removeAll()
        let present = field.isNullable ? appendLevels(column, rows, &scratch.page) : rows.count
        nullCount += rows.count - present
        noteNumbers(column, rows)
        var isIndices = false
        if takesIndices {
            isIndices = appendIndices(column, rows, present, &scratch)
        }
        if !isIndices { appendPlain(column, rows, &scratch.page) }
        isFirstPage = false
        try finishPage(rows.count, isIndices: isIndices, &scratch)
    }

    /// Values that show by themselves that a column does not repeat, when all but one in a hundred
    /// of them differ; else the whole first page is looked at.
    private static let sampleRows = 1024

    /// Puts the values into the dictionary and their numbers into the page. False, and nothing has
    /// happened, when the file's first page shows that values hardly repeat.
    private mutating func appendIndices(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        _ present: Int,
        _ scratch: inout PageScratch
    ) -> Bool {
        scratch.indices.reset(capacity: rows.count)
        var rest = rows
        if isFirstPage, rows.count > Self.sampleRows {
            let sample = rows.prefix(Self.sampleRows)
            look(up: column, sample, &scratch)
            let values = scratch.indices.count
            if values >= options.dictionaryRowsMin, entryCount * 100 >= values * 99 {
                return giveUpDictionary()
            }
            rest = sample.upperBound..<rows.upperBound
        }
        look(up: column, rest, &scratch)
        if isFirstPage, present >= options.dictionaryRowsMin, entryCount * 5 > present * 3 {
            return giveUpDictionary()
        }
        let width = IndexRuns.width(of: entryCount)
        scratch.page.append(UInt8(width))
        IndexRuns.append(scratch.indices, width: width, to: &scratch.page)
        if dictionaryBytes > options.dictionaryPageBytes { takesIndices = false }
        return true
    }

    private mutating func look(
        up column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        _ scratch: inout PageScratch
    ) {
        if isText {
            PlainText.appendIndices(column, rows, of: &texts, to: &scratch.indices)
        } else {
            PlainNumbers.appendIndices(column, rows, of: &numbers, to: &scratch.indices)
        }
    }

    /// Lets the dictionary go, with its memory.
    private mutating func giveUpDictionary() -> Bool {
        hasDictionary = false
        takesIndices = false
        texts = TextDictionary()
        numbers = NumberDictionary()
        return false
    }

    /// Different values in the dictionary.
    var entryCount: Int { isText ? texts.count : numbers.count }

    private var dictionaryBytes: Int {
        isText ? texts.plain.count : numbers.count * (field.type.valueBytes ?? 0)
    }

    private mutating func appendPlain(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        _ page: inout ByteBuffer
    ) {
        switch field.type {
        case .boolean:
            PlainNumbers.appendBooleans(column, rows, to: &page, range: &integers)
        case .utf8, .binary:
            PlainText.append(column, rows, to: &page, range: &textRange)
        default:
            PlainNumbers.append(column, rows, to: &page)
        }
    }

    private mutating func noteNumbers(_ column: borrowing ArrowColumnView, _ rows: Range<Int>) {
        if field.type.valueBytes == nil { return }
        PlainNumbers.note(column, rows, integers: &integers, floats: &floats)
    }

    /// One bit a row, set where there is a value. Returns how many there are.
    private func appendLevels(
        _ column: borrowing ArrowColumnView,
        _ rows: Range<Int>,
        _ page: inout ByteBuffer
    ) -> Int {
        let start = page.count
        page.appendLittleEndian(UInt32(0))
        var present = 0
        if column.mayHaveNulls {
            page.appendUnsignedVarint(UInt64((rows.count + 7) / 8) << 1 | 1)
            for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 8) {
                let bits = column.validity(ofEightFrom: first)
                present += bits.nonzeroBitCount
                page.append(bits)
            }
        } else {
            present = rows.count
        }
        if present == rows.count || present == 0 {
            page.truncate(to: start + 4)
            IndexRuns.appendRun(
                of: present == 0 ? 0 : 1,
                count: rows.count,
                width: 1,
                to: &page
            )
        }
        let bytes = UInt32(page.count - start - 4)
        // `overwrite` writes the most significant byte first.
        page.overwrite(bytes.byteSwapped, at: start)
        return present
    }

    private mutating func finishPage(
        _ rows: Int,
        isIndices: Bool,
        _ scratch: inout PageScratch
    ) throws(CompressionError) {
        let start = packed.count
        if isIndices {
            packingOfIndices = try pack(&scratch, by: packingOfIndices)
        } else {
            packing = try pack(&scratch, by: packing)
        }
        pages.append(
            Page(
                start: start,
                bytes: packed.count - start,
                plainBytes: scratch.page.count,
                values: rows,
                isIndices: isIndices
            )
        )
    }

    /// Bytes of a page by which the way to pack is chosen.
    private static let packingSampleBytes = 1 << 17

    /// Packs a page by the cheaper way, if the beginning of the file's first one of its kind shows
    /// that the dearer one hardly makes it smaller. Returns how the next one is to be packed.
    private mutating func pack(
        _ scratch: inout PageScratch,
        by packing: Packing
    ) throws(CompressionError) -> Packing {
        var packing = packing
        if packing == .undecided, options.zstdLevel == 1,
            scratch.page.count >= options.entropyBytesMin
        {
            let start = packed.count
            let sampled = min(scratch.page.count, Self.packingSampleBytes)
            packing = try Self.pack(
                scratch.page,
                upTo: sampled,
                with: scratch.compressor,
                into: &packed,
                &scratch.other
            )
            // A page that was looked at as a whole is packed by now.
            if sampled == scratch.page.count { return packing }
            packed.truncate(to: start)
        }
        if packing == .entropy {
            try scratch.compressor.compressByEntropy(scratch.page.bytes, into: &packed)
        } else {
            try scratch.compressor.compress(scratch.page.bytes, with: .zstd, into: &packed)
        }
        return packing
    }

    /// Appends the first bytes of `page`, packed the better one of two ways, to `output`.
    private static func pack(
        _ page: borrowing ByteBuffer,
        upTo count: Int,
        with compressor: Compressor,
        into output: inout ByteBuffer,
        _ other: inout ByteBuffer
    ) throws(CompressionError) -> Packing {
        let start = output.count
        let sample = page.bytes.extracting(0..<count)
        try compressor.compress(sample, with: .zstd, into: &output)
        other.removeAll()
        try compressor.compressByEntropy(sample, into: &other)
        guard other.count * 10 <= (output.count - start) * 11 else { return .repetitions }
        output.truncate(to: start)
        output.append(other.bytes)
        return .entropy
    }
}

extension ColumnPages {
    /// The dictionary page, nil when nothing was put into a dictionary.
    func dictionary(into output: inout ByteBuffer) -> Bool {
        guard pages.contains(where: \.isIndices) else { return false }
        if isText {
            output.append(texts.plain.bytes)
        } else {
            numbers.appendPlain(width: field.type.valueBytes ?? 0, to: &output)
        }
        return true
    }

    /// The least and the greatest value in Parquet's plain form; nil when there is none.
    func bounds() -> (least: [UInt8], greatest: [UInt8])? {
        switch field.type {
        case .utf8, .binary:
            var range = textRange
            texts.forEach { range.add($0) }
            guard let least = range.least, let greatest = range.greatest else { return nil }
            return (least, greatest)
        case .float32, .float64:
            return floats.bounds.map { ($0.lower, $0.upper) }
        default:
            guard !integers.isEmpty else { return nil }
            let width = field.type == .boolean ? 1 : field.type.valueBytes ?? 0
            return (Self.bytes(integers.least, width), Self.bytes(integers.greatest, width))
        }
    }

    private static func bytes(_ value: Int64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> Int64($0 * 8)) }
    }
}
