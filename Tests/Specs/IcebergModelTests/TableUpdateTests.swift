import Bytes
import IcebergModel
import JSONText
import Testing

private let columns = Schema(fields: [
    .required(1, "id", .long), .optional(2, "item", .string),
    .optional(3, "at", .timestamptz), .optional(4, "count", .int),
])

private func table(spec: PartitionSpec = .unpartitioned) throws -> TableMetadata {
    try TableMetadata.new(
        uuid: "0b0c0d0e-0000-4000-8000-000000000001",
        location: "file:///lake/t",
        schema: columns,
        spec: spec,
        timestampMilliseconds: 1_000_000
    )
}

private func snapshot(
    _ id: Int64,
    parent: Int64? = nil,
    sequence: Int64,
    at time: Int64 = 1_000_100
) -> Snapshot {
    Snapshot(
        id: id,
        parentID: parent,
        sequenceNumber: sequence,
        timestampMilliseconds: time,
        manifestList: "file:///lake/t/metadata/\(id).avro",
        summary: ["operation": "append"],
        schemaID: 0
    )
}

private func updates(_ text: String) throws -> [TableUpdate] {
    try TableUpdate.all(json: JSONValue.parse(text))
}

extension TableMetadata {
    fileprivate func applying(
        _ updates: [TableUpdate],
        requiring requirements: [TableRequirement] = [],
        at milliseconds: Int64 = 1_000_200
    ) throws(TableUpdateError) -> TableMetadata {
        try .applying(
            updates,
            requiring: requirements,
            to: self,
            atMilliseconds: milliseconds
        )
    }

    /// With one snapshot as main.
    fileprivate func committing(_ new: Snapshot) throws -> TableMetadata {
        try applying([
            .addSnapshot(new),
            .setReference("main", SnapshotReference(snapshotID: new.id, kind: .branch)),
        ])
    }
}

struct TableUpdateTests {
    @Test func `every update is written as it is read`() throws {
        let text = """
            [{"action":"assign-uuid","uuid":"0b0c0d0e-0000-4000-8000-000000000001"},
             {"action":"upgrade-format-version","format-version":2},
             {"action":"add-schema","schema":{"type":"struct","schema-id":1,"fields":
              [{"id":1,"name":"id","required":true,"type":"long"}]},"last-column-id":1},
             {"action":"set-current-schema","schema-id":-1},
             {"action":"add-spec","spec":{"fields":
              [{"source-id":1,"name":"b","transform":"bucket[4]"}]}},
             {"action":"set-default-spec","spec-id":-1},
             {"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":
              "identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}},
             {"action":"set-default-sort-order","sort-order-id":-1},
             {"action":"add-snapshot","snapshot":{"snapshot-id":7,"sequence-number":1,
              "timestamp-ms":9,"manifest-list":"m","summary":{"operation":"append"},"more":[1]}},
             {"action":"set-snapshot-ref","ref-name":"main","snapshot-id":7,"type":"branch",
              "max-ref-age-ms":5},
             {"action":"remove-snapshots","snapshot-ids":[7,8]},
             {"action":"remove-snapshot-ref","ref-name":"old"},
             {"action":"set-location","location":"file:///lake/u"},
             {"action":"set-properties","updates":{"a":"1"}},
             {"action":"remove-properties","removals":["a"]},
             {"action":"set-statistics","snapshot-id":7,"statistics":{"snapshot-id":7,
              "statistics-path":"s.puffin"}},
             {"action":"remove-statistics","snapshot-id":7},
             {"action":"set-partition-statistics","snapshot-id":7,"partition-statistics":
              {"snapshot-id":7,"statistics-path":"p.parquet"}},
             {"action":"remove-partition-statistics","snapshot-id":7},
             {"action":"remove-partition-specs","spec-ids":[3]},
             {"action":"remove-schemas","schema-ids":[4]}]
            """
        let json = try JSONValue.parse(text)
        let written = JSONValue.array(try updates(text).map(\.json))
        #expect(sorted(written) == sorted(json))
    }

