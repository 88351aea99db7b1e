public import AvroFormat
public import Bytes
internal import JSONText

/// Manifests: lists of data files.
public enum Manifest {
    /// A finished manifest's bytes with what a manifest list must say about it.
    public struct Written: Sendable {
        /// The file.
        public let bytes: Slab
        /// Its description. `sequenceNumber` and, for added files, `minSequenceNumber` are the
        /// snapshot's.
        public let file: ManifestFile
    }

    /// Writes a manifest.
    /// - Parameters:
    ///   - entries: files of one spec and one content; those that are not `added` carry explicit
    ///     sequence numbers.
    ///   - schema: the table's schema, for the header and the types of partition values.
    ///   - partitionType: types of the partition values; nil: those `schema` gives. Specs of
    ///     columns that were dropped need it.
    ///   - sequenceNumber: of the snapshot that adds the manifest.
    ///   - sync: 16 random bytes.
    public static func write(
        _ entries: [ManifestEntry],
        schema: Schema,
        spec: PartitionSpec,
        partitionType: [NestedField]? = nil,
        content: ManifestContent = .data,
        path: String,
        snapshotID: Int64,
        sequenceNumber: Int64,
        codec: AvroCodec = .deflate,
        sync: [UInt8]
    ) throws(IcebergError) -> Written {
        let partitionType =
            if let partitionType { partitionType } else { try spec.partitionType(of: schema) }
        let avroSchema = try ManifestSchemas.manifestEntry(partition: partitionType)
        var summary = ManifestSummary(partitionType, sequenceNumber: sequenceNumber)
        var writer = AvroContainerWriter(
            schema: avroSchema,
            codec: codec,
            metadata: [
                ("schema", schema.json.text()),
                ("schema-id", String(schema.id)),
                ("partition-spec", spec.fieldsJSON.text()),
                ("partition-spec-id", String(spec.id)),
                ("format-version", "2"),
                ("content", content.name),
            ],
            sync: sync
        )
        do {
            for entry in entries {
                try check(entry, partitionType, content)
                summary.add(entry)
                try writer.append { $0.appendManifestEntry(entry, partitionType) }
            }
            let bytes = Slab(try writer.finish())
            let file = summary.manifestFile(
                path: path,
                length: Int64(bytes.count),
                specID: spec.id,
                content: content,
                snapshotID: snapshotID
            )
            return Written(bytes: bytes, file: file)
        } catch let error as AvroError {
            throw .invalid(document: path, reason: "\(error)")
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .invalid(document: path, reason: "\(error)")
        }
    }

    private static func check(
        _ entry: ManifestEntry,
        _ partitionType: [NestedField],
        _ content: ManifestContent
    ) throws(IcebergError) {
        let file = entry.file
        if entry.status != .added
            && (entry.snapshotID == nil || entry.sequenceNumber == nil
                || entry.fileSequenceNumber == nil)
        {
            throw .invalid(
                document: file.path,
                reason: "only an added file may leave its snapshot and sequence numbers open"
            )
        }
        if (file.content == .data) != (content == .data) {
            throw .invalid(document: file.path, reason: "data and deletes never share a manifest")
        }
        guard file.partition.count == partitionType.count else {
            throw .invalid(
                document: file.path,
                reason: "\(file.partition.count) partition values, the spec has "
                    + "\(partitionType.count)"
            )
        }
        for (value, field) in zip(file.partition, partitionType) {
            if let value, !fits(value, field.type) {
                throw .invalid(
                    document: file.path,
                    reason: "the partition value \(value) of \(field.name) is no \(field.type)"
                )
            }
        }
    }
}

