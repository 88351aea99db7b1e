extension SnapshotReference {
    /// Snapshots of the branch that are kept whatever their age; nil: as the table says.
    public var minSnapshotsToKeep: Int? { retention["min-snapshots-to-keep"].map { Int($0) } }

    /// Age up to which snapshots of the branch are kept, in milliseconds; nil: as the table says.
    public var maxSnapshotAge: Int64? { retention["max-snapshot-age-ms"] }

    /// Age of its snapshot up to which the reference itself is kept, in milliseconds; nil: for
    /// ever, as `main` always is.
    public var maxReferenceAge: Int64? { retention["max-ref-age-ms"] }
}
