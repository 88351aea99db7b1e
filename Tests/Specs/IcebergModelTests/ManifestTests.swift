import AvroFormat
import Bytes
import IcebergModel
import JSONText
import Testing

private let sync = [UInt8](16..<32)

/// The schema and the spec of the golden table, from its metadata.
private func goldenTable() throws -> (schema: Schema, spec: PartitionSpec) {
    let metadata = try Golden.json("metadata.json")
    let schemas = try #require(metadata["schemas"]?.arrayValue)
    let specs = try #require(metadata["partition-specs"]?.arrayValue)
    return (try Schema(json: schemas[0]), try PartitionSpec(json: specs[0]))
}

private func goldenManifests() throws -> [ManifestFile] {
    try withSpan(Golden.bytes("manifest-list.avro")) {
        try ManifestList.read($0, path: "manifest-list.avro")
    }
}

private func goldenEntries(_ number: Int) throws -> [ManifestEntry] {
    let (schema, spec) = try goldenTable()
    let listing = try goldenManifests()[number]
    return try withSpan(Golden.bytes("manifest-\(number).avro")) {
        try Manifest.read($0, listing: listing, partitionType: spec.partitionType(of: schema))
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

struct ManifestGoldenTests {
    @Test func `a manifest list of PyIceberg is read with all its numbers`() throws {
        let manifests = try goldenManifests()
        #expect(manifests.map(\.sequenceNumber) == [2, 1])
        #expect(manifests.map(\.addedFilesCount) == [1, 2])
        #expect(manifests.map(\.addedRowsCount) == [1, 2])
        #expect(manifests.map(\.content) == [.data, .data])
        #expect(manifests[1].length == Int64(try Golden.bytes("manifest-1.avro").count))
        let summaries = try #require(manifests[1].partitions)
        #expect(summaries.count == 8)
        // Day of the log's timestamp: from the last day of 1969 to 2026-11-21.
        #expect(summaries[0].lowerBound == IcebergValue.date(-1).singleValueBytes)
        #expect(summaries[0].upperBound == IcebergValue.date(20_778).singleValueBytes)
        #expect(summaries[1].containsNull)
    }

    @Test(arguments: [0, 1])
    func `a manifest of PyIceberg is read as PyIceberg reads it`(number: Int) throws {
        let expected = try #require(try Golden.json("entries.json").arrayValue).filter {
            $0["manifest"] == .integer(Int64(number))
        }
        let entries = try goldenEntries(number)
        #expect(entries.count == expected.count)
        for (entry, want) in zip(entries, expected) {
            #expect(.string(entry.file.path) == want["path"])
            #expect(entry.sequenceNumber == want["sequence"]?.integerValue)
            #expect(entry.fileSequenceNumber == entry.sequenceNumber)
            #expect(entry.file.recordCount == want["records"]?.integerValue)
            for (map, name) in [
                (entry.file.lowerBounds, "lower"), (entry.file.upperBounds, "upper"),
            ] {
                let members = try #require(want[name]?.objectValue?.members)
                #expect(map.count == members.count)
                for member in members {
                    let id = try #require(Int(member.key))
                    #expect(map[id].map(hex) == member.value.stringValue)
                }
            }
            let counts = try #require(want["counts"]?.objectValue?.members)
            #expect(entry.file.valueCounts.count == counts.count)
        }
    }

    @Test func `partition values of every kind are those PyIceberg computed`() throws {
        let entry = try #require(try goldenEntries(0).first)
        #expect(
            entry.file.partition == [
                .date(20_778), .string("sword"), .decimal(unscaled: 1420, scale: 2), .int(3),
                .int(0), .int(574), .int(419_686), .boolean(true),
            ]
        )
    }

    @Test func `our transforms give the golden partition values`() throws {
        let (schema, spec) = try goldenTable()
        let values: [Int: IcebergValue] = [
            18: .timestamptz(1_795_271_580_000_000), 2: .string("sword"),
            3: .decimal(unscaled: 1420, scale: 2), 4: .int(34), 16: .int(0), 8: .date(17_486),
            10: .timestamp(1_510_871_468_000_001), 14: .boolean(true),
        ]
        let computed = spec.fields.map { $0.transform.apply(values[$0.sourceID]) }
        let types = try spec.partitionType(of: schema)
        let golden = try #require(try goldenEntries(0).first).file.partition
        #expect(zip(computed, types).map { $0.0?.converted(to: $0.1.type) } == golden)
    }

    @Test func `what we write again from a golden manifest is read back the same`() throws {
        let (schema, spec) = try goldenTable()
        let entries = try goldenEntries(1)
        let written = try Manifest.write(
            entries,
            schema: schema,
            spec: spec,
            path: "file:///m.avro",
            snapshotID: 5,
            sequenceNumber: 9,
            sync: sync
        )
        let again = try Manifest.read(
            written.bytes.bytes,
            listing: written.file,
            partitionType: spec.partitionType(of: schema)
        )
        #expect(again == entries)
    }
}