extension Manifest {
    private static func fits(_ value: IcebergValue, _ type: IcebergType) -> Bool {
        guard let converted = value.converted(to: type) else { return false }
        switch (converted, type) {
        case (.decimal(let unscaled, _), .decimal(let precision, _)):
            let bytes = IcebergValue.minimalBigEndian(unscaled)
            return bytes.count <= ManifestSchemas.decimalBytes(precision: precision)
        case (.fixed(let bytes), .fixed(let length)): return bytes.count == length
        case (.uuid(let bytes), _): return bytes.count == 16
        default: return true
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func appendManifestEntry(
        _ entry: ManifestEntry,
        _ partitionType: [NestedField]
    ) {
        appendAvro(Int64(entry.status.rawValue))
        appendOptional(entry.snapshotID)
        appendOptional(entry.sequenceNumber)
        appendOptional(entry.fileSequenceNumber)
        let file = entry.file
        appendAvro(Int64(file.content.rawValue))
        appendAvro(file.path)
        appendAvro(file.format)
        for (value, field) in zip(file.partition, partitionType) {
            appendPartition(value?.converted(to: field.type), field.type)
        }
        appendAvro(file.recordCount)
        appendAvro(file.fileSize)
        appendMap(file.columnSizes)
        appendMap(file.valueCounts)
        appendMap(file.nullValueCounts)
        appendMap(file.nanValueCounts)
        appendMap(file.lowerBounds)
        appendMap(file.upperBounds)
        appendOptional(file.keyMetadata)
        appendList(file.splitOffsets)
        appendList(file.equalityIDs?.map(Int64.init))
        appendOptional(file.sortOrderID.map(Int64.init))
        if let path = file.referencedDataFile {
            appendAvro(Int64(1))
            appendAvro(path)
        } else {
            appendAvro(Int64(0))
        }
    }

    /// A branch of a union of null and a number.
    internal mutating func appendOptional(_ value: Int64?) {
        appendAvro(Int64(value == nil ? 0 : 1))
        if let value { appendAvro(value) }
    }

    /// A branch of a union of null and bytes.
    internal mutating func appendOptional(_ value: [UInt8]?) {
        appendAvro(Int64(value == nil ? 0 : 1))
        if let value { appendAvro(value) }
    }

    private mutating func appendList(_ values: [Int64]?) {
        guard let values else { return appendAvro(Int64(0)) }
        appendAvro(Int64(1))
        if !values.isEmpty { appendAvro(Int64(values.count)) }
        for value in values { appendAvro(value) }
        appendAvro(Int64(0))
    }

    /// Statistics by field id, in order of the ids; no statistics are null, as other writers leave
    /// them.
    private mutating func appendMap(_ map: [Int: Int64]) {
        guard beginMap(map.count) else { return }
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            appendAvro(Int64(key))
            appendAvro(value)
        }
        appendAvro(Int64(0))
    }

    private mutating func appendMap(_ map: [Int: [UInt8]]) {
        guard beginMap(map.count) else { return }
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            appendAvro(Int64(key))
            appendAvro(value)
        }
        appendAvro(Int64(0))
    }

    private mutating func beginMap(_ count: Int) -> Bool {
        appendAvro(Int64(count == 0 ? 0 : 1))
        if count > 0 { appendAvro(Int64(count)) }
        return count > 0
    }

    private mutating func appendPartition(_ value: IcebergValue?, _ type: IcebergType) {
        guard let value else { return appendAvro(Int64(0)) }
        appendAvro(Int64(1))
        switch value {
        case .boolean(let value): appendAvro(value)
        case .int(let value), .date(let value): appendAvro(Int64(value))
        case .long(let value), .time(let value), .timestamp(let value), .timestamptz(let value):
            appendAvro(value)
        case .float(let value): appendAvro(value)
        case .double(let value): appendAvro(value)
        case .string(let value): appendAvro(value)
        case .binary(let bytes): appendAvro(bytes)
        case .uuid(let bytes), .fixed(let bytes): append(bytes)
        case .decimal(let unscaled, _):
            guard case .decimal(let precision, _) = type else { return }
            let bytes = IcebergValue.minimalBigEndian(unscaled)
            let size = ManifestSchemas.decimalBytes(precision: precision)
            precondition(bytes.count <= size, "a decimal has more digits than its type")
            append([UInt8](repeating: unscaled < 0 ? 0xFF : 0, count: size - bytes.count))
            append(bytes)
        }
    }
}
