/// Text being edited and a cursor in it, counted in characters as a person sees them.
public struct TextBuffer: Equatable, Sendable {
    /// The text, lines parted by `\n`.
    public private(set) var text = ""
    /// Characters before the cursor.
    public private(set) var cursor = 0
    /// What was deleted last by the word or line.
    private var killed = ""

    /// An empty buffer.
    public init() {}

    /// The text before the cursor.
    public var beforeCursor: String { String(text.prefix(cursor)) }

    /// The text from the cursor on.
    public var afterCursor: String { String(text.dropFirst(cursor)) }

    /// Replaces everything; the cursor goes to the end.
    public mutating func set(_ text: String) {
        self.text = text
        cursor = text.count
    }

    /// Inserts at the cursor.
    public mutating func insert(_ addition: String) {
        let before = beforeCursor + addition
        text = before + afterCursor
        // A combining mark joins the character before it, so this is not cursor + addition.count.
        cursor = before.count
    }

    /// Deletes up to `count` characters before the cursor.
    public mutating func deleteBackward(_ count: Int = 1) {
        let after = afterCursor
        let before = String(beforeCursor.dropLast(count))
        text = before + after
        cursor = before.count
    }

    /// Deletes the character under the cursor.
    public mutating func deleteForward() {
        text = beforeCursor + String(afterCursor.dropFirst())
    }

    /// Moves by characters.
    public mutating func move(by distance: Int) {
        cursor = min(max(cursor + distance, 0), text.count)
    }

    /// Moves to the start of the line.
    public mutating func moveToLineStart() {
        cursor -= beforeCursor.reversed().prefix { $0 != "\n" }.count
    }

    /// Moves to the end of the line.
    public mutating func moveToLineEnd() {
        cursor += afterCursor.prefix { $0 != "\n" }.count
    }

    /// Moves to the start of the word, or of the one before.
    public mutating func moveWordLeft() { cursor -= Self.wordLength(beforeCursor.reversed()) }

    /// Moves to the end of the word, or of the one behind.
    public mutating func moveWordRight() { cursor += Self.wordLength(Array(afterCursor)) }

    /// Moves one line up or down, as near as can be to the same column; false when there is none.
    public mutating func moveLine(by distance: Int) -> Bool {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let row = beforeCursor.count { $0 == "\n" }
        let target = row + distance
        guard target >= 0, target < lines.count else { return false }
        let column = beforeCursor.reversed().prefix { $0 != "\n" }.count
        let start = lines[..<target].reduce(0) { $0 + $1.count + 1 }
        cursor = start + min(column, lines[target].count)
        return true
    }

    /// Cuts to the start of the line.
    public mutating func killToLineStart() {
        kill(beforeCursor.reversed().prefix { $0 != "\n" }.count)
    }

    /// Cuts to the end of the line, or the line's end itself when nothing is before it.
    public mutating func killToLineEnd() {
        let length = afterCursor.prefix { $0 != "\n" }.count
        cursor += length == 0 && !afterCursor.isEmpty ? 1 : length
        kill(length == 0 ? 1 : length)
    }

    /// Cuts the word before the cursor, as blanks part them.
    public mutating func killWordBackward() {
        let reversed = beforeCursor.reversed()
        let blanks = reversed.prefix { $0.isWhitespace }.count
        kill(blanks + reversed.dropFirst(blanks).prefix { !$0.isWhitespace }.count)
    }

    /// Inserts what was cut last.
    public mutating func yank() { insert(killed) }

    private mutating func kill(_ count: Int) {
        let count = min(count, cursor)
        guard count > 0 else { return }
        killed = String(beforeCursor.suffix(count))
        deleteBackward(count)
    }

    private static func wordLength(_ characters: some Sequence<Character>) -> Int {
        var length = 0
        var isInside = false
        for character in characters {
            let isWord = character.isLetter || character.isNumber || character == "_"
            if isInside && !isWord { break }
            isInside = isInside || isWord
            length += 1
        }
        return length
    }
}
