public import Bytes
public import JSONText

extension TableMetadata {
    /// How deep metadata that are read may be nested; schemas bound themselves further.
    private static let depthMax = 256

    /// Reads metadata. `document` names them in errors: their URI.
    public init(_ bytes: RawSpan, document: String) throws(IcebergError) {
        let json: JSONValue
        do { json = try JSONValue.parse(bytes, depthMax: Self.depthMax) } catch {
            throw .invalid(document: document, reason: "\(error)")
        }
        try self.init(json: json, document: document)
    }

    /// The identity of the table that metadata of any format version are of, empty where they say
    /// none; nil for what is no whole JSON document.
    public static func uuid(in bytes: RawSpan) -> String? {
        guard let json = try? JSONValue.parse(bytes, depthMax: depthMax) else { return nil }
        return json["table-uuid"]?.stringValue ?? ""
    }

    /// Reads metadata.
    public init(json: JSONValue, document: String) throws(IcebergError) {
        let reader = try MetadataReader(json, document)
        let version = try reader.int("format-version")
        guard version == Self.formatVersion else {
            throw .unsupportedVersion(version, document: document)
        }
        uuid = try reader.string("table-uuid")
        location = try reader.string("location")
        while location.hasSuffix("/") { location.removeLast() }
        lastSequenceNumber = try reader.long("last-sequence-number")
        lastUpdatedMilliseconds = try reader.long("last-updated-ms")
        lastColumnID = try reader.int("last-column-id")
        currentSchemaID = try reader.int("current-schema-id")
        defaultSpecID = try reader.int("default-spec-id")
        lastPartitionID = try reader.int("last-partition-id")
        defaultSortOrderID = try reader.int("default-sort-order-id")
        properties = try reader.strings("properties")
        // Versions 1 and 2 may write "no snapshot" as -1.
        currentSnapshotID = try reader.optionalLong("current-snapshot-id").flatMap {
            $0 < 0 ? nil : $0
        }
        (schemas, partitionSpecs, sortOrders, written) = try Self.readParts(reader)
        (snapshots, snapshotLog, metadataLog, references) = ([], [], [], [:])
        others = JSONObject()
        try readHistory(reader)
        for member in reader.object.members where !Self.known.contains(member.key) {
            others[member.key] = member.value
        }
        try checkNumbers(document: document)
        try check(document: document)
    }

    /// What is called by a number is there once: else one would be taken for the other.
    private func checkNumbers(document: String) throws(IcebergError) {
        let lists: [(what: String, ids: [Int64])] = [
            ("schema", schemas.map { Int64($0.id) }),
            ("partition spec", partitionSpecs.map { Int64($0.id) }),
            ("sort order", sortOrders.map { Int64($0.id) }), ("snapshot", snapshots.map(\.id)),
        ]
        for (what, ids) in lists where Set(ids).count != ids.count {
            throw .invalid(document: document, reason: "a \(what)'s number is there twice")
        }
    }

    private static func readParts(
        _ reader: MetadataReader
    ) throws(IcebergError) -> ([Schema], [PartitionSpec], [SortOrder], [String: JSONValue]) {
        var written: [String: JSONValue] = [:]
        var schemas: [Schema] = []
        for json in try reader.requiredArray("schemas") {
            let schema = try Schema(json: json, document: "\(reader.document), schemas")
            written[schemaKey(schema.id)] = json
            schemas.append(schema)
        }
        var specs: [PartitionSpec] = []
        for json in try reader.requiredArray("partition-specs") {
            let spec = try PartitionSpec(json: json, document: "\(reader.document), specs")
            written[specKey(spec.id)] = json
            specs.append(spec)
        }
        var orders: [SortOrder] = []
        for json in try reader.requiredArray("sort-orders") {
            let order = try SortOrder(json: json, document: "\(reader.document), sort-orders")
            written[orderKey(order.id)] = json
            orders.append(order)
        }
        return (schemas, specs, orders, written)
    }

