internal import Bytes
internal import Files
internal import Threads

/// What the writer hands to the flusher, and the journal files it gets back.
internal final class FlushQueue<FS: FileSystem>: Sendable {
    struct State: Sendable {
        /// Full journal files, oldest first.
        var sealedFiles: [JournalFile<FS>] = []
        /// Journal files that may be written over.
        var freeFiles: [JournalFile<FS>] = []
        /// Segments that were closed.
        var closedSegments: [ClosedSegment<FS>] = []
        /// True when everything written shall be synced now, as `Durability.interval` wants it.
        var isStopping = false
    }

    let state = Condition(State())

    init(freeFiles: [JournalFile<FS>]) {
        state.update { $0.freeFiles = freeFiles }
    }

    /// A journal file to write over, if there is one.
    func takeFreeFile() -> JournalFile<FS>? { state.withLock { $0.freeFiles.popLast() } }

    /// Hands over a full journal file.
    func seal(_ file: JournalFile<FS>) { state.update { $0.sealedFiles.append(file) } }

    /// Hands over a segment that no longer grows.
    func close(_ segment: ClosedSegment<FS>) { state.update { $0.closedSegments.append(segment) } }
}

/// A segment that no longer grows, with what must be kept for it.
internal struct ClosedSegment<FS: FileSystem>: Sendable {
    let partition: Partition<FS>
    let segment: Segment<FS>
    /// The offset after its last record.
    let nextOffset: Int64
    /// The partition's producers at that offset, as a file.
    let producers: Slab
}
