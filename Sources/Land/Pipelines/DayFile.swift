import ArrowData
import Columns

/// The file of one day, with the rows that wait to be handed to it: it is opened when the first of
/// them are.
///
/// SAFETY: `place` holds one value from `init` to `deinit`, which ends its life and frees it. Only
/// the lane's thread uses it, and never twice at a time.
@safe
final class DayFile<Committer: TableCommitter> {
    let day: Int32?
    /// Where the columns are: in memory of their own, since a property of a class is watched by the
    /// runtime at every record.
    private let place: UnsafeMutablePointer<ColumnSet>
    var columns: ColumnSet {
        _read { yield unsafe place.pointee }
        _modify { yield unsafe &place.pointee }
    }
    /// There from the first batch of rows on.
    private var writer: Committer.Writer?
    /// When it was last written to, as a count of switches between files.
    var lastUse: UInt64 = 0
    /// Bytes that the waiting rows take, when it was looked at last.
    private(set) var footprint = 0

    init(day: Int32?, layout: ColumnLayout, pool: BlockPool) {
        self.day = day
        unsafe place = .allocate(capacity: 1)
        unsafe place.initialize(to: ColumnSet(layout: layout, pool: pool))
    }

    deinit {
        unsafe place.deinitialize(count: 1)
        unsafe place.deallocate()
    }

    /// The columns, for as long as the file is open.
    @unsafe
    var unsafeColumns: UnsafeMutablePointer<ColumnSet> { unsafe place }

    /// True when rows were handed to it.
    var isOpen: Bool { writer != nil }

    /// Looks at what the waiting rows take; returns how much more that is than before.
    func measure() -> Int {
        let before = footprint
        footprint = columns.footprint
        return footprint - before
    }

    /// Forgets how much memory rows have taken before. None may be waiting.
    func renew(_ pool: BlockPool) {
        columns = ColumnSet(layout: columns.layout, pool: pool)
    }

    /// Bytes of the file so far, about.
    var bytes: Int { writer?.bytesWritten ?? 0 }

    /// Hands the waiting rows to the file, which `open` makes if there is none yet.
    func flush(
        _ open: () throws(TableCommitterError) -> Committer.Writer
    ) throws(TableCommitterError) {
        guard columns.rowCount > 0 else { return }
        try write(columns.takeBatch(), open)
    }

    /// Hands rows to the file, which `open` makes if there is none yet.
    func write(
        _ batch: consuming ArrowBatch,
        _ open: () throws(TableCommitterError) -> Committer.Writer
    ) throws(TableCommitterError) {
        let writer: Committer.Writer
        if let present = self.writer {
            writer = present
        } else {
            writer = try open()
            self.writer = writer
        }
        try writer.write(batch)
    }

    /// Finishes the file; nil when it never had rows. `flush` first.
    func close() throws(TableCommitterError) -> Committer.Writer.File? {
        guard let writer else { return nil }
        self.writer = nil
        return try writer.close()
    }

    /// Removes the unfinished file.
    func abandon() {
        writer?.abandon()
        writer = nil
    }
}
