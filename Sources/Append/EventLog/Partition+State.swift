internal import Bytes
internal import Files
internal import Synchronization

// The files that spare reading batches at the next opening. None of them is needed: they are not
// synced.

extension Partition {
    /// Snapshots of producers that are kept: the newest may have been written in vain.
    private static var snapshotsMax: Int { 2 }

    /// Writes the index of the growing segment and the producers. After the writer thread has
    /// ended.
    internal func storeState() throws(FileError) {
        guard tail.isChanged, let active = tail.segments.last else { return }
        try active.storeIndex(
            coveredBytes: tail.size,
            nextOffset: tail.nextOffset,
            isClosed: false
        )
        let producers = tail.producers.encoded(topicID: topicID, offset: tail.nextOffset)
        try storeProducers(Slab(producers), at: tail.nextOffset)
        tail.isChanged = false
    }

    /// Writes a snapshot of the producers at `offset` and removes old ones.
    internal func storeProducers(_ snapshot: Slab, at offset: Int64) throws(FileError) {
        let path = "\(directory)/\(OffsetName.make(offset, ProducerTable.suffix))"
        try SealedFile.store(snapshot.bytes, path, files)
        let all = try directoryFiles.offsets(ProducerTable.suffix)
        for old in all.dropLast(Self.snapshotsMax) {
            try files.remove("\(directory)/\(OffsetName.make(old, ProducerTable.suffix))")
        }
    }
}
