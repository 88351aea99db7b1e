public import IcebergModel

/// Which snapshots of a table are kept.
///
/// A table that says so itself, by Iceberg's properties `history.expire.max-snapshot-age-ms` and
/// `history.expire.min-snapshots-to-keep` or by the rules of a branch, is taken at its word. Else
/// recent snapshots are all kept and older ones thinned to one an hour: a table that is committed
/// to every second keeps its past of five days in some hundreds of snapshots, not in 432,000.
public struct SnapshotRetention: Sendable {
    /// Property: age up to which snapshots are kept, in milliseconds.
    public static let maxAgeProperty = "history.expire.max-snapshot-age-ms"
    /// Property: snapshots that are kept whatever their age.
    public static let minCountProperty = "history.expire.min-snapshots-to-keep"

    /// Snapshots of every branch that are kept whatever their age.
    public var countMin = 100
    /// Age up to which all are kept, in milliseconds.
    public var denseAge: Int64 = 600_000
    /// Age up to which one an hour is kept, in milliseconds.
    public var hourlyAge: Int64 = 5 * 86_400_000

    /// True obeys this before what the table says.
    private var isAsked = false

    /// The defaults.
    public init() {}

    /// What somebody asks for, whatever the table says: nothing older than `maxAge` milliseconds
    /// but the last `countMin` snapshots of every branch.
    public init(maxAge: Int64, countMin: Int) {
        denseAge = maxAge
        hourlyAge = maxAge
        self.countMin = max(countMin, 1)
        isAsked = true
    }

    private static let hour: Int64 = 3_600_000

    /// What goes.
    public struct Choice: Equatable, Sendable {
        /// Snapshots that no reference keeps.
        public var snapshotIDs: [Int64] = []
        /// Branches and tags past their age.
        public var references: [String] = []
    }

    /// What of the table goes at the time `now`, in milliseconds since 1970.
    public func choice(from metadata: TableMetadata, at now: Int64) -> Choice {
        var choice = Choice()
        var kept: Set<Int64> = []
        for (name, reference) in metadata.references.sorted(by: { $0.key < $1.key }) {
            let named = metadata.snapshot(id: reference.snapshotID)
            if name != SnapshotReference.main, let age = reference.maxReferenceAge, let named,
                now - named.timestampMilliseconds > age
            {
                choice.references.append(name)
                continue
            }
            kept.insert(reference.snapshotID)
            guard reference.kind == .branch else { continue }
            kept.formUnion(snapshots(of: reference, metadata, now))
        }
        // Metadata without references name the current snapshot alone.
        if let current = metadata.currentSnapshotID, kept.insert(current).inserted {
            let main = SnapshotReference(snapshotID: current, kind: .branch)
            kept.formUnion(snapshots(of: main, metadata, now))
        }
        // What no branch leads to may be a commit under way elsewhere, or lie beyond a gap that was
        // thinned before: it stays for as long as old ones do.
        let age = (isAsked ? nil : Self.number(Self.maxAgeProperty, metadata)) ?? hourlyAge
        let ancestors = Set(
            metadata.references.values.flatMap { metadata.ancestors(of: $0.snapshotID) }.map(\.id)
        )
        choice.snapshotIDs = metadata.snapshots.filter { snapshot in
            if kept.contains(snapshot.id) { return false }
            return ancestors.contains(snapshot.id) || now - snapshot.timestampMilliseconds > age
        }.map(\.id)
        return choice
    }

    private func snapshots(
        of branch: SnapshotReference,
        _ metadata: TableMetadata,
        _ now: Int64
    ) -> [Int64] {
        let maxAge = branch.maxSnapshotAge ?? Self.number(Self.maxAgeProperty, metadata)
        let minCount =
            branch.minSnapshotsToKeep ?? Self.number(Self.minCountProperty, metadata).map(Int.init)
        let hasRules = !isAsked && (maxAge != nil || minCount != nil)
        var kept: [Int64] = []
        var lastHour: Int64?
        for snapshot in metadata.ancestors(of: branch.snapshotID) {
            let age = now - snapshot.timestampMilliseconds
            let isNeeded: Bool
            if hasRules {
                isNeeded = kept.count < minCount ?? 1 || age <= maxAge ?? hourlyAge
            } else if kept.count < countMin || age <= denseAge {
                isNeeded = true
            } else {
                // The last one of each hour, which is the first on the way back.
                let hour = snapshot.timestampMilliseconds / Self.hour
                isNeeded = age <= hourlyAge && hour != lastHour
            }
            if isNeeded {
                kept.append(snapshot.id)
                lastHour = snapshot.timestampMilliseconds / Self.hour
            }
        }
        return kept
    }

    private static func number(_ key: String, _ metadata: TableMetadata) -> Int64? {
        metadata.properties[key].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
