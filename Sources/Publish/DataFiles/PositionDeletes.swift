internal import ArrowData
internal import Bytes
internal import IcebergModel
internal import Parquet
public import Stores
public import Tables

/// The positions of a table's rows that files of deletes name.
///
/// Confined to one thread at a time; calls block for the disk.
public struct PositionDeletes {
    private let scan: TableScan
    private let store: any DataStore
    /// Sorted positions without repetitions, by the indices of data files of the scan.
    private var positions: [Int: [Int64]] = [:]

    /// Deletes of the files of `scan`; nothing is read yet.
    public init(of scan: TableScan, store: any DataStore) {
        self.scan = scan
        self.store = store
    }

    /// Positions of the deleted rows of a file of the scan, ascending.
    ///
    /// The files of deletes are read once for all of `indices`: name together what is asked for one
    /// after the other.
    public mutating func read(
        for indices: some Sequence<Int>
    ) throws(RowRemovalError) {
        var wanted: [String: Int] = [:]
        var concerning: [Int: Set<Int>] = [:]
        for index in indices where positions[index] == nil {
            let file = scan.files[index]
            positions[index] = []
            guard !file.deletes.isEmpty else { continue }
            wanted[file.live.file.path] = index
            for number in file.deletes { concerning[number, default: []].insert(index) }
        }
        var found: [Int: [Int64]] = [:]
        for number in concerning.keys.sorted() {
            try read(scan.deletes[number].live.file.path) { path, position in
                guard let index = wanted[path], concerning[number]?.contains(index) == true else {
                    return
                }
                found[index, default: []].append(position)
            }
        }
        for (index, found) in found { positions[index] = Set(found).sorted() }
    }

    /// Positions of the deleted rows of the file with that index, ascending; read if need be.
    public mutating func positions(of index: Int) throws(RowRemovalError) -> [Int64] {
        try read(for: [index])
        return positions[index] ?? []
    }

    private func read(
        _ uri: String,
        _ body: (_ path: String, _ position: Int64) -> Void
    ) throws(RowRemovalError) {
        let copies: LocalCopies
        do throws(StoreError) { copies = try store.copies(of: [uri]) } catch { throw .store(error) }
        defer { withExtendedLifetime(copies) {} }
        var reader: ParquetReader
        do throws(ParquetError) {
            reader = try ParquetReader(path: copies.paths[0], batchRows: 1 << 14)
        } catch { throw .parquet(error) }
        guard let path = Self.column(Self.pathField, .utf8, in: reader.fields),
            let position = Self.column(Self.positionField, .int64, in: reader.fields)
        else { throw .noPositions(file: uri) }
        do throws(ParquetError) {
            while let batch = try reader.next() {
                let (paths, positions) = (batch.column(path), batch.column(position))
                for row in 0..<batch.rowCount
                where !paths.isNull(row) && !positions.isNull(row) {
                    body(String(repairingUTF8: paths.bytes(row)), positions.int64(row))
                }
            }
        } catch { throw .parquet(error) }
    }

    /// Field ids of the specification, "Position Delete Files".
    private static let pathField = 2_147_483_546
    private static let positionField = 2_147_483_545

    private static func column(_ id: Int, _ type: ArrowType, in fields: [ArrowField]) -> Int? {
        fields.firstIndex { $0.fieldID == id && $0.type == type }
    }
}
