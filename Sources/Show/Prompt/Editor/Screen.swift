internal import SQLEngine

/// Draws the editor below what the terminal already shows. Pure: a state in, characters and escape
/// sequences out.
///
/// It remembers where it left the cursor, goes back to its own first row, clears everything below
/// and draws again. Rows are broken here and not by the terminal, so both agree on where they end.
public struct Screen: Sendable {
    /// Columns and rows of the terminal.
    public struct Size: Equatable, Sendable {
        /// Columns, at least 1.
        public var width: Int
        /// Rows, at least 1.
        public var height: Int

        /// A size.
        public init(width: Int, height: Int) {
            self.width = max(width, 1)
            self.height = max(height, 1)
        }
    }

    /// Rows between the first one drawn and the cursor.
    private var cursorRow = 0

    /// A screen on which nothing is drawn.
    public init() {}

    /// Draws the editor; the cursor stands where it is edited.
    public mutating func draw(_ editor: LineEditor, prompt: String, size: Size) -> String {
        let layout = Layout(editor, prompt: prompt, width: size.width)
        // More rows than the terminal has: show those around the cursor.
        let first = max(0, min(layout.cursorRow - size.height + 1, layout.rows.count - size.height))
        let visible = layout.rows[first...].prefix(size.height)
        var output = home + visible.joined(separator: "\r\n")
        let up = visible.count - 1 - (layout.cursorRow - first)
        if up > 0 { output += "\u{1B}[\(up)A" }
        output += "\r"
        if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
        cursorRow = layout.cursorRow - first
        return output
    }

    /// Draws the editor a last time and moves below it; `mark` stands at its end.
    public mutating func finish(
        _ editor: LineEditor,
        prompt: String,
        size: Size,
        mark: String = ""
    ) -> String {
        let layout = Layout(editor, prompt: prompt, width: size.width)
        let first = max(0, layout.rows.count - size.height)
        let output = home + layout.rows[first...].joined(separator: "\r\n") + mark + "\r\n"
        cursorRow = 0
        return output
    }

    /// Forgets what was drawn: something else has been written below it.
    public mutating func forget() { cursorRow = 0 }

    /// To the first row drawn, with everything from there on cleared.
    private var home: String {
        (cursorRow > 0 ? "\u{1B}[\(cursorRow)A" : "") + "\r\u{1B}[J"
    }

    private struct Layout {
        var rows: [String] = [""]
        var cursorRow = 0
        var cursorColumn = 0
        private var column = 0
        private let width: Int

        init(_ editor: LineEditor, prompt: String, width: Int) {
            self.width = width
            let label =
                editor.search.map { "(history: \(DisplayWidth.visible($0.text))) " } ?? prompt
            let continuation = Self.continuation(of: label)
            add(label)
            for (index, character) in editor.buffer.text.enumerated() {
                if index == editor.buffer.cursor { markCursor() }
                if character == "\n" {
                    newRow()
                    add(continuation)
                } else {
                    add(DisplayWidth.visible(String(character)))
                }
            }
            if editor.buffer.cursor >= editor.buffer.text.count { markCursor() }
        }

        /// As wide as the prompt, ending in `...> `.
        private static func continuation(of prompt: String) -> String {
            let width = DisplayWidth.of(prompt)
            let mark = "...> "
            return width <= mark.count
                ? mark : String(repeating: " ", count: width - mark.count) + mark
        }

        private mutating func markCursor() {
            // Behind a full row the cursor belongs at the start of the next.
            if column >= width { newRow() }
            cursorRow = rows.count - 1
            cursorColumn = column
        }

        private mutating func newRow() {
            rows.append("")
            column = 0
        }

        private mutating func add(_ text: String) {
            for character in text {
                let taken = DisplayWidth.of(character)
                if column + taken > width { newRow() }
                rows[rows.count - 1].append(character)
                column += taken
            }
        }
    }
}
