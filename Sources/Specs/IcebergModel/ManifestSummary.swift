/// Counts a manifest's files and sums up its partition values while it is written.
internal struct ManifestSummary {
    private struct Field {
        var containsNull = false
        var containsNaN = false
        var lower: IcebergValue?
        var upper: IcebergValue?

        mutating func add(_ value: IcebergValue?) {
            guard let value else {
                containsNull = true
                return
            }
            if value.isNaN {
                containsNaN = true
                return
            }
            if lower.map(value.precedes) ?? true { lower = value }
            if upper.map({ $0.precedes(value) }) ?? true { upper = value }
        }
    }

    private let types: [NestedField]
    private let sequenceNumber: Int64
    private var fields: [Field]
    private var minSequenceNumber: Int64?
    private var files: [ManifestEntry.Status: Int] = [:]
    private var rows: [ManifestEntry.Status: Int64] = [:]

    init(_ partitionType: [NestedField], sequenceNumber: Int64) {
        types = partitionType
        self.sequenceNumber = sequenceNumber
        fields = Array(repeating: Field(), count: partitionType.count)
    }

    mutating func add(_ entry: ManifestEntry) {
        files[entry.status, default: 0] += 1
        rows[entry.status, default: 0] += entry.file.recordCount
        if entry.isLive {
            let number = entry.sequenceNumber ?? sequenceNumber
            minSequenceNumber = min(minSequenceNumber ?? number, number)
        }
        for (index, value) in entry.file.partition.enumerated() {
            fields[index].add(value?.converted(to: types[index].type))
        }
    }

    func manifestFile(
        path: String,
        length: Int64,
        specID: Int,
        content: ManifestContent,
        snapshotID: Int64
    ) -> ManifestFile {
        var file = ManifestFile(
            path: path,
            length: length,
            partitionSpecID: specID,
            content: content,
            sequenceNumber: sequenceNumber,
            minSequenceNumber: minSequenceNumber ?? sequenceNumber,
            addedSnapshotID: snapshotID
        )
        file.addedFilesCount = files[.added] ?? 0
        file.existingFilesCount = files[.existing] ?? 0
        file.deletedFilesCount = files[.deleted] ?? 0
        file.addedRowsCount = rows[.added] ?? 0
        file.existingRowsCount = rows[.existing] ?? 0
        file.deletedRowsCount = rows[.deleted] ?? 0
        file.partitions = fields.map { field in
            ManifestFile.FieldSummary(
                containsNull: field.containsNull,
                containsNaN: field.containsNaN,
                lowerBound: field.lower.flatMap { Bounds.lower($0) },
                upperBound: field.upper.flatMap { Bounds.upper($0) }
            )
        }
        return file
    }
}
