internal import IcebergModel
public import Tables

/// Which data files of a table are to be merged.
public struct CompactionPlan: Sendable {
    /// When files are worth merging.
    public struct Rules: Sendable {
        /// Bytes that a merged file has, about.
        public var targetBytes: Int64
        /// Fewest files that are merged.
        public var filesMin: Int
        /// True merges only files of like size, so that a row is copied a few times at most,
        /// however often the table is committed to.
        public var isTiered: Bool

        /// Rules for files of about `targetBytes`.
        public init(targetBytes: Int64, filesMin: Int = 16, isTiered: Bool = true) {
            precondition(targetBytes > 0 && filesMin > 1)
            self.targetBytes = targetBytes
            self.filesMin = filesMin
            self.isTiered = isTiered
        }

        /// A file from that size on stays as it is: what merging it would save is little.
        var largeBytes: Int64 { targetBytes / 4 * 3 }

        /// Files of one tier differ in size by a factor of eight at most; all small ones are the
        /// first.
        func tier(_ bytes: Int64) -> Int {
            if !isTiered { return 0 }
            var (tier, limit) = (0, Self.firstTierBytes)
            while bytes > limit, limit < targetBytes { (tier, limit) = (tier + 1, limit * 8) }
            return tier
        }

        private static let firstTierBytes: Int64 = 1 << 18
    }

    /// Files of one partition that become one file.
    public struct Group: Sendable {
        /// The files, in the order in which they were added to the table.
        public let files: [LiveFile]
        /// Bytes of them.
        public var bytes: Int64 { files.reduce(0) { $0 + $1.file.fileSize } }
        /// Rows in them.
        public var rows: Int64 { files.reduce(0) { $0 + $1.file.recordCount } }
    }

    /// What is to be done, those with the most files first.
    public let groups: [Group]

    /// True when nothing is worth doing.
    public var isEmpty: Bool { groups.isEmpty }
    /// Files that would be merged.
    public var fileCount: Int { groups.reduce(0) { $0 + $1.files.count } }
    /// Bytes that would be read.
    public var bytes: Int64 { groups.reduce(0) { $0 + $1.bytes } }

    private struct Place: Hashable {
        let specID: Int
        let partition: [IcebergValue?]
        let tier: Int
    }

    /// A plan for the live `files` of a table.
    ///
    /// - Parameter withDeletes: paths of those of which rows are deleted. Who merges whatever can
    ///   be merged writes them anew without those rows, be they large or alone.
    public init(_ files: [LiveFile], withDeletes: Set<String> = [], _ rules: Rules) {
        var places: [Place: [LiveFile]] = [:]
        let deleted = rules.isTiered ? [] : withDeletes
        for live in files where Self.canMerge(live.file) {
            guard live.file.fileSize < rules.largeBytes || deleted.contains(live.file.path) else {
                continue
            }
            let place = Place(
                specID: live.specID,
                partition: live.file.partition,
                tier: rules.tier(live.file.fileSize)
            )
            places[place, default: []].append(live)
        }
        groups = places.values.flatMap { Self.groups(of: $0, deleted, rules) }
            .sorted {
                ($1.files.count, $0.files[0].file.path) < ($0.files.count, $1.files[0].file.path)
            }
    }

    private static func canMerge(_ file: DataFile) -> Bool {
        file.content == .data && file.format == "PARQUET" && file.keyMetadata == nil
    }

    private static func groups(
        of files: [LiveFile],
        _ deleted: Set<String>,
        _ rules: Rules
    ) -> [Group] {
        var groups: [Group] = []
        var gathered: [LiveFile] = []
        var bytes: Int64 = 0
        let ordered = files.sorted {
            ($0.sequenceNumber, $0.file.path) < ($1.sequenceNumber, $1.file.path)
        }
        func close() {
            // A full group is worth it whatever the number of its files.
            let isFull = gathered.count > 1 && bytes >= rules.largeBytes
            let hasDeletes = gathered.contains { deleted.contains($0.file.path) }
            if gathered.count >= rules.filesMin || isFull || hasDeletes {
                groups.append(Group(files: gathered))
            }
            (gathered, bytes) = ([], 0)
        }
        for file in ordered {
            if bytes + file.file.fileSize > rules.targetBytes { close() }
            gathered.append(file)
            bytes += file.file.fileSize
        }
        close()
        return groups
    }
}
