public import AvroFormat
public import Bytes

/// Manifest lists: the manifests of one snapshot.
public enum ManifestList {
    /// Writes a manifest list, with the header entries that Iceberg's Java implementation reads.
    /// - Parameter sync: 16 random bytes.
    public static func write(
        _ manifests: [ManifestFile],
        snapshotID: Int64,
        parentSnapshotID: Int64?,
        sequenceNumber: Int64,
        codec: AvroCodec = .deflate,
        sync: [UInt8]
    ) throws(IcebergError) -> Slab {
        var writer = AvroContainerWriter(
            schema: ManifestSchemas.manifestFile,
            codec: codec,
            metadata: [
                ("snapshot-id", String(snapshotID)),
                ("parent-snapshot-id", parentSnapshotID.map { String($0) } ?? "null"),
                ("sequence-number", String(sequenceNumber)),
                ("format-version", "2"),
            ],
            sync: sync
        )
        do {
            for manifest in manifests {
                try writer.append { $0.appendManifestFile(manifest) }
            }
            return Slab(try writer.finish())
        } catch {
            throw .invalid(document: "manifest list of \(snapshotID)", reason: "\(error)")
        }
    }

    /// Reads a manifest list. `path` is for messages.
    public static func read(
        _ bytes: RawSpan,
        path: String
    ) throws(IcebergError) -> [ManifestFile] {
        do {
            var container = try AvroContainerReader(bytes)
            let reader = try ManifestListPlan(container.schema, path)
            var manifests: [ManifestFile] = []
            var block = ByteBuffer()
            while let count = try container.nextBlock(into: &block) {
                var decoder = AvroDecoder(block.bytes)
                for _ in 0..<count { manifests.append(try reader.read(&decoder)) }
            }
            return manifests
        } catch let error as IcebergError {
            throw error
        } catch {
            throw .invalid(document: path, reason: "\(error)")
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func appendManifestFile(_ manifest: ManifestFile) {
        appendAvro(manifest.path)
        appendAvro(manifest.length)
        appendAvro(Int64(manifest.partitionSpecID))
        appendAvro(Int64(manifest.content.rawValue))
        appendAvro(manifest.sequenceNumber)
        appendAvro(manifest.minSequenceNumber)
        appendAvro(manifest.addedSnapshotID)
        appendAvro(Int64(manifest.addedFilesCount))
        appendAvro(Int64(manifest.existingFilesCount))
        appendAvro(Int64(manifest.deletedFilesCount))
        appendAvro(manifest.addedRowsCount)
        appendAvro(manifest.existingRowsCount)
        appendAvro(manifest.deletedRowsCount)
        if let partitions = manifest.partitions {
            appendAvro(Int64(1))
            if !partitions.isEmpty { appendAvro(Int64(partitions.count)) }
            for summary in partitions { appendSummary(summary) }
            appendAvro(Int64(0))
        } else {
            appendAvro(Int64(0))
        }
        appendOptional(manifest.keyMetadata)
    }

    private mutating func appendSummary(_ summary: ManifestFile.FieldSummary) {
        appendAvro(summary.containsNull)
        appendAvro(Int64(summary.containsNaN == nil ? 0 : 1))
        if let containsNaN = summary.containsNaN { appendAvro(containsNaN) }
        appendOptional(summary.lowerBound)
        appendOptional(summary.upperBound)
    }
}

/// The fields of one manifest list file, resolved once and used for every manifest.
private struct ManifestListPlan {
    let slots: [FieldSlot]
    let summary: [FieldSlot]

    init(_ schema: AvroSchema, _ path: String) throws(IcebergError) {
        slots = try FieldSlot.slots(of: schema, path)
        if let partitions = slots.first(where: { $0.id == 507 }),
            case .array(let items) = partitions.value.kind
        {
            summary = try FieldSlot.slots(of: items.withoutNull, path)
        } else {
            summary = []
        }
    }

    func read(_ decoder: inout AvroDecoder) throws(AvroError) -> ManifestFile {
        var file = ManifestFile(
            path: "",
            length: -1,
            partitionSpecID: 0,
            content: .data,
            sequenceNumber: 0,
            minSequenceNumber: 0,
            addedSnapshotID: -1
        )
        for slot in slots {
            switch slot.id {
            case 500: file.path = try slot.requiredString(&decoder)
            case 501: file.length = try slot.requiredLong(&decoder)
            case 502: file.partitionSpecID = try slot.requiredInt(&decoder)
            case 517:
                guard let content = ManifestContent(rawValue: try slot.int(&decoder) ?? 0) else {
                    throw .unexpectedValue(reason: "a manifest has an unknown content")
                }
                file.content = content
            case 515: file.sequenceNumber = try slot.long(&decoder) ?? 0
            case 516: file.minSequenceNumber = try slot.long(&decoder) ?? 0
            case 503: file.addedSnapshotID = try slot.long(&decoder) ?? -1
            // Version 1 may leave counts out; then every manifest must be taken to hold files.
            case 504: file.addedFilesCount = try slot.int(&decoder) ?? 1
            case 505: file.existingFilesCount = try slot.int(&decoder) ?? 1
            case 506: file.deletedFilesCount = try slot.int(&decoder) ?? 0
            case 512: file.addedRowsCount = try slot.long(&decoder) ?? 0
            case 513: file.existingRowsCount = try slot.long(&decoder) ?? 0
            case 514: file.deletedRowsCount = try slot.long(&decoder) ?? 0
            case 507: file.partitions = try readSummaries(slot, &decoder)
            case 519: file.keyMetadata = try slot.bytes(&decoder)
            default: try decoder.skip(slot.schema)
            }
        }
        guard !file.path.isEmpty, file.length >= 0 else {
            throw .unexpectedValue(reason: "a manifest has no path or length")
        }
        return file
    }

    private func readSummaries(
        _ slot: FieldSlot,
        _ decoder: inout AvroDecoder
    ) throws(AvroError) -> [ManifestFile.FieldSummary]? {
        guard case .array(let items) = slot.value.kind else {
            throw .unexpectedValue(reason: "\"partitions\" is no list")
        }
        guard try slot.isPresent(&decoder) else { return nil }
        let element = FieldSlot(AvroField("element", items))
        var summaries: [ManifestFile.FieldSummary] = []
        while true {
            let count = try decoder.readItemCount()
            if count == 0 { return summaries }
            for _ in 0..<count {
                var entry = ManifestFile.FieldSummary(
                    containsNull: true,
                    containsNaN: nil,
                    lowerBound: nil,
                    upperBound: nil
                )
                if try element.isPresent(&decoder) {
                    for slot in summary {
                        switch slot.id {
                        case 509: entry.containsNull = try slot.bool(&decoder) ?? true
                        case 518: entry.containsNaN = try slot.bool(&decoder)
                        case 510: entry.lowerBound = try slot.bytes(&decoder)
                        case 511: entry.upperBound = try slot.bytes(&decoder)
                        default: try decoder.skip(slot.schema)
                        }
                    }
                }
                summaries.append(entry)
            }
        }
    }
}
