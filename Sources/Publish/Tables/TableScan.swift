internal import IcebergModel

/// What has to be read for the rows of one snapshot: data files, and for some of them files that
/// name deleted rows by position.
///
/// A file of deletes concerns a data file when it may name it, lies in the same partition of the
/// same spec, and is not older (specification, "Scan Planning"). Deletes that no data file needs
/// any more are left out.
public struct TableScan: Sendable {
    /// A data file.
    public struct File: Sendable {
        /// The file.
        public let live: LiveFile
        /// Files of deletes that concern it, as indices of `deletes`; most have none.
        public let deletes: [Int]
        /// Files of deletes that concern it have the same number; nil without any.
        public let division: Int?
    }

    /// Files that name rows of data files which are deleted.
    public struct Deletes: Sendable {
        /// The file.
        public let live: LiveFile
        /// The data files it may name have the same number.
        public let division: Int
    }

    /// The data files, in the order of the manifests.
    public private(set) var files: [File] = []
    /// Files of deletes that concern some of them.
    public private(set) var deletes: [Deletes] = []

    /// The bounds of the paths that a file of deletes names, where they are known. DuckDB 1.5 says
    /// them under the id of `_file`, which means the same.
    static func pathBounds(_ file: DataFile) -> (lower: [UInt8]?, upper: [UInt8]?) {
        for id in [2_147_483_546, 2_147_483_646] {
            let bounds = (file.lowerBounds[id], file.upperBounds[id])
            if bounds.0 != nil || bounds.1 != nil { return bounds }
        }
        return (nil, nil)
    }

    init(
        data: [LiveFile],
        deletes all: [LiveFile],
        of table: Table,
        snapshotID: Int64
    ) throws(TableError) {
        if all.isEmpty {
            files = data.map { File(live: $0, deletes: [], division: nil) }
            return
        }
        var found = DeleteIndex(all.filter { $0.file.content == .positionDeletes })
        files.reserveCapacity(data.count)
        var numbers: [Int: Int] = [:]
        for live in data {
            let (concerning, division) = found.concerning(live)
            for index in concerning where numbers[index] == nil {
                numbers[index] = deletes.count
                let deletes = found.files[index]
                try Self.check(deletes.file, of: table, snapshotID)
                self.deletes.append(Deletes(live: deletes, division: division))
            }
            files.append(
                File(
                    live: live,
                    deletes: concerning.compactMap { numbers[$0] },
                    division: concerning.isEmpty ? nil : division
                )
            )
        }
        for deletes in all where deletes.file.content != .positionDeletes {
            let isGlobal = (try? table.metadata.spec(id: deletes.specID))?.fields.isEmpty ?? false
            let concerns = data.contains { live in
                live.sequenceNumber < deletes.sequenceNumber
                    && (isGlobal || Partition(live) == Partition(deletes))
            }
            guard concerns else { continue }
            throw .unreadableDeletes(
                table.identifier,
                snapshotID: snapshotID,
                kind: "equality deletes",
                file: deletes.file.path
            )
        }
    }

    private static func check(
        _ file: DataFile,
        of table: Table,
        _ snapshotID: Int64
    ) throws(TableError) {
        if file.format.uppercased() == "PARQUET", file.keyMetadata == nil { return }
        let kind =
            switch file.format.uppercased() {
            case "PUFFIN": "deletion vectors"
            case "PARQUET": "encrypted position deletes"
            default: "position deletes as \(file.format)"
            }
        throw .unreadableDeletes(
            table.identifier,
            snapshotID: snapshotID,
            kind: kind,
            file: file.path
        )
    }
}

/// The partition of a spec that a file lies in.
private struct Partition: Hashable {
    let specID: Int
    let values: [IcebergValue?]

    init(_ live: LiveFile) {
        specID = live.specID
        values = live.file.partition
    }
}

/// Finds the files of deletes that concern a data file. Those for a single data file, as most
/// engines write them, are found by its path.
private struct DeleteIndex {
    let files: [LiveFile]
    private var byPath: [String: [Int]] = [:]
    private var byPartition: [Partition: [Int]] = [:]
    /// Partitions of data files that have deletes.
    private var divisions: [Partition: Int] = [:]

    init(_ files: [LiveFile]) {
        self.files = files
        for (index, live) in files.enumerated() {
            if let path = Self.onlyPath(of: live.file) {
                byPath[path, default: []].append(index)
            } else {
                byPartition[Partition(live), default: []].append(index)
            }
        }
    }

    /// Indices of the files of deletes that concern `live`, ascending, and the number of its
    /// partition.
    mutating func concerning(_ live: LiveFile) -> (indices: [Int], division: Int) {
        let path = live.file.path
        let partition = Partition(live)
        let indices = (byPath[path] ?? []) + (byPartition[partition] ?? [])
        let concerning = indices.filter { index in
            files[index].sequenceNumber >= live.sequenceNumber
                && Self.mayName(path, files[index].file)
        }
        if concerning.isEmpty { return ([], 0) }
        let division = divisions[partition] ?? divisions.count
        divisions[partition] = division
        return (concerning.sorted(), division)
    }

    private static func onlyPath(of file: DataFile) -> String? {
        if let path = file.referencedDataFile { return path }
        // Bounds that were cut are never equal: the upper one was raised.
        let bounds = TableScan.pathBounds(file)
        guard let lower = bounds.lower, lower == bounds.upper else { return nil }
        return String(validating: lower, as: UTF8.self)
    }

    private static func mayName(_ path: String, _ file: DataFile) -> Bool {
        let bounds = TableScan.pathBounds(file)
        let isBelow = bounds.lower.map { path.utf8.lexicographicallyPrecedes($0) } ?? false
        let isAbove = bounds.upper.map { $0.lexicographicallyPrecedes(path.utf8) } ?? false
        return !isBelow && !isAbove
    }
}
