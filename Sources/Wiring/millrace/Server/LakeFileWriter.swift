import ArrowData
import DataFiles
import Files
import IcebergModel
import Parquet
import Pipelines
import Stores

/// A Parquet file on its way into a table. Used by one lane's thread.
final class LakeFileWriter: TableFileWriter {
    private let table: String
    private let path: String
    private let uri: String
    private let store: StoreSet
    private let partition: [IcebergValue?]
    private var writer: ParquetWriter?
    private var bytesTaken = 0

    /// How much smaller zstd makes typical events; only decides when a file counts as full.
    private static let assumedRatio = 4

    /// The file `uri` of `store`, which must not exist, for rows of one partition.
    init(
        table: String,
        uri: String,
        in store: StoreSet,
        partition: [IcebergValue?]
    ) throws(StoreError) {
        self.table = table
        self.uri = uri
        self.store = store
        path = try store.draft(uri)
        self.partition = partition
    }

    var bytesWritten: Int { bytesTaken / Self.assumedRatio }

    func write(_ batch: consuming ArrowBatch) throws(TableCommitterError) {
        bytesTaken += batch.byteCount
        do throws(ParquetError) {
            if writer == nil { writer = try ParquetWriter(path: path, fields: batch.fields) }
            try writer?.write(batch)
        } catch {
            writer = nil
            throw failure(error)
        }
    }

    func close() throws(TableCommitterError) -> DataFile {
        guard let writer = writer.take() else {
            throw .invalid(table: table, reason: "a file without rows cannot be part of it")
        }
        do throws(ParquetError) {
            let file = DataFile(try writer.close(), uri: uri, partition: partition)
            store.finish(uri)
            return file
        } catch { throw failure(error) }
    }

    func abandon() {
        // The writer removes its unfinished file when it goes.
        writer = nil
        store.abandonDraft(uri)
    }

    private func failure(_ error: ParquetError) -> TableCommitterError {
        error.isRetriable
            ? .storage(table: table, reason: error.description)
            : .invalid(table: table, reason: error.description)
    }
}
