internal import Bytes

/// How a table is drawn.
public struct TableStyle: Equatable, Sendable {
    /// Columns of the terminal; nil when nothing limits the width, as in a file.
    public var width: Int?
    /// Rows shown at most, the first and the last ones; nil shows all.
    public var rowsMax: Int?
    /// True to print names bold and NULL dim.
    public var hasColor: Bool

    /// For a terminal: its width, forty rows, colours.
    public static func terminal(width: Int, rowsMax: Int? = 40) -> TableStyle {
        TableStyle(width: width, rowsMax: rowsMax, hasColor: true)
    }

    /// For a file or a pipe: everything, plainly.
    public static let plain = TableStyle(width: nil, rowsMax: nil, hasColor: false)

    /// A style.
    public init(width: Int?, rowsMax: Int?, hasColor: Bool) {
        self.width = width
        self.rowsMax = rowsMax
        self.hasColor = hasColor
    }
}

/// Collects rows and draws them as a table.
///
/// With a limit of rows it keeps the first and the last ones until the end. Without one it measures
/// the first thousand, then prints row by row: a later value that is too wide sticks out rather
/// than being cut.
struct TableOutput {
    struct Cell {
        var text: String
        var width: Int
        var isNull = false
    }

    private static let sampleRows = 1_000
    private static let sampleCharacters = 4_096

    private let columns: [SQLColumn]
    private let kind: SQLResult.Kind
    private let style: TableStyle
    private let elapsed: (() -> Duration)?
    private var head: [[Cell]] = []
    /// A ring of the last rows, the oldest at `tailStart`.
    private var tail: [[Cell]] = []
    private var tailStart = 0
    private var layout: TableLayout?

    init(
        _ columns: [SQLColumn],
        _ kind: SQLResult.Kind,
        _ style: TableStyle,
        _ elapsed: (() -> Duration)?
    ) {
        self.columns = columns
        self.kind = kind
        self.style = style
        self.elapsed = elapsed
    }

    private var headMax: Int { style.rowsMax.map { ($0 + 1) / 2 } ?? Self.sampleRows }
    private var tailMax: Int { style.rowsMax.map { $0 / 2 } ?? 0 }

    mutating func write(_ chunk: SQLChunk, into buffer: inout ByteBuffer) {
        guard kind == .rows else { return }
        for row in 0..<chunk.rowCount {
            if let layout {
                append(cells(chunk, row), layout, to: &buffer)
            } else if head.count < headMax {
                head.append(cells(chunk, row))
            } else if style.rowsMax == nil {
                begin(into: &buffer)
                if let layout { append(cells(chunk, row), layout, to: &buffer) }
            } else if tail.count < tailMax {
                tail.append(cells(chunk, row))
            } else if chunk.rowCount - row <= tailMax, tailMax > 0 {
                // Rows that this chunk's own later ones push out again are not worth reading.
                tail[tailStart] = cells(chunk, row)
                tailStart = (tailStart + 1) % tailMax
            }
        }
    }

    mutating func finish(rowCount: Int, into buffer: inout ByteBuffer) {
        switch kind {
        case .rows:
            let shown = layout == nil ? head.count + tail.count : rowCount
            if layout == nil { begin(into: &buffer, elides: shown < rowCount) }
            guard let layout else { return }
            buffer.append(utf8: layout.line(.bottom))
            buffer.append(utf8: footer(rowCount: rowCount, shown: shown, layout) + "\n")
        case .changedRows(let count):
            let noun = count == 1 ? "row" : "rows"
            buffer.append(utf8: "\(Self.grouped(count)) \(noun) changed\(time)\n")
        case .done, .plan:
            buffer.append(utf8: "done\(time)\n")
        }
    }

    /// Fixes the widths and draws what was collected.
    private mutating func begin(into buffer: inout ByteBuffer, elides: Bool = false) {
        let layout = TableLayout(columns: columns, rows: head + tail, style: style)
        self.layout = layout
        buffer.append(utf8: layout.line(.top))
        buffer.append(utf8: layout.header())
        buffer.append(utf8: layout.line(.middle))
        for row in head { append(row, layout, to: &buffer) }
        if elides { buffer.append(utf8: layout.elision()) }
        for index in tail.indices {
            append(tail[(tailStart + index) % tail.count], layout, to: &buffer)
        }
    }

    private func append(_ row: [Cell], _ layout: TableLayout, to buffer: inout ByteBuffer) {
        buffer.append(utf8: layout.row(row))
    }

    private func cells(_ chunk: SQLChunk, _ row: Int) -> [Cell] {
        chunk.vectors.map { vector in
            let value = vector.value(row)
            if value == .null { return Cell(text: "NULL", width: 4, isNull: true) }
            var text = value.text
            if style.width != nil, text.utf8.count > Self.sampleCharacters {
                text = String(text.prefix(Self.sampleCharacters))
            }
            text = DisplayWidth.visible(text)
            return Cell(text: text, width: DisplayWidth.of(text))
        }
    }

    private func footer(rowCount: Int, shown: Int, _ layout: TableLayout) -> String {
        var text = "\(Self.grouped(rowCount)) \(rowCount == 1 ? "row" : "rows")"
        if shown < rowCount { text += ", \(Self.grouped(shown)) shown" }
        if layout.hiddenCount > 0 {
            text += ", \(columns.count - layout.hiddenCount) of \(columns.count) columns shown"
        }
        return text + time
    }

    private var time: String {
        guard let elapsed else { return "" }
        let (seconds, attoseconds) = elapsed().components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        if milliseconds < 1_000 { return " (\(milliseconds) ms)" }
        return " (\(milliseconds / 1_000).\(milliseconds / 100 % 10) s)"
    }

    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }
}
