/// Statements entered before, oldest first.
public struct History: Equatable, Sendable {
    /// How many are kept.
    public static let entriesMax = 5_000

    /// The statements.
    public private(set) var entries: [String]

    /// A history of `entries`, the newest of them when there are too many.
    public init(_ entries: [String] = []) {
        self.entries = Array(entries.suffix(Self.entriesMax))
    }

    /// Adds a statement; false when there is nothing to remember: blank, or the same as the last.
    @discardableResult
    public mutating func add(_ entry: String) -> Bool {
        if entry.allSatisfy(\.isWhitespace) || entry == entries.last { return false }
        entries.append(entry)
        if entries.count > Self.entriesMax { entries.removeFirst() }
        return true
    }

    /// The newest entry before `index` that holds `text`, in whatever case.
    public func search(_ text: String, before index: Int) -> Int? {
        guard !text.isEmpty else { return nil }
        let wanted = text.lowercased()
        return entries[..<min(index, entries.count)].lastIndex { $0.lowercased().contains(wanted) }
    }

    /// The file's text: an entry a line, `\` and line ends written as `\\` and `\n`.
    public var fileText: String { entries.map { Self.line($0) }.joined() }

    /// An entry as its line of the file.
    public static func line(_ entry: String) -> String {
        var line = ""
        for character in entry {
            switch character {
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            default: line.append(character)
            }
        }
        return line + "\n"
    }

    /// Reads what `fileText` wrote.
    public init(fileText: String) {
        let lines = fileText.split(separator: "\n")
        self.init(lines.map(Self.entry))
    }

    private static func entry(_ line: Substring) -> String {
        var entry = ""
        var isEscaped = false
        for character in line {
            if isEscaped {
                entry.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                entry.append(character)
            }
        }
        return entry
    }
}
