import Bytes
import IcebergModel
import JSONText
import Testing

private func text(_ metadata: TableMetadata) -> String {
    var buffer = ByteBuffer()
    metadata.write(to: &buffer)
    return String(repairingUTF8: buffer.bytes)
}

private func parse(_ text: String) throws -> TableMetadata {
    try TableMetadata(json: JSONValue.parse(text), document: "test.metadata.json")
}

private func fresh(properties: [String: String] = [:]) throws -> TableMetadata {
    try TableMetadata.new(
        uuid: "9c12d441-03fe-4693-9a96-a0705ddf69c1",
        location: "file:///lake/t/",
        schema: landedSchema,
        spec: PartitionSpec.day(of: "_log.timestamp", in: landedSchema),
        properties: properties,
        timestampMilliseconds: 1_000
    )
}

private func snapshot(_ number: Int64, after metadata: TableMetadata) -> Snapshot {
    Snapshot(
        id: 100 + number,
        parentID: metadata.currentSnapshotID,
        sequenceNumber: metadata.lastSequenceNumber + 1,
        timestampMilliseconds: 1_000 + number,
        manifestList: "file:///lake/t/metadata/snap-\(number).avro",
        summary: ["operation": "append", "quote": "\"é\""],
        schemaID: metadata.currentSchemaID
    )
}

struct TableMetadataGoldenTests {
    @Test func `metadata of PyIceberg are read`() throws {
        let metadata = try TableMetadata(json: Golden.json("metadata.json"), document: "golden")
        #expect(metadata.schemas.count == 2)
        #expect(metadata.schema.column(named: "colour")?.id == 22)
        #expect(metadata.schema.field(named: "_log.timestamp")?.type == .timestamptz)
        #expect(metadata.lastColumnID == 22)
        #expect(metadata.spec.fields.count == 8)
        #expect(metadata.spec.fields[3].transform == .bucket(buckets: 16))
        #expect(metadata.snapshots.count == 2)
        #expect(metadata.currentSnapshot?.sequenceNumber == 2)
        #expect(metadata.currentSnapshot?.summary["total-records"] == "3")
        #expect(metadata.ancestors(of: metadata.currentSnapshotID).map(\.sequenceNumber) == [2, 1])
        #expect(metadata.metadataLog.count == 3)
        #expect(metadata.properties == ["owner": "golden"])
    }

    @Test func `what PyIceberg wrote is written again with the same meaning`() throws {
        let golden = try Golden.json("metadata.json")
        let metadata = try TableMetadata(json: golden, document: "golden")
        let again = try JSONValue.parse(text(metadata))
        let members = try #require(golden.objectValue?.members)
        for member in members {
            #expect(again[member.key] == member.value, "\(member.key)")
        }
        #expect(again.objectValue?.count == members.count)
    }
}

struct TableMetadataTests {
    @Test func `new metadata come back whole`() throws {
        let metadata = try fresh(properties: ["a": "1"])
        let again = try parse(text(metadata))
        #expect(again.location == "file:///lake/t")
        #expect(again.schema == landedSchema)
        #expect(again.spec == metadata.spec)
        #expect(again.currentSnapshotID == nil)
        #expect(again.lastColumnID == 10)
        #expect(again.lastPartitionID == 1000)
        #expect(text(again) == text(metadata))
        #expect(!text(metadata).contains("current-snapshot-id"))
    }

    @Test func `an unpartitioned table's last partition id is 999`() throws {
        let metadata = try TableMetadata.new(
            uuid: "u",
            location: "file:///t",
            schema: landedSchema,
            timestampMilliseconds: 0
        )
        #expect(metadata.lastPartitionID == 999)
    }

    @Test func `what another writer says is kept wherever it stands`() throws {
        let golden = try Golden.json("metadata.json")
        var object = try #require(golden.objectValue)
        object["x-future"] = ["a": [1, 2.5, "three"]]
        var snapshots = try #require(object["snapshots"]?.arrayValue)
        var first = try #require(snapshots[0].objectValue)
        first["key-id"] = "k1"
        snapshots[0] = .object(first)
        object["snapshots"] = .array(snapshots)
        var schemas = try #require(object["schemas"]?.arrayValue)
        var schema = try #require(schemas[1].objectValue)
        schema["x-note"] = true
        schemas[1] = .object(schema)
        object["schemas"] = .array(schemas)
        let metadata = try TableMetadata(json: .object(object), document: "golden")
            .adding(columns: [NewColumn("later", .long)])
            .setting(properties: ["p": "q"], removing: ["owner"])
        let again = try JSONValue.parse(text(metadata))
        #expect(again["x-future"] == object["x-future"])
        #expect(again["statistics"] == .array([]))
        #expect(again["snapshots"]?.arrayValue?[0]["key-id"] == "k1")
        #expect(again["schemas"]?.arrayValue?[1]["x-note"] == true)
        #expect(again["schemas"]?.arrayValue?.count == 3)
        #expect(again["properties"] == ["p": "q"])
    }