struct ManifestTests {
    private let spec = try? PartitionSpec.day(of: "_log.timestamp", in: landedSchema)

    private func file(_ name: String, day: Int32?, rows: Int64) -> DataFile {
        var file = DataFile(
            path: "file:///lake/t/data/\(name).parquet",
            partition: [day.map { .date($0) }],
            recordCount: rows,
            fileSize: 1000 + rows,
            splitOffsets: [4, 500]
        )
        file.columnSizes = [4: 100, 2: 50]
        file.valueCounts = [4: rows, 2: rows]
        file.nullValueCounts = [2: 1]
        file.lowerBounds = [4: IcebergValue.long(0).singleValueBytes]
        file.upperBounds = [4: IcebergValue.long(rows - 1).singleValueBytes]
        file.sortOrderID = 0
        return file
    }

    @Test func `an added entry inherits the numbers of the manifest list`() throws {
        let spec = try #require(spec)
        let written = try Manifest.write(
            [
                .added(file("a", day: 10, rows: 5), snapshotID: 77),
                .added(file("b", day: nil, rows: 7), snapshotID: 77),
            ],
            schema: landedSchema,
            spec: spec,
            path: "file:///m.avro",
            snapshotID: 77,
            sequenceNumber: 3,
            sync: sync
        )
        #expect(written.file.addedFilesCount == 2)
        #expect(written.file.addedRowsCount == 12)
        #expect(written.file.length == Int64(written.bytes.count))
        let summary = try #require(written.file.partitions?.first)
        #expect(summary.containsNull)
        #expect(summary.lowerBound == [10, 0, 0, 0])
        #expect(summary.upperBound == [10, 0, 0, 0])

        // The commit was repeated on a newer base: only the list says another sequence number.
        var listing = written.file
        listing.sequenceNumber = 8
        let entries = try Manifest.read(
            written.bytes.bytes,
            listing: listing,
            partitionType: spec.partitionType(of: landedSchema)
        )
        #expect(entries.map(\.sequenceNumber) == [8, 8])
        #expect(entries.map(\.fileSequenceNumber) == [8, 8])
        #expect(entries.map(\.file) == [file("a", day: 10, rows: 5), file("b", day: nil, rows: 7)])
    }

