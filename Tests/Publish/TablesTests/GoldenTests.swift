import AvroFormat
import Bytes
import Catalogs
import Clocks
import Files
import Glibc
import IcebergModel
import Stores
import Tables
import Testing

/// The metadata of a small table as this code writes them, checked in under `Golden/`.
///
/// `Interop/iceberg/test_golden.py` shows that PyIceberg reads these files; this test shows that
/// they are still what is written. To write them anew: MILLRACE_WRITE_GOLDEN=1.
struct GoldenTests {
    private static var folder: String { directoryName(of: #filePath) + "/Golden" }

    /// Two appends, a new column with the second, then two files more and one of them replaced;
    /// names, numbers and times are always the same.
    private func build() throws -> (files: CrashFiles, table: Table) {
        let test = try TestLake()
        let lake = Lake(
            catalog: test.catalog,
            store: LocalStore(test.files),
            clock: test.clocks,
            random: SeededRandom(seed: 1)
        )
        var table = try lake.createTable(
            purchases,
            schema: landed,
            spec: PartitionSpec.day(of: "_log.timestamp", in: landed)
        )
        for day in [Int32(20_000), -1] {
            test.clocks.advance(by: .seconds(10))
            var file = try test.file("day\(day)", of: table, day: day)
            file.columnSizes = [2: 40, 3: 80, 4: 80, 5: 100, 6: 40]
            file.valueCounts = [2: 10, 3: 10, 4: 10, 5: 10, 6: 10]
            file.nullValueCounts = [2: 0, 3: 0, 4: 0, 5: 1, 6: 10]
            file.lowerBounds = [
                3: IcebergValue.long(0).singleValueBytes,
                5: Bounds.lower(.string("a sword of a thousand truths")) ?? [],
            ]
            file.upperBounds = [
                3: IcebergValue.long(9).singleValueBytes,
                5: Bounds.upper(.string("sword of a thousand truths")) ?? [],
            ]
            table = try table.apply(
                TableCommit(
                    files: [file],
                    newColumns: day < 0 ? [NewColumn("user-agent", .string)] : [],
                    setProperties: ["millrace.sink.events": "{\"offset\":\(day)}"],
                    summary: ["millrace.commit-id": "\(day)"],
                    expectedBase: table.metadata.currentSnapshotID
                )
            )
        }
        test.clocks.advance(by: .seconds(10))
        table = try table.adding([
            test.file("stays", of: table, day: 20_001), test.file("goes", of: table, rows: 7),
        ])
        test.clocks.advance(by: .seconds(10))
        table = try table.apply(
            TableCommit(
                files: [test.file("comes", of: table, rows: 6)],
                removedFiles: ["\(table.metadata.location)/data/goes.parquet"],
                expectedBase: table.metadata.currentSnapshotID
            )
        )
        return (test.files, table)
    }

    @Test func `what PyIceberg read is still what is written`() throws {
        let (files, table) = try build()
        let metadata = try FileURI.path(ofURI: "\(table.metadata.location)/metadata")
        let names = try files.list(metadata)
        #expect(names.count == 14)
        if unsafe getenv("MILLRACE_WRITE_GOLDEN") != nil {
            try LocalFiles().createDirectories(Self.folder)
            for name in names {
                let bytes = try files.contents(of: "\(metadata)/\(name)", bytesMax: 1 << 20)
                try LocalFiles().replace("\(Self.folder)/\(name)", with: bytes.bytes)
            }
        }
        #expect(try LocalFiles().list(Self.folder) == names)
        for name in names {
            let made = try Slab(files.contents(of: "\(metadata)/\(name)", bytesMax: 1 << 20))
            let golden = try Slab(
                LocalFiles().contents(of: "\(Self.folder)/\(name)", bytesMax: 1 << 20)
            )
            if name.hasSuffix(".json") {
                #expect(Array(copying: made.bytes) == Array(copying: golden.bytes), "\(name)")
            } else {
                #expect(try records(made) == records(golden), "\(name)")
            }
        }
    }

    /// Header and unpacked blocks: how well zlib packs may change from version to version.
    private func records(_ file: Slab) throws -> [[UInt8]] {
        var container = try AvroContainerReader(file.bytes)
        var parts = container.metadata.sorted { $0.key < $1.key }.map(\.value)
        var block = ByteBuffer()
        while let count = try container.nextBlock(into: &block) {
            parts.append([UInt8(count)] + Array(copying: block.bytes))
        }
        return parts
    }
}