    @Test func `every requirement is written as it is read`() throws {
        let json = try JSONValue.parse(
            """
            [{"type":"assert-create"},{"type":"assert-table-uuid","uuid":"u"},
             {"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":7},
             {"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null},
             {"type":"assert-last-assigned-field-id","last-assigned-field-id":4},
             {"type":"assert-current-schema-id","current-schema-id":0},
             {"type":"assert-last-assigned-partition-id","last-assigned-partition-id":999},
             {"type":"assert-default-spec-id","default-spec-id":0},
             {"type":"assert-default-sort-order-id","default-sort-order-id":0}]
            """
        )
        let read = try TableRequirement.all(json: json)
        #expect(JSONValue.array(read.map(\.json)) == json)
    }

    @Test func `unknown actions and requirements are errors, unknown fields are not`() throws {
        #expect(throws: IcebergError.self) {
            try updates(#"[{"action":"add-encryption-key","encryption-key":{}}]"#)
        }
        #expect(throws: IcebergError.self) {
            try TableRequirement(json: ["type": "assert-moon-phase"])
        }
        // DuckDB writes a type into partition specs.
        let read = try updates(
            #"[{"action":"add-spec","spec":{"type":"struct","spec-id":0,"fields":[]},"x":1}]"#
        )
        #expect(read == [.addSpec(UnboundPartitionSpec(id: 0, fields: []))])
    }

    @Test func `each requirement names what is otherwise`() throws {
        let metadata = try table().committing(snapshot(7, sequence: 1))
        let failing: [TableRequirement] = [
            .create, .tableUUID("other"), .reference("main", snapshotID: nil),
            .reference("main", snapshotID: 8), .reference("dev", snapshotID: 7),
            .lastAssignedFieldID(3), .currentSchemaID(1), .lastAssignedPartitionID(1000),
            .defaultSpecID(1), .defaultSortOrderID(1),
        ]
        for requirement in failing {
            #expect {
                try metadata.applying([], requiring: [requirement])
            } throws: { error in
                (error as? TableUpdateError)?.isConflict == true
            }
        }
        _ = try metadata.applying(
            [],
            requiring: [
                .tableUUID(metadata.uuid.uppercased()), .reference("main", snapshotID: 7),
                .reference("dev", snapshotID: nil), .lastAssignedFieldID(4), .currentSchemaID(0),
                .lastAssignedPartitionID(999), .defaultSpecID(0), .defaultSortOrderID(0),
            ]
        )
        #expect(throws: TableUpdateError.self) {
            try TableMetadata.applying(
                [],
                requiring: [.tableUUID("u")],
                to: nil,
                atMilliseconds: 0
            )
        }
    }

    @Test func `minus one means what was added last`() throws {
        var wider = columns
        wider.id = 1
        wider.fields.append(.optional(5, "note", .string))
        let changed = try table().applying(
            [
                .addSchema(wider), .setCurrentSchema(-1),
                .addSpec(.init(fields: [.init(sourceID: 3, name: "d", transform: .day)])),
                .setDefaultSpec(-1),
                .addSortOrder(
                    SortOrder(
                        id: 1,
                        fields: [
                            SortField(
                                transform: .identity,
                                sourceID: 5,
                                direction: .ascending,
                                nullOrder: .last
                            )
                        ]
                    )
                ), .setDefaultSortOrder(-1),
            ],
            requiring: [.currentSchemaID(0)]
        )
        #expect(changed.currentSchemaID == 1 && changed.lastColumnID == 5)
        #expect(changed.defaultSpecID == 1 && changed.lastPartitionID == 1000)
        #expect(changed.spec.fields.map(\.fieldID) == [1000])
        #expect(changed.defaultSortOrderID == 1)
        for missing in [TableUpdate.setCurrentSchema(-1), .setDefaultSpec(-1)] {
            #expect(throws: TableUpdateError.self) { try table().applying([missing]) }
        }
    }

    @Test func `equal schemas and specs are used again, a field of a spec keeps its id`() throws {
        let day = UnboundPartitionSpec(fields: [.init(sourceID: 3, name: "d", transform: .day)])
        let both = UnboundPartitionSpec(
            fields: day.fields + [.init(sourceID: 1, name: "b", transform: .bucket(buckets: 8))]
        )
        let changed = try table().applying([
            .addSchema(columns), .setCurrentSchema(-1), .addSpec(day), .addSpec(both),
            .setDefaultSpec(-1), .addSpec(day),
        ])
        #expect(changed.schemas.count == 1)
        #expect(
            changed.partitionSpecs.map { $0.fields.map(\.fieldID) } == [[], [1000], [1000, 1001]]
        )
        #expect(changed.defaultSpecID == 2 && changed.lastPartitionID == 1001)
    }

    @Test func `a sender's own number for what it adds is understood later`() throws {
        var wider = columns
        wider.id = 9
        wider.fields.append(.optional(5, "note", .string))
        let changed = try table().applying([.addSchema(wider), .setCurrentSchema(9)])
        #expect(changed.currentSchemaID == 1 && changed.schema.fields.count == 5)
    }

    @Test func `an id keeps the type of its data`() throws {
        var other = columns
        other.fields[1].type = .double
        #expect(throws: TableUpdateError.self) { try table().applying([.addSchema(other)]) }
        var wider = columns
        wider.fields[3].type = .long
        let changed = try table().applying([.addSchema(wider), .setCurrentSchema(-1)])
        #expect(changed.schema.fields[3].type == .long)
    }

    @Test func `what new data are divided by must be in the schema`() throws {
        let partitioned = try table(spec: .day(of: "at", in: columns))
        var narrow = columns
        narrow.fields.remove(at: 2)
        let drop: [TableUpdate] = [.addSchema(narrow), .setCurrentSchema(-1)]
        #expect(throws: TableUpdateError.self) { try partitioned.applying(drop) }
        let void = UnboundPartitionSpec(
            fields: [.init(sourceID: 3, fieldID: 1000, name: "at_day", transform: .void)]
        )
        _ = try partitioned.applying([.addSpec(void), .setDefaultSpec(-1)] + drop)
        for bad in [
            UnboundPartitionSpec.Field(sourceID: 9, name: "x", transform: .identity),
            .init(sourceID: 2, name: "x", transform: .day),
            .init(sourceID: 2, name: "id", transform: .bucket(buckets: 2)),
            .init(sourceID: 2, fieldID: 1000, name: "x", transform: .identity),
            .init(sourceID: 2, name: "x", transform: .unknown("zorder")),
        ] {
            #expect(throws: TableUpdateError.self, "\(bad)") {
                try partitioned.applying([.addSpec(UnboundPartitionSpec(fields: [bad]))])
            }
        }
    }

    @Test func `a snapshot becomes the current one when main names it`() throws {
        let first = try table().committing(snapshot(7, sequence: 1))
        #expect(first.currentSnapshotID == 7 && first.lastSequenceNumber == 1)
        let second = try first.applying([.addSnapshot(snapshot(8, parent: 7, sequence: 2))])
        #expect(second.currentSnapshotID == 7 && second.snapshots.count == 2)
        let tagged = try second.applying([
            .setReference("main", SnapshotReference(snapshotID: 8, kind: .branch)),
            .setReference("v1", SnapshotReference(snapshotID: 7, kind: .tag)),
        ])
        #expect(tagged.currentSnapshotID == 8)
        #expect(tagged.snapshotLog.map(\.snapshotID) == [7, 8])
        #expect(tagged.references["v1"]?.kind == .tag)
        let back = try tagged.applying([
            .setReference("main", SnapshotReference(snapshotID: 7, kind: .branch))
        ])
        #expect(back.snapshotLog.map(\.snapshotID) == [7, 8, 7])
        #expect(throws: TableUpdateError.self) {
            try back.applying([
                .setReference("main", SnapshotReference(snapshotID: 99, kind: .branch))
            ])
        }
    }

    @Test func `two snapshots in one commit leave one entry in the log`() throws {
        let both = try table().applying([
            .addSnapshot(snapshot(7, sequence: 1)),
            .setReference("main", SnapshotReference(snapshotID: 7, kind: .branch)),
            .addSnapshot(snapshot(8, parent: 7, sequence: 2)),
            .setReference("main", SnapshotReference(snapshotID: 8, kind: .branch)),
        ])
        #expect(both.snapshotLog.map(\.snapshotID) == [8])
        #expect(both.snapshots.count == 2)
    }

    @Test func `a snapshot made for an older state is a conflict, one of the future an error`()
        throws
    {
        let metadata = try table().committing(snapshot(7, sequence: 1))
        #expect {
            try metadata.applying([.addSnapshot(snapshot(8, parent: 7, sequence: 1))])
        } throws: { ($0 as? TableUpdateError)?.isConflict == true }
        for bad in [
            snapshot(8, parent: 7, sequence: 3), snapshot(7, sequence: 2),
            snapshot(-8, sequence: 2), snapshot(8, sequence: 2, at: 900_000),
        ] {
            #expect {
                try metadata.applying([.addSnapshot(bad)])
            } throws: { ($0 as? TableUpdateError)?.isConflict == false }
        }
    }

    @Test func `expired snapshots take their references and the history before them along`()
        throws
    {
        var metadata = try table()
        for id: Int64 in 1...4 {
            metadata = try metadata.committing(
                snapshot(id, parent: id == 1 ? nil : id - 1, sequence: id)
            )
        }
        let statistics: JSONValue = ["snapshot-id": 3, "statistics-path": "s"]
        metadata = try metadata.applying([
            .setReference("old", SnapshotReference(snapshotID: 3, kind: .tag)),
            .setStatistics(.table, snapshotID: 3, statistics),
        ])
        let expired = try metadata.applying([.removeSnapshots([2, 3])])
        #expect(expired.snapshots.map(\.id) == [1, 4])
        #expect(expired.snapshotLog.map(\.snapshotID) == [4])
        #expect(expired.references.keys.sorted() == ["main"])
        #expect(!text(expired).contains("statistics-path"))
        #expect(text(metadata).contains("statistics-path"))
        let emptied = try metadata.applying([.removeReference("main")])
        #expect(emptied.currentSnapshotID == nil && emptied.snapshotLog.isEmpty)
    }

    @Test func `what is in use is not removed, and identity stays`() throws {
        for update in [
            TableUpdate.removeSchemas([0]), .removeSpecs([0]),
            .assignUUID("0b0c0d0e-0000-4000-8000-00000000ffff"), .upgradeFormatVersion(3),
            .upgradeFormatVersion(1), .setLocation(""),
        ] {
            #expect(throws: TableUpdateError.self, "\(update)") { try table().applying([update]) }
        }
        let same = try table().applying([
            .assignUUID(table().uuid), .upgradeFormatVersion(2), .setLocation("file:///lake/u/"),
            .setProperties(["a": "1", "b": "2"]), .removeProperties(["b", "never"]),
        ])
        #expect(same.location == "file:///lake/u" && same.properties == ["a": "1"])
    }

    @Test func `updates alone make a table`() throws {
        let made = try TableMetadata.applying(
            [
                .assignUUID("0B0C0D0E-0000-4000-8000-000000000001"), .upgradeFormatVersion(2),
                .addSchema(columns), .setCurrentSchema(0),
                .addSpec(UnboundPartitionSpec(id: 0, fields: [])), .setDefaultSpec(0),
                .addSortOrder(.unsorted), .setDefaultSortOrder(0),
                .setLocation("file:///lake/t"), .setProperties(["owner": "me"]),
                .addSnapshot(snapshot(7, sequence: 1)),
                .setReference("main", SnapshotReference(snapshotID: 7, kind: .branch)),
            ],
            requiring: [.create],
            to: nil,
            atMilliseconds: 5
        )
        let read = try TableMetadata(
            json: JSONValue.parse(text(made)),
            document: "made"
        )
        #expect(read.uuid == "0b0c0d0e-0000-4000-8000-000000000001")
        #expect(read.currentSnapshotID == 7 && read.sortOrders == [.unsorted])
        #expect(throws: TableUpdateError.self) {
            try TableMetadata.applying(
                [.addSchema(columns)],
                requiring: [.create],
                to: nil,
                atMilliseconds: 5
            )
        }
    }

    private func text(_ metadata: TableMetadata) -> String {
        var buffer = ByteBuffer()
        metadata.write(to: &buffer)
        return String(repairingUTF8: buffer.bytes)
    }

    /// With the members of objects in order of their names.
    private func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.sorted { $0.key < $1.key }.map { ($0.key, sorted($0.value)) }
                )
            )
        default: value
        }
    }
}
