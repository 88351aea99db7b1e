import Bytes
import KafkaProtocol
import Pipelines

/// Goes through the records of a file. Belongs to one thread; allocates nothing for a record.
struct RecordStream<Contents: FileContents>: ~Copyable {
    private(set) var text: FileText<Contents>
    private var cutter: RecordCutter
    private var window = ByteBuffer(capacity: FileText<Contents>.pieceBytes + (64 << 10))
    private let hasHeader: Bool
    private var hasBegun = false
    /// The row of names and its line end.
    private var header = ByteBuffer(capacity: 0)
    /// A row with its header before it.
    private var joined = ByteBuffer(capacity: 0)

    /// Bytes that a row of names may have.
    private static var headerBytesMax: Int { 64 << 10 }

    init(
        _ contents: Contents,
        path: String,
        framing: RecordFraming,
        recordBytesMax: Int
    ) throws(FileFault) {
        text = try FileText(contents, path: path)
        cutter = RecordCutter(framing, recordBytesMax: recordBytesMax)
        hasHeader = framing.hasHeader
    }

    /// The line that the last record begins in, from 1.
    var line: Int64 { cutter.line }

    /// What `next` found.
    enum Step: Equatable {
        /// A record: see `value`.
        case record(Range<Int>)
        /// A record that is too long: see `value` for its beginning.
        case beginning(Range<Int>)
        case end
    }

    /// Moves to the next record.
    mutating func next() throws(FileFault) -> Step {
        if !hasBegun { try begin() }
        switch try Self.cut(&cutter, &window, &text) {
        case .record(let range): return .record(range)
        case .beginning(let range): return .beginning(range)
        case .end, .more: return .end
        }
    }

    private mutating func begin() throws(FileFault) {
        hasBegun = true
        while window.count < 3, !text.isEnd { try text.fill(&window) }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if window.count >= 3, [UInt8](copying: window.bytes.extracting(0..<3)) == mark {
            cutter.skip(3)
        }
        guard hasHeader else { return }
        switch try Self.cut(&cutter, &window, &text) {
        case .record(let range) where range.count <= Self.headerBytesMax:
            Self.copy(range, of: window, to: &header)
            header.append(0x0A as UInt8)
        case .record, .beginning:
            throw .damaged("its first row, the names of its columns, is over 64 KiB long")
        case .end, .more:
            break
        }
    }

    private static func cut(
        _ cutter: inout RecordCutter,
        _ window: inout ByteBuffer,
        _ text: inout FileText<Contents>
    ) throws(FileFault) -> Cut {
        while true {
            let found = cutter.next(in: window.bytes, isEnd: text.isEnd)
            guard found == .more else { return found }
            window.removeFirst(cutter.position)
            cutter.windowMoved()
            try text.fill(&window)
        }
    }

    private static func copy(
        _ range: Range<Int>,
        of source: borrowing ByteBuffer,
        to target: inout ByteBuffer
    ) {
        target.append(source.bytes.extracting(range))
    }

    /// Calls `body` with the bytes of a record that was just found, its header before it.
    mutating func withValue(_ step: Step, _ body: (RawSpan) -> Void) {
        switch step {
        case .end: return
        case .beginning(let range): body(window.bytes.extracting(range))
        case .record(let range):
            guard !header.isEmpty else { return body(window.bytes.extracting(range)) }
            joined.removeAll()
            Self.copy(0..<header.count, of: header, to: &joined)
            Self.copy(range, of: window, to: &joined)
            body(joined.bytes)
        }
    }
}

/// Makes record batches of one file that was taken.
///
/// @unchecked Sendable: belongs to the thread that took it out of its log's list.
final class FileReader<Contents: FileContents>: @unchecked Sendable {
    let file: RegisteredFile
    /// Offset of the record that comes next.
    private(set) var next: Int64
    private var stream: RecordStream<Contents>
    private let key: [UInt8]
    private let timestamp: Int64
    private let recordBytesMax: Int
    /// After a fault, nothing more can be read here.
    private(set) var isBroken = false

    /// A reader before the record at `offset` of the file; what lies before it is passed over.
    init(
        _ file: RegisteredFile,
        _ contents: Contents,
        from offset: Int64,
        recordBytesMax: Int
    ) throws(FileFault) {
        guard let framing = RecordFraming(file.framing) else {
            throw .unavailable(
                "\(file.path) was taken by another version of Millrace, as \(file.framing)"
            )
        }
        self.file = file
        self.recordBytesMax = recordBytesMax
        key = Array(file.name.utf8)
        timestamp = file.modifiedNanoseconds.quotientDown(by: 1_000_000)
        next = file.firstOffset
        stream = try RecordStream(
            contents,
            path: file.path,
            framing: framing,
            recordBytesMax: recordBytesMax
        )
        while next < offset { _ = try advance() }
    }

    var isAtEnd: Bool { next >= file.end }
    /// The line that the record read last begins in.
    var line: Int64 { stream.line }

    private func advance() throws(FileFault) -> RecordStream<Contents>.Step {
        let step: RecordStream<Contents>.Step
        isBroken = true
        do throws(FileFault) { step = try stream.next() } catch {
            // It could be read to its end when it was counted.
            if case .damaged(let reason) = error { throw .changed(reason) }
            throw error
        }
        if step == .end {
            let count = next - file.firstOffset
            throw .changed("it has \(count) records where it had \(file.recordCount)")
        }
        isBroken = false
        next += 1
        return step
    }

    /// Appends records as batches until there are about `bytesMax` bytes or the file ends.
    func read(bytesMax: Int, into buffer: inout ByteBuffer) throws(FileFault) {
        let start = buffer.count
        var writer = RecordBatchWriter()
        var isOpen = false
        while !isAtEnd, buffer.count - start < bytesMax || buffer.count == start {
            let offset = next
            let step: RecordStream<Contents>.Step
            do throws(FileFault) { step = try advance() } catch {
                if isOpen { writer.finish(lastOffset: offset - 1, into: &buffer) }
                // What came before the fault is good; the next read meets the fault again.
                if buffer.count > start { return }
                throw error
            }
            if case .beginning = step {
                if isOpen { writer.finish(lastOffset: offset - 1, into: &buffer) }
                isOpen = false
                refuse(step, at: offset, &writer, into: &buffer)
                continue
            }
            if !isOpen {
                writer.begin(baseOffset: offset, into: &buffer)
                isOpen = true
            }
            append(step, at: offset, key, &writer, into: &buffer)
        }
        if isOpen { writer.finish(lastOffset: next - 1, into: &buffer) }
    }

    private func append(
        _ step: RecordStream<Contents>.Step,
        at offset: Int64,
        _ key: [UInt8],
        _ writer: inout RecordBatchWriter,
        into buffer: inout ByteBuffer
    ) {
        stream.withValue(step) { value in
            // SAFETY: the key's bytes are used only for the copy.
            unsafe writer.append(
                offset: offset,
                timestamp: timestamp,
                key: key.span.bytes,
                value: value,
                into: &buffer
            )
        }
    }

    /// A batch that says why there is no record.
    private func refuse(
        _ step: RecordStream<Contents>.Step,
        at offset: Int64,
        _ writer: inout RecordBatchWriter,
        into buffer: inout ByteBuffer
    ) {
        let reason =
            "line \(stream.line) of the file \(file.path) is longer than the \(recordBytesMax) "
            + "bytes that a record may have; the value is its beginning"
        writer.begin(baseOffset: offset, into: &buffer)
        append(step, at: offset, Array(reason.utf8), &writer, into: &buffer)
        writer.finish(lastOffset: offset, attributes: .refused, into: &buffer)
    }
}
