public import SQLEngine

/// How answers are shown.
public enum OutputMode: String, CaseIterable, Sendable {
    /// A drawn table.
    case table
    /// A JSON array.
    case json
    /// A JSON object a line.
    case ndjson
    /// RFC 4180.
    case csv

    /// The output format; `style` counts for tables alone.
    public func format(_ style: TableStyle) -> SQLOutputFormat {
        switch self {
        case .table: .table(style)
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }
}

/// A line that begins with a dot: said to the prompt, not to the engine.
public enum DotCommand: Equatable, Sendable {
    /// `.tables`
    case tables
    /// `.schema` of one table or of all
    case schema(String?)
    /// `.mode`
    case mode(OutputMode)
    /// `.timer`
    case timer(Bool)
    /// `.help`
    case help
    /// `.quit`
    case quit

    /// Why a line is no command, and what to write.
    public struct Mistake: Error, Equatable, Sendable {
        /// A sentence for a person.
        public let message: String
    }

    /// What `.help` lists.
    static let list: [(name: String, arguments: String, text: String)] = [
        (".tables", "", "the tables of the lake"),
        (".schema", "[table]", "columns and types of a table, or of all"),
        (".mode", "table|json|ndjson|csv", "how answers are shown"),
        (".timer", "on|off", "whether the time is shown below a table"),
        (".help", "", "this list"),
        (".quit", "", "leave, as Ctrl-D does"),
    ]

    /// True when `text` is meant for the prompt.
    public static func isCommand(_ text: String) -> Bool {
        text.first { !$0.isWhitespace } == "."
    }

    /// Reads a command.
    public init(_ line: String) throws(Mistake) {
        var line = line[...]
        while let last = line.last, last.isWhitespace || last == ";" { line.removeLast() }
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        let name = words.first ?? ""
        let argument = words.count > 1 ? words[1...].joined(separator: " ") : nil
        switch name {
        case ".tables", ".help", ".quit", ".exit":
            if let argument {
                throw Mistake(message: "\(name) takes no argument, not \(argument)")
            }
            self = name == ".tables" ? .tables : name == ".help" ? .help : .quit
        case ".schema": self = .schema(argument)
        case ".mode":
            guard let mode = argument.flatMap(OutputMode.init(rawValue:)) else {
                throw Mistake(message: "write .mode table, .mode json, .mode ndjson or .mode csv")
            }
            self = .mode(mode)
        case ".timer":
            guard argument == "on" || argument == "off" else {
                throw Mistake(message: "write .timer on or .timer off")
            }
            self = .timer(argument == "on")
        default:
            throw Mistake(message: "there is no \(name); .help lists what there is")
        }
    }

    /// The text of `.help`.
    static var helpText: String {
        let keys = """
            Statements end with a semicolon and may have several lines.
              Ctrl-C      throws the text away, stops a running statement
              Ctrl-R      searches what was entered before
              Tab         completes keywords, tables and columns
            """
        let lines = list.map { entry in
            let usage = "\(entry.name) \(entry.arguments)"
            return "  " + usage + String(repeating: " ", count: max(30 - usage.count, 1))
                + entry.text
        }
        return keys + "\n" + lines.joined(separator: "\n") + "\n"
    }
}
