internal import ArrowData

/// How one leaf column is stored in a file.
///
/// A dictionary pays where values repeat; where they do not, building it is the dearest part of
/// writing a file, and it is thrown away in the end. So the first rows are looked at before the
/// first page is begun.
internal struct StorageChoice: Equatable {
    /// The names from the column down, joined with dots, as Parquet's properties want them.
    var path: String
    var hasDictionary: Bool
    /// Integers as packed differences.
    var isDelta: Bool

    /// Rows that are looked at; fewer than the least say nothing.
    private static let rowsMax = 2048
    private static let rowsMin = 256

    /// The choices for every leaf of `fields`, made by what `batch` has in them.
    static func choices(
        for batch: borrowing ArrowBatch,
        fields: [ArrowField],
        options: ParquetOptions
    ) -> [StorageChoice] {
        var choices: [StorageChoice] = []
        for (index, field) in fields.enumerated() {
            guard batch.rowCount > 0 else {
                choices += unseen(field, path: field.name, options)
                continue
            }
            choices += seen(field, batch.column(index), path: field.name, options)
        }
        return choices
    }

    /// Without rows to look at.
    private static func unseen(
        _ field: ArrowField,
        path: String,
        _ options: ParquetOptions
    ) -> [StorageChoice] {
        if field.type == .struct {
            return field.children.flatMap { unseen($0, path: "\(path).\($0.name)", options) }
        }
        // Names of the levels between are those of Parquet's specification, "Nested Types".
        if field.type == .list {
            return field.children.flatMap { unseen($0, path: "\(path).list.element", options) }
        }
        if field.type == .map {
            return field.children.flatMap(\.children).flatMap {
                unseen($0, path: "\(path).key_value.\($0.name)", options)
            }
        }
        return [choice(field, path, field.storage, options)]
    }

    private static func seen(
        _ field: ArrowField,
        _ column: borrowing ArrowColumnView,
        path: String,
        _ options: ParquetOptions
    ) -> [StorageChoice] {
        var choices: [StorageChoice] = []
        if field.type == .struct {
            for (index, child) in field.children.enumerated() {
                let path = "\(path).\(child.name)"
                choices += seen(child, column.child(index), path: path, options)
            }
            return choices
        }
        if field.isNested { return unseen(field, path: path, options) }
        let storage = field.storage == .general && isDistinct(column) ? .distinct : field.storage
        return [choice(field, path, storage, options)]
    }

    private static func choice(
        _ field: ArrowField,
        _ path: String,
        _ storage: ArrowStorage,
        _ options: ParquetOptions
    ) -> StorageChoice {
        let isWhole =
            switch field.type {
            case .int32, .int64, .date32, .timestampMicros: true
            default: false
            }
        return StorageChoice(
            path: path,
            hasDictionary: storage == .general && field.type != .boolean,
            isDelta: storage != .general && isWhole && options.hasDeltaEncoding
        )
    }

    /// True when more than half of the first values are different from all others.
    private static func isDistinct(_ column: borrowing ArrowColumnView) -> Bool {
        var seen: Set<UInt64> = []
        var count = 0
        for row in 0..<min(column.count, rowsMax) where !column.isNull(row) {
            count += 1
            switch column.field.type {
            case .int32, .date32: seen.insert(UInt64(bitPattern: Int64(column.int32(row))))
            case .int64, .timestampMicros: seen.insert(UInt64(bitPattern: column.int64(row)))
            case .float32: seen.insert(UInt64(column.float32(row).bitPattern))
            case .float64: seen.insert(column.float64(row).bitPattern)
            case .utf8, .binary: seen.insert(hash(column.bytes(row)))
            case .boolean, .decimal128, .struct, .list, .map, .other: return false
            }
        }
        return count >= rowsMin && seen.count * 2 > count
    }

    /// FNV-1a; two texts with one hash would only make the column look a little less distinct.
    private static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<min(bytes.byteCount, 64) {
            // SAFETY: the load is checked against the span's bounds; any byte is a UInt8.
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
