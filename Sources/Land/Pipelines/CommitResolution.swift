/// What to do after a commit that did not simply succeed: decided from the marker the table holds
/// now.
///
/// Pure, so that every case of the crash matrix is a line in a test. `expected` is the marker our
/// commit was based on, `attempted` the one it carried, `found` what the table says after it was
/// read again.
public enum CommitResolution: Equatable, Sendable {
    /// Our commit landed although we were told otherwise, or nothing.
    case landed
    /// Somebody else changed the table, but not our place in it: apply the same commit to the new
    /// version.
    case rebase
    /// Another writer has taken over what is ours: drop the work; it belongs to that writer now.
    case fenced(byEpoch: Int64)
    /// The marker is gone or belongs to another history: landing on would lose or double rows. A
    /// person must decide.
    case diverged(String)

    /// Decides from the three markers, for a writer that lands the partitions of `ownership`.
    public static func decide(
        expected: CommitMarker,
        attempted: CommitMarker,
        found: CommitMarker?,
        ownership: Ownership = .all
    ) -> CommitResolution {
        guard let found else {
            return .diverged("the table no longer carries the marker of \(expected.pipeline)")
        }
        if found.commitID == attempted.commitID { return .landed }
        switch ownership {
        case .all:
            if found.epoch > attempted.epoch { return .fenced(byEpoch: found.epoch) }
            if found == expected { return .rebase }
            return .diverged(
                "the table's marker is at commit \(found.sequence) of epoch \(found.epoch), "
                    + "expected commit \(expected.sequence) of epoch \(expected.epoch)"
            )
        case .partitions(let partitions):
            return decide(expected, attempted, found, partitions)
        }
    }

    /// Colleagues commit other partitions in between: only what the table says of ours counts.
    private static func decide(
        _ expected: CommitMarker,
        _ attempted: CommitMarker,
        _ found: CommitMarker,
        _ partitions: Set<SourcePartition>
    ) -> CommitResolution {
        for partition in partitions {
            let epoch = found.progress(in: partition)?.epoch ?? 0
            if epoch > attempted.progress(in: partition)?.epoch ?? 0 {
                return .fenced(byEpoch: epoch)
            }
        }
        func agrees(_ marker: CommitMarker) -> Bool {
            partitions.allSatisfy { found.progress(in: $0) == marker.progress(in: $0) }
        }
        if agrees(expected) { return .rebase }
        if agrees(attempted) { return .landed }
        return .diverged(
            "the table's marker has other offsets for this worker's partitions than its last "
                + "commit, under the same epoch"
        )
    }
}