    @Test func `an existing entry must carry its own numbers`() throws {
        let spec = try #require(spec)
        var entry = ManifestEntry.added(file("a", day: 10, rows: 5), snapshotID: 77)
        entry.status = .existing
        #expect(throws: IcebergError.self) {
            _ = try Manifest.write(
                [entry],
                schema: landedSchema,
                spec: spec,
                path: "file:///m.avro",
                snapshotID: 78,
                sequenceNumber: 4,
                sync: sync
            )
        }
    }

    @Test func `a partition value of another type is refused`() throws {
        let spec = try #require(spec)
        var wrong = file("a", day: 10, rows: 5)
        wrong.partition = [.string("monday")]
        #expect(throws: IcebergError.self) {
            _ = try Manifest.write(
                [.added(wrong, snapshotID: 1)],
                schema: landedSchema,
                spec: spec,
                path: "file:///m.avro",
                snapshotID: 1,
                sequenceNumber: 1,
                sync: sync
            )
        }
    }

    @Test(arguments: [
        (
            IcebergType.decimal(precision: 2, scale: 0),
            IcebergValue.decimal(unscaled: 99, scale: 0), true
        ),
        (.decimal(precision: 2, scale: 0), .decimal(unscaled: 1000, scale: 0), false),
        (.decimal(precision: 2, scale: 0), .decimal(unscaled: 9, scale: 1), false),
        (.fixed(length: 2), .fixed([1, 2]), true), (.fixed(length: 2), .fixed([1]), false),
        (.uuid, .uuid([UInt8](repeating: 7, count: 16)), true), (.uuid, .uuid([7]), false),
        (.time, .time(5), true), (.double, .double(-0.5), true), (.long, .int(5), true),
        (.boolean, .boolean(true), true), (.binary, .binary([1]), true), (.int, .long(5), false),
    ])
    func `a partition value comes back if it fits its type and is refused if not`(
        type: IcebergType,
        value: IcebergValue,
        fits: Bool
    ) throws {
        let schema = Schema(fields: [.optional(1, "a", type)])
        let spec = PartitionSpec(
            fields: [PartitionField(sourceID: 1, fieldID: 1000, name: "a", transform: .identity)]
        )
        let file = DataFile(path: "file:///f", partition: [value], recordCount: 1, fileSize: 1)
        let written = try? Manifest.write(
            [.added(file, snapshotID: 1)],
            schema: schema,
            spec: spec,
            path: "file:///m.avro",
            snapshotID: 1,
            sequenceNumber: 1,
            sync: sync
        )
        #expect((written != nil) == fits)
        guard let written else { return }
        let entries = try Manifest.read(
            written.bytes.bytes,
            listing: written.file,
            partitionType: spec.partitionType(of: schema)
        )
        #expect(entries[0].file.partition == [value.converted(to: type)])
        #expect(
            written.file.partitions?[0].lowerBound == value.converted(to: type)?.singleValueBytes
        )
    }

    @Test func `the header says what other readers need`() throws {
        let spec = try #require(spec)
        let written = try Manifest.write(
            [.added(file("a", day: 10, rows: 5), snapshotID: 77)],
            schema: landedSchema,
            spec: spec,
            path: "file:///m.avro",
            snapshotID: 77,
            sequenceNumber: 3,
            sync: sync
        )
        let container = try AvroContainerReader(written.bytes.bytes)
        #expect(container.text("format-version") == "2")
        #expect(container.text("content") == "data")
        #expect(container.text("partition-spec-id") == "0")
        #expect(container.text("schema-id") == "0")
        let (schemaText, specText) = (container.text("schema"), container.text("partition-spec"))
        let schema = try JSONValue.parse(try #require(schemaText))
        #expect(try Schema(json: schema) == landedSchema)
        let fields = try JSONValue.parse(try #require(specText))
        #expect(try PartitionSpec.fields(json: fields) == spec.fields)
    }

    @Test func `a manifest list comes back whole`() throws {
        var manifest = ManifestFile(
            path: "file:///lake/t/metadata/m.avro",
            length: 4711,
            partitionSpecID: 2,
            content: .deletes,
            sequenceNumber: 12,
            minSequenceNumber: 3,
            addedSnapshotID: Int64.max
        )
        manifest.addedFilesCount = 1
        manifest.existingFilesCount = 2
        manifest.deletedFilesCount = 3
        manifest.addedRowsCount = 4
        manifest.existingRowsCount = 5
        manifest.deletedRowsCount = 6
        manifest.partitions = [
            ManifestFile.FieldSummary(
                containsNull: true,
                containsNaN: false,
                lowerBound: [1],
                upperBound: nil
            )
        ]
        var bare = manifest
        bare.partitions = nil
        let bytes = try ManifestList.write(
            [manifest, bare],
            snapshotID: 9,
            parentSnapshotID: nil,
            sequenceNumber: 12,
            sync: sync
        )
        #expect(try ManifestList.read(bytes.bytes, path: "l") == [manifest, bare])
        let container = try AvroContainerReader(bytes.bytes)
        #expect(container.text("parent-snapshot-id") == "null")
        #expect(container.text("snapshot-id") == "9")
        #expect(container.text("sequence-number") == "12")
    }

    @Test func `every truncation of a manifest is an error that names the file`() throws {
        let golden = try Golden.bytes("manifest-0.avro")
        let listing = try goldenManifests()[0]
        for length in stride(from: 0, to: golden.count, by: 97) {
            #expect(throws: IcebergError.self) {
                _ = try withSpan(Array(golden[..<length])) {
                    try Manifest.read($0, listing: listing, partitionType: [])
                }
            }
        }
    }
}
