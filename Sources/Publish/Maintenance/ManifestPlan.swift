public import IcebergModel

/// Which manifests of a snapshot are to be merged.
///
/// Every commit adds a manifest, and whoever plans a query opens each one whose partitions it asks
/// for. Commits merge them themselves where nobody else does (`Lake.merged`); this keeps their
/// number so low that they seldom have to, since a commit should be quick.
public struct ManifestPlan: Sendable {
    /// When manifests are worth merging.
    public struct Rules: Sendable {
        /// Bytes that a manifest has at most, about.
        public var targetBytes: Int64
        /// Fewest manifests that are merged.
        public var manifestsMin: Int
        /// True merges only manifests of like size, so that an entry is written again a few times
        /// at most, however often the table is committed to.
        public var isTiered: Bool

        /// Rules for manifests of about `targetBytes`.
        public init(targetBytes: Int64, manifestsMin: Int = 16, isTiered: Bool = true) {
            precondition(targetBytes > 0 && manifestsMin > 1)
            self.targetBytes = targetBytes
            self.manifestsMin = manifestsMin
            self.isTiered = isTiered
        }

        /// Manifests of one tier differ in size by a factor of eight at most; those of a few
        /// commits are the first, whatever the length of the schema that each repeats.
        func tier(_ bytes: Int64) -> Int {
            if !isTiered { return 0 }
            var (tier, limit) = (0, Self.firstTierBytes)
            while bytes > limit, limit < targetBytes { (tier, limit) = (tier + 1, limit * 8) }
            return tier
        }

        private static let firstTierBytes: Int64 = 1 << 15
    }

    /// Manifests that become one: of one partition spec and one content, with partitions that lie
    /// near each other.
    public let groups: [[ManifestFile]]

    /// True when nothing is worth doing.
    public var isEmpty: Bool { groups.isEmpty }
    /// Manifests that would be merged.
    public var manifestCount: Int { groups.reduce(0) { $0 + $1.count } }

    private struct Kind: Hashable {
        let specID: Int
        let content: ManifestContent
        let tier: Int
    }

    /// A plan for the manifests of a snapshot.
    public init(_ manifests: [ManifestFile], _ rules: Rules) {
        // Those without live files go with the next commit, whoever makes it.
        let small = manifests.filter {
            $0.length < rules.targetBytes / 4 * 3 && $0.keyMetadata == nil && $0.hasLiveFiles
        }
        let kinds = Dictionary(grouping: small) {
            Kind(specID: $0.partitionSpecID, content: $0.content, tier: rules.tier($0.length))
        }
        groups = kinds.values.flatMap { Self.groups(of: $0, rules) }
            .sorted { ($1.count, $0[0].path) < ($0.count, $1[0].path) }
    }

    private static func groups(of manifests: [ManifestFile], _ rules: Rules) -> [[ManifestFile]] {
        var groups: [[ManifestFile]] = []
        var gathered: [ManifestFile] = []
        var bytes: Int64 = 0
        func close() {
            // A full group is worth it whatever the number of its manifests.
            let isFull = gathered.count > 1 && bytes >= rules.targetBytes / 4 * 3
            if gathered.count >= rules.manifestsMin || isFull { groups.append(gathered) }
            (gathered, bytes) = ([], 0)
        }
        // Neighbours by what the first partition field begins with, then in the order of commits.
        let ordered = manifests.sorted { left, right in
            let (a, b) = (lowerBound(left), lowerBound(right))
            if a != b { return a.lexicographicallyPrecedes(b) }
            return (left.minSequenceNumber, left.path) < (right.minSequenceNumber, right.path)
        }
        for manifest in ordered {
            if bytes + manifest.length > rules.targetBytes { close() }
            gathered.append(manifest)
            bytes += manifest.length
        }
        close()
        return groups
    }

    /// Bytes that are in order of the values for text and, but for their signs, for numbers, which
    /// Iceberg writes with their lowest byte first.
    private static func lowerBound(_ manifest: ManifestFile) -> [UInt8] {
        guard let bound = manifest.partitions?.first?.lowerBound else { return [] }
        return bound.count <= 8 ? bound.reversed() : bound
    }
}
