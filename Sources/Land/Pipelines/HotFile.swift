import Columns
import Decoding

/// The file that took the last row, for records that are like the one before.
///
/// SAFETY: the columns live as long as the file stands in `files`; who takes it out of there, or
/// another file for the current one, makes this empty first.
@safe
struct HotFile {
    private let columns: UnsafeMutablePointer<ColumnSet>?
    /// Times that belong into the file.
    private let times: Range<Int64>

    /// No file.
    init() {
        unsafe columns = nil
        times = 0..<0
    }

    /// `file`, for rows of its day, or of any.
    init<Committer>(_ file: DayFile<Committer>, isPartitionedByDay: Bool) {
        unsafe columns = unsafe file.unsafeColumns
        let micros: Int64 = 86_400_000_000
        let start = Int64(file.day ?? 0) * micros
        times = isPartitionedByDay ? start..<start + micros : Int64.min..<Int64.max
    }

    /// Adds the record as a row if it is of the usual kind and leaves room for another; false when
    /// nothing has happened.
    @inline(__always)
    func add(
        _ value: RawSpan,
        at position: LogPosition,
        with decoder: inout JSONRowDecoder,
        rowsMax: Int,
        bytesMax: Int
    ) -> Bool {
        guard let columns = unsafe columns, times.contains(position.timestampMicros),
            unsafe columns.pointee.rowCount &+ 1 < rowsMax,
            unsafe columns.pointee.byteCount &+ value.byteCount &+ 64 < bytesMax
        else { return false }
        return unsafe decoder.decodeIfFamiliar(value, at: position, into: &columns.pointee)
    }
}
