/// Rows of text in aligned columns, for lists that people read.
struct TextTable {
    /// How a column stands.
    enum Alignment {
        case left
        case right
    }

    private let header: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// A table with these columns.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        header = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    /// Appends a row with one text for each column.
    mutating func append(_ row: [String]) {
        precondition(row.count == header.count, "a row has one text for each column")
        rows.append(row)
    }

    /// The header, a rule, the rows; two spaces between columns.
    var text: String {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([header, rule] + rows).map { line($0, widths) }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[column] - cell.count)
            text += column == 0 ? "" : "  "
            text += alignments[column] == .right ? space + cell : cell + space
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text + "\n"
    }
}

/// A number with a thin separator each three digits: `1,234,567`.
func grouped(_ number: Int64) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += "," }
        text.append(digit)
    }
    return (number < 0 ? "-" : "") + text
}
