internal import JSONText

/// Snapshots, references, and statistics of snapshots.
extension MetadataDraft {
    /// How much older than its predecessor a snapshot may claim to be: clocks of machines differ.
    /// Readers refuse a table whose history goes further back.
    private static let clockDifferenceMilliseconds: Int64 = 60_000

    mutating func add(_ snapshot: Snapshot) throws(TableUpdateError) {
        guard snapshot.id > 0 else {
            throw .invalid(reason: "the snapshot id \(snapshot.id) is not positive")
        }
        guard metadata.snapshot(id: snapshot.id) == nil else {
            throw .invalid(reason: "there is a snapshot \(snapshot.id) already")
        }
        let next = metadata.lastSequenceNumber + 1
        guard snapshot.sequenceNumber >= next else {
            throw .outdated(
                reason: "the snapshot \(snapshot.id) has the sequence number "
                    + "\(snapshot.sequenceNumber), and the table is at "
                    + "\(metadata.lastSequenceNumber) already"
            )
        }
        guard snapshot.sequenceNumber == next else {
            throw .invalid(
                reason: "the snapshot \(snapshot.id) has the sequence number "
                    + "\(snapshot.sequenceNumber) where \(next) is next"
            )
        }
        if let newest = metadata.snapshotLog.last {
            let oldest = newest.timestampMilliseconds - Self.clockDifferenceMilliseconds
            guard snapshot.timestampMilliseconds >= oldest else {
                throw .invalid(
                    reason: "the snapshot \(snapshot.id) is more than a minute older than the "
                        + "table's newest one; set the writer's clock"
                )
            }
        }
        guard !snapshot.manifestList.isEmpty, snapshot.timestampMilliseconds >= 0,
            snapshot.timestampMilliseconds <= Int64.max / 4
        else { throw .invalid(reason: "the snapshot \(snapshot.id) has no manifest list or time") }
        metadata.snapshots.append(snapshot)
        metadata.lastSequenceNumber = snapshot.sequenceNumber
        addedSnapshots.insert(snapshot.id)
        metadata.lastUpdatedMilliseconds = max(
            metadata.lastUpdatedMilliseconds,
            snapshot.timestampMilliseconds
        )
    }

    mutating func set(
        _ name: String,
        to reference: SnapshotReference
    ) throws(TableUpdateError) {
        guard let snapshot = metadata.snapshot(id: reference.snapshotID) else {
            throw .invalid(
                reason: "\(name) cannot be set to snapshot \(reference.snapshotID): the table has "
                    + "no such snapshot"
            )
        }
        guard name != SnapshotReference.main || reference.kind == .branch else {
            throw .invalid(reason: "main is a branch, it cannot become a tag")
        }
        let moves = metadata.references[name]?.snapshotID != reference.snapshotID
        metadata.references[name] = reference
        guard name == SnapshotReference.main, moves else { return }
        metadata.currentSnapshotID = snapshot.id
        let isAdded = addedSnapshots.contains(snapshot.id)
        let time =
            isAdded
            ? snapshot.timestampMilliseconds : max(now, metadata.lastUpdatedMilliseconds)
        metadata.snapshotLog.append(
            .init(snapshotID: snapshot.id, timestampMilliseconds: time)
        )
    }

    mutating func removeReference(_ name: String) {
        guard metadata.references.removeValue(forKey: name) != nil else { return }
        if name == SnapshotReference.main {
            metadata.currentSnapshotID = nil
            metadata.snapshotLog = []
        }
    }

    mutating func removeSnapshots(_ ids: Set<Int64>) {
        let before = metadata.snapshots.count
        metadata.snapshots.removeAll { ids.contains($0.id) }
        guard metadata.snapshots.count != before else { return }
        hasRemovedSnapshots = true
        for (name, reference) in metadata.references where ids.contains(reference.snapshotID) {
            removeReference(name)
        }
        for kind in StatisticsKind.allCases {
            for id in ids { set(kind, of: id, nil) }
        }
    }

    /// The log without snapshots that were never the current one between two commits, and without
    /// everything before a gap: time travel into it would show the wrong snapshot.
    func settledLog() -> [TableMetadata.SnapshotLogEntry] {
        var log = metadata.snapshotLog
        let current = metadata.currentSnapshotID
        if addedSnapshots.count > 1 {
            log.removeAll { addedSnapshots.contains($0.snapshotID) && $0.snapshotID != current }
        }
        guard hasRemovedSnapshots else { return log }
        let present = Set(metadata.snapshots.map(\.id))
        let gap = log.lastIndex { !present.contains($0.snapshotID) }
        if let gap { log.removeFirst(gap + 1) }
        return log
    }

    mutating func set(_ kind: StatisticsKind, of snapshotID: Int64, _ file: JSONValue?) {
        let key = kind.rawValue
        var files = metadata.others[key]?.arrayValue ?? []
        if file == nil, files.isEmpty { return }
        files.removeAll { $0["snapshot-id"]?.integerValue == snapshotID }
        if let file { files.append(file) }
        metadata.others[key] = .array(files)
    }
}
