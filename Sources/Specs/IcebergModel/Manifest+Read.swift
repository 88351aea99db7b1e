internal import AvroFormat
internal import Bytes

extension Manifest {
    /// Reads a manifest.
    ///
    /// Numbers an added entry leaves open are filled in from `listing`, as the specification's
    /// inheritance says. Partition values come in the order of `partitionType`; a field the file
    /// does not know is null.
    public static func read(
        _ bytes: RawSpan,
        listing: ManifestFile,
        partitionType: [NestedField]
    ) throws(IcebergError) -> [ManifestEntry] {
        do {
            var container = try AvroContainerReader(bytes)
            let plan = try ManifestPlan(container.schema, partitionType, document: listing.path)
            var entries: [ManifestEntry] = []
            entries.reserveCapacity(listing.filesCount)
            var block = ByteBuffer()
            while let count = try container.nextBlock(into: &block) {
                var decoder = AvroDecoder(block.bytes)
                for _ in 0..<count {
                    var entry = try plan.readEntry(&decoder)
                    inherit(&entry, from: listing)
                    entries.append(entry)
                }
            }
            return entries
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .invalid(document: listing.path, reason: "\(error)")
        }
    }

    private static func inherit(_ entry: inout ManifestEntry, from listing: ManifestFile) {
        if entry.snapshotID == nil { entry.snapshotID = listing.addedSnapshotID }
        // Manifests of format version 1 have no sequence numbers: their list says 0.
        if entry.status == .added || listing.sequenceNumber == 0 {
            entry.sequenceNumber = entry.sequenceNumber ?? listing.sequenceNumber
            entry.fileSequenceNumber = entry.fileSequenceNumber ?? listing.sequenceNumber
        }
    }
}

/// The fields of one manifest file, resolved once and used for every entry.
private struct ManifestPlan {
    let entry: [FieldSlot]
    let file: [FieldSlot]
    /// The partition fields as they were written, each with its place in the result.
    let partition: [(slot: FieldSlot, position: Int?)]
    let partitionType: [NestedField]

    init(_ schema: AvroSchema, _ partitionType: [NestedField], document: String)
        throws(IcebergError)
    {
        self.partitionType = partitionType
        entry = try FieldSlot.slots(of: schema, document)
        guard let dataFile = entry.first(where: { $0.id == 2 }) else {
            throw .invalid(document: document, reason: "the manifest has no data_file (field 2)")
        }
        file = try FieldSlot.slots(of: dataFile.value, document)
        if let slot = file.first(where: { $0.id == 102 }) {
            partition = try FieldSlot.slots(of: slot.value, document).map { slot in
                (slot, partitionType.firstIndex { $0.id == slot.id })
            }
        } else {
            partition = []
        }
    }

    func readEntry(_ decoder: inout AvroDecoder) throws(AvroError) -> ManifestEntry {
        var status: ManifestEntry.Status?
        var snapshotID: Int64?
        var sequenceNumber: Int64?
        var fileSequenceNumber: Int64?
        var dataFile: DataFile?
        for slot in entry {
            switch slot.id {
            case 0: status = ManifestEntry.Status(rawValue: try slot.requiredInt(&decoder))
            case 1: snapshotID = try slot.long(&decoder)
            case 2: dataFile = try readFile(&decoder)
            case 3: sequenceNumber = try slot.long(&decoder)
            case 4: fileSequenceNumber = try slot.long(&decoder)
            default: try decoder.skip(slot.schema)
            }
        }
        guard let status, let dataFile else {
            throw .unexpectedValue(reason: "an entry has no valid status")
        }
        return ManifestEntry(
            status: status,
            snapshotID: snapshotID,
            sequenceNumber: sequenceNumber,
            fileSequenceNumber: fileSequenceNumber,
            file: dataFile
        )
    }

