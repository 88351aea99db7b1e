/// The counts a snapshot's summary carries by convention (specification, "Optional Snapshot
/// Summary Fields").
public enum SnapshotSummary {
    /// Files that a commit adds, or takes out, in sums.
    public struct Change: Hashable, Sendable {
        /// Data files.
        public var files: Int64
        /// Rows in them.
        public var records: Int64
        /// Bytes of them.
        public var bytes: Int64
        /// The different partitions they lie in.
        public var partitions: Set<[IcebergValue?]>

        /// The sums over `files`.
        public init(_ files: [DataFile] = []) {
            self.files = Int64(files.count)
            records = files.reduce(0) { $0 + $1.recordCount }
            bytes = files.reduce(0) { $0 + $1.fileSize }
            partitions = Set(files.map(\.partition))
        }
    }

    /// The summary of a commit that adds files, takes files out, or both: operation `append`,
    /// `delete` or `overwrite`; `replace` when it keeps the rows.
    ///
    /// `removedDeletes` are files of position deletes that no data file needs any more.
    ///
    /// Totals continue those of `previous`, the parent's summary; where a foreign writer left one
    /// out it stays out, because it cannot be known. Nil: there is no parent, totals start at 0.
    public static func of(
        added: Change,
        removed: Change = Change(),
        removedDeletes: Change = Change(),
        keepsRows: Bool = false,
        previous: [String: String]?,
        extra: [String: String] = [:]
    ) -> [String: String] {
        var summary = extra
        summary["operation"] =
            keepsRows
            ? "replace"
            : removed.files == 0 ? "append" : added.files == 0 ? "delete" : "overwrite"
        if added.files > 0 {
            summary["added-data-files"] = String(added.files)
            summary["added-records"] = String(added.records)
            summary["added-files-size"] = String(added.bytes)
        }
        if removed.files > 0 {
            summary["deleted-data-files"] = String(removed.files)
            summary["deleted-records"] = String(removed.records)
            summary["removed-files-size"] = String(removed.bytes)
        }
        if removedDeletes.files > 0 {
            summary["removed-delete-files"] = String(removedDeletes.files)
            summary["removed-position-delete-files"] = String(removedDeletes.files)
            summary["removed-position-deletes"] = String(removedDeletes.records)
            summary["removed-files-size"] = String(removed.bytes + removedDeletes.bytes)
        }
        summary["changed-partition-count"] = String(
            added.partitions.union(removed.partitions).count
        )
        let totals: [(String, Int64)] = [
            ("total-data-files", added.files - removed.files),
            ("total-records", added.records - removed.records),
            ("total-files-size", added.bytes - removed.bytes - removedDeletes.bytes),
            ("total-delete-files", -removedDeletes.files),
            ("total-position-deletes", -removedDeletes.records), ("total-equality-deletes", 0),
        ]
        for (key, change) in totals {
            let before = previous.map { $0[key].flatMap { Int64($0) } } ?? 0
            if let before { summary[key] = String(before + change) }
        }
        return summary
    }
}