    private mutating func readHistory(_ reader: MetadataReader) throws(IcebergError) {
        for json in try reader.array("snapshots") {
            snapshots.append(try Snapshot(json: json, document: reader.document))
        }
        for json in try reader.array("snapshot-log") {
            let entry = try MetadataReader(json, "\(reader.document), snapshot-log")
            snapshotLog.append(
                SnapshotLogEntry(
                    snapshotID: try entry.long("snapshot-id"),
                    timestampMilliseconds: try entry.long("timestamp-ms")
                )
            )
        }
        for json in try reader.array("metadata-log") {
            let entry = try MetadataReader(json, "\(reader.document), metadata-log")
            metadataLog.append(
                MetadataLogEntry(
                    file: try entry.string("metadata-file"),
                    timestampMilliseconds: try entry.long("timestamp-ms")
                )
            )
        }
        for member in reader.value("refs")?.objectValue?.members ?? [] {
            references[member.key] = try SnapshotReference(
                json: member.value,
                document: reader.document
            )
        }
        // Writers before branches existed leave refs out: the current snapshot is main.
        if let currentSnapshotID, references[SnapshotReference.main] == nil {
            references[SnapshotReference.main] = SnapshotReference(
                snapshotID: currentSnapshotID,
                kind: .branch
            )
        }
    }

    /// The members this code reads; all others are kept in `others`. `schema` and `partition-spec`
    /// are version 1's and must not be written any more.
    private static let known: Set<String> = [
        "format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id",
        "last-partition-id", "sort-orders", "default-sort-order-id", "properties",
        "current-snapshot-id", "snapshots", "snapshot-log", "metadata-log", "refs", "schema",
        "partition-spec",
    ]

    private static func schemaKey(_ id: Int) -> String { "schema \(id)" }
    private static func specKey(_ id: Int) -> String { "spec \(id)" }
    private static func orderKey(_ id: Int) -> String { "order \(id)" }
}

extension TableMetadata {
    /// Appends the metadata as JSON.
    public func write(to buffer: inout ByteBuffer) {
        buffer.append(utf8: "{\"format-version\":\(Self.formatVersion)")
        buffer.member("table-uuid", .string(uuid))
        buffer.member("location", .string(location))
        buffer.member("last-sequence-number", .integer(lastSequenceNumber))
        buffer.member("last-updated-ms", .integer(lastUpdatedMilliseconds))
        buffer.member("last-column-id", .integer(Int64(lastColumnID)))
        buffer.member("current-schema-id", .integer(Int64(currentSchemaID)))
        buffer.member(
            "schemas",
            .array(schemas.map { written[Self.schemaKey($0.id)] ?? $0.json })
        )
        buffer.member("default-spec-id", .integer(Int64(defaultSpecID)))
        buffer.member(
            "partition-specs",
            .array(partitionSpecs.map { written[Self.specKey($0.id)] ?? $0.json })
        )
        buffer.member("last-partition-id", .integer(Int64(lastPartitionID)))
        buffer.member("default-sort-order-id", .integer(Int64(defaultSortOrderID)))
        buffer.member(
            "sort-orders",
            .array(sortOrders.map { written[Self.orderKey($0.id)] ?? $0.json })
        )
        buffer.member(
            "properties",
            .object(
                JSONObject(
                    properties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
                )
            )
        )
        if let currentSnapshotID {
            buffer.member("current-snapshot-id", .integer(currentSnapshotID))
        }
        buffer.member(
            "refs",
            .object(
                JSONObject(references.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
            )
        )
        writeHistory(to: &buffer)
        for member in others.members { buffer.member(member.key, member.value) }
        buffer.append(utf8: "}")
    }

    /// The parts that grow with every commit, written without building values.
    private func writeHistory(to buffer: inout ByteBuffer) {
        buffer.append(utf8: ",\"snapshots\":[")
        for (index, snapshot) in snapshots.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.append(utf8: snapshot.encoded)
        }
        buffer.append(utf8: "],\"snapshot-log\":[")
        for (index, entry) in snapshotLog.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.append(utf8: "{\"snapshot-id\":")
            buffer.appendJSON(integer: entry.snapshotID)
            buffer.append(utf8: ",\"timestamp-ms\":")
            buffer.appendJSON(integer: entry.timestampMilliseconds)
            buffer.append(UInt8(ascii: "}"))
        }
        buffer.append(utf8: "],\"metadata-log\":[")
        for (index, entry) in metadataLog.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.append(utf8: "{\"metadata-file\":")
            buffer.appendJSON(string: entry.file)
            buffer.append(utf8: ",\"timestamp-ms\":")
            buffer.appendJSON(integer: entry.timestampMilliseconds)
            buffer.append(UInt8(ascii: "}"))
        }
        buffer.append(utf8: "]")
    }
}

extension ByteBuffer {
    fileprivate mutating func member(_ key: String, _ value: JSONValue) {
        append(UInt8(ascii: ","))
        appendJSON(string: key)
        append(UInt8(ascii: ":"))
        value.write(to: &self)
    }
}
