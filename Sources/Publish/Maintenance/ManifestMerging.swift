public import Tables

/// Merges small manifests of a table. Files and rows stay as they are.
public struct ManifestMerging {
    /// What a merge came to.
    public struct Result: Sendable {
        /// The table with the merge.
        public let table: Table
        /// Manifests that went.
        public let merged: Int
        /// Manifests that stand in their places.
        public let made: Int
    }

    /// Groups of one commit; each becomes a manifest.
    private static let groupsMax = 32

    private let lake: Lake
    private let summary: [String: String]

    /// Merging in tables of `lake`.
    ///
    /// - Parameter summary: what the snapshots say of who made them.
    public init(in lake: Lake, summary: [String: String] = [:]) {
        self.lake = lake
        self.summary = summary
    }

    /// Merges what the plan says, in commits of some groups each. Nil when that is nothing.
    ///
    /// - Parameter goesOn: asked before each commit; false stops the work.
    public func merge(
        _ plan: ManifestPlan,
        of table: Table,
        goesOn: () -> Bool = { true }
    ) throws(MaintenanceError) -> Result? {
        var result: Result?
        var left = plan.groups[...]
        while !left.isEmpty, goesOn() {
            let groups = Array(left.prefix(Self.groupsMax))
            left = left.dropFirst(Self.groupsMax)
            let prepared: PreparedCommit
            let current = result?.table ?? table
            do throws(CommitError) {
                prepared = try current.prepare(merging: groups, summary: summary)
            } catch { throw .commit(error) }
            result = Result(
                table: try MaintenanceCommit(lake).commit(prepared, to: current),
                merged: (result?.merged ?? 0) + groups.reduce(0) { $0 + $1.count },
                made: (result?.made ?? 0) + groups.count
            )
        }
        return result
    }
}
