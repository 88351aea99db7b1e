/// Widths of a table's columns and the characters around them.
struct TableLayout {
    enum Edge {
        case top, middle, bottom
    }

    private struct Column {
        /// Index in the result; nil stands for columns that are left out.
        var index: Int?
        var name: String
        var width: Int
        var isNumeric: Bool
    }

    private let columns: [Column]
    private let hasColor: Bool
    /// False when a cell wider than its column may stick out.
    private let truncates: Bool
    /// Columns for which there was no room.
    let hiddenCount: Int

    private static let narrowest = 6

    init(columns all: [SQLColumn], rows: [[TableOutput.Cell]], style: TableStyle) {
        hasColor = style.hasColor
        truncates = style.width != nil
        var measured = all.enumerated().map { index, column in
            let name = DisplayWidth.visible(column.name)
            let widest = rows.reduce(DisplayWidth.of(name)) { max($0, $1[index].width) }
            return Column(
                index: index,
                name: name,
                width: max(widest, 1),
                isNumeric: column.type.isNumeric
            )
        }
        guard let width = style.width else {
            columns = measured
            hiddenCount = 0
            return
        }
        hiddenCount = Self.hideMiddle(of: &measured, width: width)
        Self.shrink(&measured, width: width)
        columns = measured
    }

    /// Leaves out columns from the middle until the others fit when they are as narrow as can be.
    private static func hideMiddle(of columns: inout [Column], width: Int) -> Int {
        func least(_ columns: [Column]) -> Int {
            columns.reduce(1) { $0 + min($1.width, narrowest) + 3 }
        }
        guard least(columns) > width, columns.count > 2 else { return 0 }
        let total = columns.count
        let gap = Column(index: nil, name: "…", width: 1, isNumeric: false)
        while columns.count > 2, least(columns) + gap.width + 3 > width {
            columns.remove(at: columns.count / 2)
        }
        let hidden = total - columns.count
        columns.insert(gap, at: (columns.count + 1) / 2)
        return hidden
    }

    /// Caps the widest columns at one width, the largest at which everything fits.
    private static func shrink(_ columns: inout [Column], width: Int) {
        let room = width - 1 - 3 * columns.count
        func total(_ cap: Int) -> Int { columns.reduce(0) { $0 + min($1.width, cap) } }
        guard var cap = columns.map(\.width).max(), total(cap) > room else { return }
        while cap > 1, total(cap) > room { cap -= 1 }
        var spare = room - total(cap)
        for index in columns.indices where columns[index].width > cap {
            columns[index].width = cap + (spare > 0 ? 1 : 0)
            spare -= 1
        }
    }

    func line(_ edge: Edge) -> String {
        let (left, cross, right) =
            switch edge {
            case .top: ("┌", "┬", "┐")
            case .middle: ("├", "┼", "┤")
            case .bottom: ("└", "┴", "┘")
            }
        let parts = columns.map { String(repeating: "─", count: $0.width + 2) }
        return left + parts.joined(separator: cross) + right + "\n"
    }

    func header() -> String {
        joined { column in
            let name = DisplayWidth.truncated(column.name, to: column.width)
            let text = padded(name, DisplayWidth.of(name), column)
            return hasColor ? "\u{1B}[1m\(text)\u{1B}[0m" : text
        }
    }

    func row(_ cells: [TableOutput.Cell]) -> String {
        joined { column in
            guard let index = column.index else { return "…" }
            let cell = cells[index]
            if cell.width > column.width, truncates {
                return DisplayWidth.truncated(cell.text, to: column.width)
            }
            let text = padded(cell.text, cell.width, column)
            return cell.isNull && hasColor ? "\u{1B}[2m\(text)\u{1B}[0m" : text
        }
    }

    /// A row of dots where rows are left out.
    func elision() -> String {
        joined { padded("⋮", 1, $0) }
    }

    private func joined(_ cell: (Column) -> String) -> String {
        "│ " + columns.map(cell).joined(separator: " │ ") + " │\n"
    }

    private func padded(_ text: String, _ width: Int, _ column: Column) -> String {
        let space = String(repeating: " ", count: max(0, column.width - width))
        return column.isNumeric ? space + text : text + space
    }
}