    @Test func `a snapshot moves main and counts on`() throws {
        var metadata = try fresh()
        for number in 1...3 {
            metadata = try metadata.appending(snapshot(Int64(number), after: metadata))
        }
        #expect(metadata.currentSnapshotID == 103)
        #expect(metadata.references["main"]?.snapshotID == 103)
        #expect(metadata.snapshotLog.map(\.snapshotID) == [101, 102, 103])
        #expect(metadata.ancestors(of: 103).map(\.id) == [103, 102, 101])
        let again = try parse(text(metadata))
        #expect(again.snapshots == metadata.snapshots)
        #expect(again.currentSnapshot?.summary["quote"] == "\"é\"")
    }

    @Test func `a snapshot made from another state is refused`() throws {
        let base = try fresh()
        let first = snapshot(1, after: base)
        let metadata = try base.appending(first)
        #expect(throws: IcebergError.self) { _ = try metadata.appending(snapshot(2, after: base)) }
        #expect(throws: IcebergError.self) { _ = try metadata.appending(first) }
    }

    @Test func `the metadata log is bounded and says what fell out`() throws {
        var metadata = try fresh()
        var dropped: [String] = []
        for number in 0..<5 {
            let change = metadata.logging(
                previousFile: "file:///\(number)",
                previousTimestampMilliseconds: Int64(number),
                limit: 3
            )
            metadata = change.metadata
            dropped += change.dropped
        }
        #expect(metadata.metadataLog.map(\.file) == ["file:///2", "file:///3", "file:///4"])
        #expect(dropped == ["file:///0", "file:///1"])
    }

    @Test func `a clock that goes back does not make a table younger`() throws {
        let metadata = try fresh().updated(atMilliseconds: 5_000).updated(atMilliseconds: 10)
        #expect(metadata.lastUpdatedMilliseconds == 5_000)
    }

    @Test(arguments: [
        ("format-version", JSONValue.integer(3)), ("format-version", 1),
        ("current-schema-id", 99), ("default-spec-id", 99), ("default-sort-order-id", 99),
        ("current-snapshot-id", 99), ("last-column-id", 1), ("schemas", nil), ("location", 5),
        ("table-uuid", nil), ("properties", .object(["a": 5])),
    ])
    func `metadata that contradict themselves are refused with their name`(
        key: String,
        value: JSONValue
    ) throws {
        var object = try #require(try Golden.json("metadata.json").objectValue)
        object[key] = value
        let error = #expect(throws: IcebergError.self) {
            _ = try TableMetadata(json: .object(object), document: "file:///x.metadata.json")
        }
        #expect(error?.description.contains("file:///x.metadata.json") == true)
    }

    @Test func `no snapshot may be written as minus one`() throws {
        var object = try #require(try Golden.json("metadata.json").objectValue)
        object["current-snapshot-id"] = -1
        object["snapshots"] = []
        object["refs"] = [:]
        let metadata = try TableMetadata(json: .object(object), document: "x")
        #expect(metadata.currentSnapshotID == nil)
        #expect(metadata.references.isEmpty)
    }

    @Test func `totals go on from the parent and stay out where they are not known`() {
        let file = DataFile(path: "f", partition: [.date(1)], recordCount: 5, fileSize: 100)
        let addition = SnapshotSummary.Change([file, file])
        let first = SnapshotSummary.of(added: addition, previous: nil, extra: ["millrace.x": "y"])
        #expect(first["operation"] == "append")
        #expect(first["added-records"] == "10")
        #expect(first["total-records"] == "10")
        #expect(first["total-delete-files"] == "0")
        #expect(first["changed-partition-count"] == "1")
        #expect(first["millrace.x"] == "y")
        let second = SnapshotSummary.of(added: addition, previous: first)
        #expect(second["total-records"] == "20")
        #expect(second["total-data-files"] == "4")
        let foreign = SnapshotSummary.of(added: addition, previous: ["total-records": "7"])
        #expect(foreign["total-records"] == "17")
        #expect(foreign["total-data-files"] == nil)
    }
}

struct SchemaEvolutionTests {
    @Test func `new columns get new ids and are optional`() throws {
        let metadata = try fresh().adding(columns: [
            NewColumn("colour", .string, doc: "of the item"),
            NewColumn(
                "place",
                .struct([.required(0, "x", .int), .optional(0, "on", .list(pages))])
            ),
            NewColumn("retries", .int, parentID: 1),
        ])
        #expect(metadata.currentSchemaID == 1)
        #expect(metadata.schemas.count == 2)
        #expect(metadata.schema.column(named: "colour")?.id == 11)
        #expect(metadata.schema.field(named: "place")?.required == false)
        #expect(metadata.schema.field(named: "place.x")?.id == 13)
        #expect(metadata.schema.field(named: "place.on")?.id == 14)
        #expect(metadata.schema.field(named: "place.on.element")?.id == 15)
        #expect(metadata.schema.field(named: "_log.retries")?.id == 16)
        #expect(metadata.lastColumnID == 16)
        #expect(try parse(text(metadata)).schema == metadata.schema)
    }

