/// What a record of a file is.
public enum RecordFraming: Hashable, Sendable {
    /// A line.
    case lines
    /// A row of CSV, which may have several lines; the row of names that a file begins with goes
    /// before each of its rows, if there is one.
    case rows(delimiter: UInt8, quote: UInt8, hasHeader: Bool)

    /// How the register keeps it: files are read for ever as they were counted.
    public var text: String {
        switch self {
        case .lines: "lines"
        case .rows(let delimiter, let quote, let hasHeader):
            "rows \(delimiter) \(quote) \(hasHeader ? "header" : "plain")"
        }
    }

    /// Reads what `text` wrote.
    public init?(_ text: String) {
        if text == "lines" {
            self = .lines
            return
        }
        let words = text.split(separator: " ")
        guard words.count == 4, words[0] == "rows", let delimiter = UInt8(words[1]),
            let quote = UInt8(words[2]), ["header", "plain"].contains(words[3])
        else { return nil }
        self = .rows(delimiter: delimiter, quote: quote, hasHeader: words[3] == "header")
    }

    /// True when the first row of a file names its columns.
    var hasHeader: Bool {
        if case .rows(_, _, true) = self { true } else { false }
    }
}