    private func readFile(_ decoder: inout AvroDecoder) throws(AvroError) -> DataFile {
        var file = DataFile(path: "", partition: [], recordCount: -1, fileSize: -1)
        file.partition = Array(repeating: nil, count: partitionType.count)
        for slot in self.file {
            switch slot.id {
            case 134:
                guard let content = DataFile.Content(rawValue: try slot.int(&decoder) ?? 0) else {
                    throw .unexpectedValue(reason: "a file has an unknown content")
                }
                file.content = content
            case 100: file.path = try slot.requiredString(&decoder)
            case 101: file.format = try slot.requiredString(&decoder)
            case 102: try readPartition(&decoder, into: &file.partition)
            case 103: file.recordCount = try slot.requiredLong(&decoder)
            case 104: file.fileSize = try slot.requiredLong(&decoder)
            case 108: file.columnSizes = try slot.longMap(&decoder)
            case 109: file.valueCounts = try slot.longMap(&decoder)
            case 110: file.nullValueCounts = try slot.longMap(&decoder)
            case 137: file.nanValueCounts = try slot.longMap(&decoder)
            case 125: file.lowerBounds = try slot.bytesMap(&decoder)
            case 128: file.upperBounds = try slot.bytesMap(&decoder)
            case 131: file.keyMetadata = try slot.bytes(&decoder)
            case 132: file.splitOffsets = try slot.longs(&decoder)
            case 135:
                file.equalityIDs = try slot.longs(&decoder).map { $0.map { Int(clamping: $0) } }
            case 140: file.sortOrderID = try slot.int(&decoder)
            case 143: file.referencedDataFile = try slot.string(&decoder)
            default: try decoder.skip(slot.schema)
            }
        }
        guard !file.path.isEmpty, file.recordCount >= 0, file.fileSize >= 0 else {
            throw .unexpectedValue(reason: "an entry has no path, record count or size")
        }
        return file
    }

    private func readPartition(
        _ decoder: inout AvroDecoder,
        into values: inout [IcebergValue?]
    ) throws(AvroError) {
        for (slot, position) in partition {
            guard let position else {
                try decoder.skip(slot.schema)
                continue
            }
            guard try slot.isPresent(&decoder) else { continue }
            let field = partitionType[position]
            let raw = try IcebergValue(&decoder, slot.value)
            guard let value = raw.converted(to: field.type) else {
                throw .unexpectedValue(
                    reason: "the partition value \(raw) of \(field.name) is no \(field.type)"
                )
            }
            values[position] = value
        }
    }
}

extension IcebergValue {
    /// Reads a partition value as its writer wrote it.
    fileprivate init(_ decoder: inout AvroDecoder, _ schema: AvroSchema) throws(AvroError) {
        switch (schema.kind, schema.logicalType) {
        case (.boolean, _): self = .boolean(try decoder.readBoolean())
        case (.int, "date"): self = .date(try decoder.readInt())
        case (.int, _): self = .int(try decoder.readInt())
        case (.long, "time-micros"): self = .time(try decoder.readLong())
        case (.long, "timestamp-micros"):
            let adjusted = schema.attributes["adjust-to-utc"] == .bool(true)
            let micros = try decoder.readLong()
            self = adjusted ? .timestamptz(micros) : .timestamp(micros)
        case (.long, _): self = .long(try decoder.readLong())
        case (.float, _): self = .float(try decoder.readFloat())
        case (.double, _): self = .double(try decoder.readDouble())
        case (.string, _): self = .string(try decoder.readString())
        case (.bytes, "decimal"): self = try Self.decimal(try decoder.readBytes(), schema)
        case (.bytes, _): self = .binary(try decoder.readBytes())
        case (.fixed(_, let size), "decimal"):
            self = try Self.decimal(try decoder.readFixed(size), schema)
        case (.fixed(_, let size), "uuid"): self = .uuid(try decoder.readFixed(size))
        case (.fixed(_, let size), _): self = .fixed(try decoder.readFixed(size))
        default:
            throw .unexpectedValue(reason: "a partition value has a type Iceberg does not use")
        }
    }

    private static func decimal(
        _ bytes: [UInt8],
        _ schema: AvroSchema
    ) throws(AvroError) -> IcebergValue {
        guard let unscaled = unscaled(bytes) else {
            throw .unexpectedValue(reason: "a decimal has \(bytes.count) bytes")
        }
        guard case .integer(let scale) = schema.attributes["scale"] ?? .integer(0) else {
            throw .unexpectedValue(reason: "a decimal has no scale")
        }
        return .decimal(unscaled: unscaled, scale: Int(scale))
    }
}