    private let pages = ListType(elementID: 0, elementRequired: false, element: .string)

    @Test func `a column that is there already changes nothing`() throws {
        let metadata = try fresh().adding(columns: [NewColumn("user.agent", .string)])
        #expect(metadata.schemas.count == 1)
        let counts = MapType(keyID: 0, key: .string, valueID: 0, valueRequired: false, value: .int)
        #expect(try fresh().adding(columns: [NewColumn("counts", .map(counts))]).schemas.count == 1)
    }

    @Test func `a column that is there with another type is refused`() throws {
        #expect(throws: IcebergError.self) {
            _ = try fresh().adding(columns: [NewColumn("user.agent", .long)])
        }
        #expect(throws: IcebergError.self) {
            _ = try fresh().adding(columns: [NewColumn("x", .long, parentID: 2)])
        }
        #expect(throws: IcebergError.self) {
            _ = try fresh().adding(columns: [NewColumn("", .long)])
        }
    }

    @Test func `going back to an earlier schema uses it again`() throws {
        let base = try fresh()
        let added = try base.adding(columns: [NewColumn("colour", .string)])
        let back = try added.setting(schema: base.schema)
        #expect(back.currentSchemaID == 0)
        #expect(back.schemas.count == 2)
        #expect(back.lastColumnID == 11)
        // The id of the dropped column is never given again.
        let again = try back.adding(columns: [NewColumn("size", .int)])
        #expect(again.schema.column(named: "size")?.id == 12)
    }

    @Test(arguments: [
        (IcebergType.int, IcebergType.long, true), (.float, .double, true),
        (.decimal(precision: 9, scale: 2), .decimal(precision: 12, scale: 2), true),
        (.decimal(precision: 9, scale: 2), .decimal(precision: 12, scale: 3), false),
        (.decimal(precision: 9, scale: 2), .decimal(precision: 8, scale: 2), false),
        (.long, .int, false), (.int, .string, false), (.date, .timestamp, false),
        (.string, .binary, false),
    ])
    func `a type may only be widened`(old: IcebergType, new: IcebergType, allowed: Bool) throws {
        let base = try TableMetadata.new(
            uuid: "u",
            location: "file:///t",
            schema: Schema(fields: [.optional(1, "a", old)]),
            timestampMilliseconds: 0
        )
        let changed = try? base.setting(schema: Schema(fields: [.optional(1, "a", new)]))
        #expect((changed != nil) == allowed)
    }

    @Test func `what would break readers is refused`() throws {
        let base = try fresh()
        func refused(_ change: (inout Schema) -> Void) {
            var schema = base.schema
            change(&schema)
            #expect(throws: IcebergError.self) { _ = try base.setting(schema: schema) }
        }
        refused { $0.fields.append(.required(11, "new", .int)) }
        refused { $0.fields.append(.optional(7, "reused", .int)) }
        refused { $0.fields.append(.optional(11, "user.agent", .int)) }
        refused { $0.fields[1].required = true }
        refused { $0.fields[1].type = .struct([]) }
        refused {
            // The offset moves out of its struct.
            $0.fields[0].type = .struct([.required(3, "partition", .int)])
            $0.fields.append(.optional(4, "offset", .long))
        }
    }

    @Test func `a column may be dropped, renamed, moved and relaxed`() throws {
        let base = try fresh()
        var schema = base.schema
        schema.fields.remove(at: 2)
        schema.fields[1].name = "agent"
        schema.fields[0].required = false
        schema.fields.swapAt(0, 1)
        let changed = try base.setting(schema: schema)
        #expect(changed.schema.fields.map(\.name) == ["agent", "_log", "counts"])
    }

    @Test func `a source column of the partition spec cannot be dropped`() throws {
        let base = try fresh()
        var schema = base.schema
        schema.fields.removeFirst()
        #expect(throws: IcebergError.self) { _ = try base.setting(schema: schema) }
    }

    @Test func `fresh ids count the columns before what is inside them`() {
        let schema = landedSchema.withFreshIDs()
        #expect(schema.fields.map(\.id) == [1, 2, 3, 4])
        #expect(schema.field(named: "_log.partition")?.id == 5)
        #expect(schema.field(named: "tags.element")?.id == 8)
        #expect(schema.field(named: "counts.value")?.id == 10)
    }
}
