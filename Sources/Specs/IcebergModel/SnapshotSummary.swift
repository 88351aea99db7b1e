/// The counts a snapshot's summary carries by convention (specification, "Optional Snapshot
/// Summary Fields").
public enum SnapshotSummary {
    /// What a commit adds.
    public struct Addition: Hashable, Sendable {
        /// Data files.
        public var files: Int64
        /// Rows in them.
        public var records: Int64
        /// Bytes of them.
        public var bytes: Int64
        /// Different partitions they lie in.
        public var partitions: Int64

        /// The sums over `files`.
        public init(_ files: [DataFile]) {
            self.files = Int64(files.count)
            records = files.reduce(0) { $0 + $1.recordCount }
            bytes = files.reduce(0) { $0 + $1.fileSize }
            partitions = Int64(Set(files.map(\.partition)).count)
        }
    }

    /// The summary of a commit that only adds files.
    ///
    /// Totals continue those of `previous`, the parent's summary; where a foreign writer left one
    /// out it stays out, because it cannot be known. Nil: there is no parent, totals start at 0.
    public static func append(
        _ addition: Addition,
        previous: [String: String]?,
        extra: [String: String] = [:]
    ) -> [String: String] {
        var summary = extra
        summary["operation"] = "append"
        if addition.files > 0 {
            summary["added-data-files"] = String(addition.files)
            summary["added-records"] = String(addition.records)
            summary["added-files-size"] = String(addition.bytes)
        }
        summary["changed-partition-count"] = String(addition.partitions)
        let totals: [(String, Int64)] = [
            ("total-data-files", addition.files), ("total-records", addition.records),
            ("total-files-size", addition.bytes), ("total-delete-files", 0),
            ("total-position-deletes", 0), ("total-equality-deletes", 0),
        ]
        for (key, added) in totals {
            let before = previous.map { $0[key].flatMap { Int64($0) } } ?? 0
            if let before { summary[key] = String(before + added) }
        }
        return summary
    }
}
