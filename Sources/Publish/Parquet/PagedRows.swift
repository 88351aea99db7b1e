internal import ArrowData
internal import Bytes
internal import CArrow
internal import Compression

/// The row group under construction of a file whose pages are made here.
internal final class PagedRows {
    /// A place for one column's pages, which cannot stand in an array by themselves.
    private final class Place {
        var pages: ColumnPages

        init(_ field: ArrowField, _ options: ParquetOptions) {
            pages = ColumnPages(field, options)
        }
    }

    private let columns: [Place]
    private let zstdLevel: Int

    /// An empty row group of the leaves of `fields`, all of which `canHold` has accepted.
    init(fields: [ArrowField], options: ParquetOptions) {
        zstdLevel = options.zstdLevel
        columns = fields.flatMap(\.leaves).map { Place($0, options) }
    }

    /// True when pages of all columns can be made here: values without inner levels.
    static func canHold(_ fields: [ArrowField], options: ParquetOptions) -> Bool {
        if options.hasPageIndex || options.hasDeltaEncoding { return false }
        return fields.allSatisfy { field in
            field.type == .struct
                ? !field.isNullable && field.children.allSatisfy { isLeaf($0.type) }
                : isLeaf(field.type)
        }
    }

    private static func isLeaf(_ type: ArrowType) -> Bool {
        switch type {
        case .boolean, .int32, .int64, .float32, .float64, .utf8, .binary, .date32,
            .timestampMicros:
            true
        case .decimal128, .struct, .list, .map, .other: false
        }
    }

    /// Adds the rows of `batch`, whose fields are those of the file.
    func add(_ batch: borrowing ArrowBatch) throws(CompressionError) {
        let bench = PageWorkbench.take(zstdLevel: zstdLevel)
        defer { bench.giveBack() }
        var leaf = 0
        for (index, field) in batch.fields.enumerated() {
            let column = batch.column(index)
            guard field.type == .struct else {
                try columns[leaf].pages.add(column, &bench.scratch)
                leaf += 1
                continue
            }
            for child in field.children.indices {
                try columns[leaf].pages.add(column.child(child), &bench.scratch)
                leaf += 1
            }
        }
    }

    /// Writes the row group to the file and begins the next one.
    @unsafe
    func finish(rows: Int, to handle: OpaquePointer, _ status: inout c_arrow_status) {
        var dictionary = ByteBuffer()
        for column in columns {
            // SAFETY: the caller's handle is live.
            unsafe Self.write(column.pages, &dictionary, to: handle, &status)
            if status.code != C_ARROW_OK { return }
        }
        unsafe c_arrow_parquet_writer_end_row_group(handle, Int64(rows), &status)
    }

    /// What the floating columns have seen since the last row group, for the leaf at `index`.
    func floats(_ index: Int) -> FloatingRange { columns[index].pages.floats }

    /// Forgets what was written.
    func removeAll() {
        for column in columns { column.pages.removeAll() }
    }

    @unsafe
    private static func write(
        _ column: borrowing ColumnPages,
        _ dictionary: inout ByteBuffer,
        to handle: OpaquePointer,
        _ status: inout c_arrow_status
    ) {
        dictionary.removeAll()
        let hasDictionary = column.dictionary(into: &dictionary)
        let bounds = column.bounds()
        var native = unsafe c_arrow_pages()
        unsafe native.nulls = Int64(column.nullCount)
        // SAFETY: everything pointed to lives until the call returns; the shim copies what it
        // keeps. A pointer that is null stands for what there is not.
        unsafe column.packed.bytes.withUnsafeBytes { packed in
            let pages = unsafe column.pages.map { page in
                unsafe c_arrow_page(
                    bytes: packed.baseAddress.map { unsafe $0 + page.start },
                    byte_count: Int64(page.bytes),
                    plain_bytes: Int64(page.plainBytes),
                    values: Int32(page.values),
                    is_indices: page.isIndices ? 1 : 0
                )
            }
            unsafe pages.withUnsafeBufferPointer { pages in
                unsafe native.pages = pages.baseAddress
                unsafe native.page_count = pages.count
                unsafe dictionary.bytes.withUnsafeBytes { dictionary in
                    if hasDictionary {
                        unsafe native.dictionary = dictionary.baseAddress
                        unsafe native.dictionary_bytes = Int64(dictionary.count)
                        unsafe native.dictionary_values = Int32(column.entryCount)
                    }
                    unsafe write(&native, bounds, to: handle, &status)
                }
            }
        }
    }

    @unsafe
    private static func write(
        _ native: inout c_arrow_pages,
        _ bounds: (least: [UInt8], greatest: [UInt8])?,
        to handle: OpaquePointer,
        _ status: inout c_arrow_status
    ) {
        guard let bounds else {
            // SAFETY: what `native` points to lives until the caller returns.
            unsafe c_arrow_parquet_writer_pages(handle, &native, &status)
            return
        }
        // An empty text is a bound too, and needs an address: one byte more gives it one.
        let (least, greatest) = (bounds.least + [0], bounds.greatest + [0])
        // SAFETY: as above; the bounds live until the call returns.
        unsafe least.withUnsafeBytes { least in
            unsafe greatest.withUnsafeBytes { greatest in
                unsafe native.minimum = least.baseAddress
                unsafe native.minimum_bytes = least.count - 1
                unsafe native.maximum = greatest.baseAddress
                unsafe native.maximum_bytes = greatest.count - 1
                unsafe c_arrow_parquet_writer_pages(handle, &native, &status)
            }
        }
    }
}
