import SQLEngine

/// A terminal that understands what the prompt sends, to see what a person would.
struct VirtualTerminal {
    private(set) var rows: [[Character]] = [[]]
    private(set) var row = 0
    private(set) var column = 0
    let width: Int
    private var pending = ""

    init(width: Int) {
        self.width = width
    }

    /// The screen's rows, without blanks at their ends; what was scrolled away is still there.
    var lines: [String] {
        rows.map { cells in
            var text = String(cells.filter { $0 != "\0" })
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    mutating func write(_ text: String) {
        var rest = (pending + text)[...].unicodeScalars
        pending = ""
        var printable = ""
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 }
        while let scalar = rest.first {
            guard isControl(scalar) else {
                printable.unicodeScalars.append(scalar)
                rest.removeFirst()
                continue
            }
            show(printable)
            printable = ""
            switch scalar {
            case "\r":
                column = 0
                rest.removeFirst()
            case "\n":
                moveDown()
                rest.removeFirst()
            case "\u{1B}":
                let tail = rest.dropFirst(2)
                guard rest.dropFirst().first == "[",
                    let end = tail.firstIndex(where: { $0.value >= 0x40 && $0.value <= 0x7E })
                else {
                    pending = String(rest)
                    return
                }
                act(String(tail[..<end]), tail[end])
                rest = rest[rest.index(after: end)...]
            default: rest.removeFirst()
            }
        }
        show(printable)
    }

    private mutating func show(_ text: String) {
        for character in text {
            let taken = DisplayWidth.of(character)
            if column + taken > width {
                column = 0
                moveDown()
            }
            while rows[row].count < column { rows[row].append(" ") }
            let cells = [character] + Array(repeating: "\0", count: max(taken - 1, 0))
            let end = min(column + cells.count, rows[row].count)
            rows[row].replaceSubrange(column..<max(end, column), with: cells)
            column += taken
        }
    }

    private mutating func moveDown() {
        row += 1
        if row == rows.count { rows.append([]) }
    }

    private mutating func act(_ parameters: String, _ final: Unicode.Scalar) {
        let count = max(Int(parameters) ?? 1, 1)
        switch final {
        case "A": row = max(row - count, 0)
        case "C": column = min(column + count, width - 1)
        case "J":
            if parameters == "2" {
                rows = [[]]
                row = 0
                column = 0
            } else {
                rows[row] = Array(rows[row].prefix(column))
                rows.removeSubrange((row + 1)...)
            }
        case "H":
            row = 0
            column = 0
        default: break
        }
    }
}
