internal import DataFiles
internal import IcebergModel
internal import Stores
internal import Tables

/// Which rows of some data files are deleted.
struct DeletedPositions {
    /// The files of deletes that concern the data files.
    let files: Set<String>
    private let indices: [String: Int]
    private var positions: PositionDeletes

    /// Looks for deletes of the data files `paths` of a table, and reads them all at once.
    init(
        of table: Table,
        _ paths: [String],
        _ store: any DataStore
    ) throws(MaintenanceError) {
        let scan: TableScan
        do throws(TableError) { scan = try table.scan() } catch { throw .table(error) }
        let wanted = Set(paths)
        var (indices, files): ([String: Int], Set<String>) = ([:], [])
        for (index, file) in scan.files.enumerated()
        where !file.deletes.isEmpty && wanted.contains(file.live.file.path) {
            indices[file.live.file.path] = index
            files.formUnion(file.deletes.map { scan.deletes[$0].live.file.path })
        }
        (self.indices, self.files) = (indices, files)
        positions = PositionDeletes(of: scan, store: store)
        do throws(RowRemovalError) { try positions.read(for: indices.values) } catch {
            throw .deletes(error)
        }
    }

    /// True when there are deletes that may be of rows of the file.
    func concern(_ path: String) -> Bool { indices[path] != nil }

    /// Positions of the deleted rows of a file, ascending.
    mutating func positions(of path: String) throws(MaintenanceError) -> [Int64] {
        guard let index = indices[path] else { return [] }
        do throws(RowRemovalError) { return try positions.positions(of: index) } catch {
            throw .deletes(error)
        }
    }
}
