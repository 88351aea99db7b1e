import Bytes
import Glibc

/// What a cutter finds next.
enum Cut: Equatable {
    /// A record: these bytes of the window, without their line end.
    case record(Range<Int>)
    /// A record that is longer than records may be: its beginning. The rest is passed over.
    case beginning(Range<Int>)
    /// Nothing whole: the window must get more bytes, or be said to be the end.
    case more
    /// There are no more records.
    case end
}

/// Cuts a text into records, seen through a window that moves over it.
///
/// What is a record depends on the bytes alone and never on how they came: counting and reading cut
/// at the same places. Lines without a character are no records. A quotation mark that is not
/// closed within the longest record costs its own line only.
struct RecordCutter {
    private let framing: RecordFraming
    private let recordBytesMax: Int
    /// First byte of the window that is not behind us.
    private(set) var position = 0
    /// How far the window was looked at without finding an end.
    private var scanned = 0
    /// Passing over the rest of a record that is too long.
    private var isSkipping = false
    private var row = RowState.field
    /// Line ends inside the row that is being looked at.
    private var innerLines: Int64 = 0
    /// The line of the text that the next record begins in, from 1.
    private(set) var nextLine: Int64 = 1
    /// The line that the record found last begins in.
    private(set) var line: Int64 = 1

    /// Bytes of a too long record that are shown.
    static let beginningBytesMax = 64 << 10

    /// Where the cutter is within a row of CSV.
    private enum RowState {
        case field, plain, quoted, closed
    }

    init(_ framing: RecordFraming, recordBytesMax: Int) {
        self.framing = framing
        self.recordBytesMax = recordBytesMax
    }

    /// Leaves `count` bytes out, such as a byte order mark, before the first cut.
    mutating func skip(_ count: Int) {
        position += count
        scanned = position
    }

    /// The bytes before `position` were dropped from the window.
    mutating func windowMoved() {
        scanned -= position
        position = 0
    }

    /// The next record of the window, of which nothing follows if `isEnd`.
    mutating func next(in window: RawSpan, isEnd: Bool) -> Cut {
        while true {
            if isSkipping {
                guard let end = Self.lineFeed(in: window, from: position) else {
                    position = window.byteCount
                    scanned = position
                    if isEnd { isSkipping = false }
                    return isEnd ? .end : .more
                }
                isSkipping = false
                begin(at: end + 1, afterLines: 1)
            }
            let cut: Cut?
            switch framing {
            case .lines:
                cut = cutLine(in: window, isEnd)
            case .rows(let delimiter, let quote, _):
                cut = cutRow(in: window, isEnd, delimiter, quote)
            }
            if let cut { return cut }
        }
    }

    private mutating func begin(at start: Int, afterLines lines: Int64) {
        position = start
        scanned = start
        nextLine += lines
        innerLines = 0
        row = .field
    }

    /// Ends the record that stands at `position` before `end`; nil when it is none.
    private mutating func finish(before end: Int, next: Int, lines: Int64) -> Cut? {
        let range = position..<end
        line = nextLine
        begin(at: next, afterLines: lines)
        if range.isEmpty { return nil }
        if range.count > recordBytesMax { return .beginning(beginning(of: range)) }
        return .record(range)
    }

    /// The record at `position` is too long: shows its beginning and passes over the rest.
    private mutating func giveUp(_ window: RawSpan) -> Cut {
        line = nextLine
        let range = beginning(of: position..<window.byteCount)
        isSkipping = true
        // The line end that ends the skipping is behind everything looked at.
        position = scanned
        return .beginning(range)
    }

    private var beginningBytes: Int { min(Self.beginningBytesMax, recordBytesMax) }

    private func beginning(of range: Range<Int>) -> Range<Int> {
        range.lowerBound..<min(range.upperBound, range.lowerBound + beginningBytes)
    }

    // Lines

    private mutating func cutLine(in window: RawSpan, _ isEnd: Bool) -> Cut? {
        guard let found = Self.lineFeed(in: window, from: scanned) else {
            scanned = window.byteCount
            if isEnd {
                let end = Self.withoutReturn(position..<window.byteCount, window)
                return finish(before: end, next: window.byteCount, lines: 0) ?? .end
            }
            // One more byte may be the carriage return of the line end.
            return scanned - position > recordBytesMax + 1 ? giveUp(window) : .more
        }
        let end = Self.withoutReturn(position..<found, window)
        return finish(before: end, next: found + 1, lines: 1)
    }

    private static func withoutReturn(_ range: Range<Int>, _ window: RawSpan) -> Int {
        // SAFETY: the last byte of a range of the window that is not empty.
        guard !range.isEmpty,
            unsafe window.unsafeLoad(fromByteOffset: range.upperBound - 1, as: UInt8.self) == 0x0D
        else { return range.upperBound }
        return range.upperBound - 1
    }

    private static func lineFeed(in window: RawSpan, from start: Int) -> Int? {
        guard start < window.byteCount else { return nil }
        // SAFETY: memchr looks at the bytes from `start` to the window's end, and no others.
        return unsafe window.withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, 0x0A, bytes.count &- start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    // Rows

    private mutating func cutRow(
        in window: RawSpan,
        _ isEnd: Bool,
        _ delimiter: UInt8,
        _ quote: UInt8
    ) -> Cut? {
        let count = window.byteCount
        while scanned < count {
            // SAFETY: below the window's length.
            let byte = unsafe window.unsafeLoad(fromByteOffset: scanned, as: UInt8.self)
            if row == .quoted {
                if byte == quote { row = .closed }
                if byte == 0x0A { innerLines += 1 }
            } else if byte == delimiter {
                row = .field
            } else if byte == quote, row != .plain {
                row = .quoted
            } else if byte == 0x0A || byte == 0x0D {
                // A carriage return may be the first half of a line end.
                guard byte == 0x0A || scanned + 1 < count || isEnd else { return .more }
                var next = scanned + 1
                // SAFETY: below the window's length.
                if byte == 0x0D, next < count,
                    unsafe window.unsafeLoad(fromByteOffset: next, as: UInt8.self) == 0x0A
                {
                    next += 1
                }
                return finish(before: scanned, next: next, lines: innerLines + 1)
            } else {
                row = .plain
            }
            scanned += 1
            if isTooLong { return giveUpRow(window, count) }
        }
        guard isEnd else { return .more }
        if row == .quoted { return giveUpRow(window, count) }
        return finish(before: count, next: count, lines: innerLines) ?? .end
    }

    private var isTooLong: Bool { scanned - position > recordBytesMax }

    /// A row that is too long or ends inside quotation marks: when it is many lines, its first line
    /// alone is the row.
    private mutating func giveUpRow(_ window: RawSpan, _ count: Int) -> Cut? {
        if let found = Self.lineFeed(in: window, from: position), found < scanned {
            let end = Self.withoutReturn(position..<found, window)
            return finish(before: end, next: found + 1, lines: 1)
        }
        if scanned == count, !isTooLong {
            return finish(before: count, next: count, lines: 0) ?? .end
        }
        return giveUp(window)
    }
}
