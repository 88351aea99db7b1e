import ArrowData
import DataFiles
import Files
import IcebergModel
import Parquet
import Pipelines

/// A Parquet file on its way into a table. Used by one lane's thread.
final class LakeFileWriter: TableFileWriter {
    private let table: String
    private let path: String
    private let uri: String
    private let partition: [IcebergValue?]
    private var writer: ParquetWriter?
    private var bytesTaken = 0

    /// How much smaller zstd makes typical events; only decides when a file counts as full.
    private static let assumedRatio = 4

    /// The file `path`, which must not exist, for rows of one partition.
    init(table: String, path: String, uri: String, partition: [IcebergValue?]) {
        self.table = table
        self.path = path
        self.uri = uri
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
            return DataFile(try writer.close(), uri: uri, partition: partition)
        } catch { throw failure(error) }
    }

    func abandon() {
        // The writer removes its unfinished file when it goes.
        writer = nil
    }

    private func failure(_ error: ParquetError) -> TableCommitterError {
        error.isRetriable
            ? .storage(table: table, reason: error.description)
            : .invalid(table: table, reason: error.description)
    }
}
