/// Why a command line was not understood; the description is meant for the person who typed it.
public struct ArgumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public let description: String

    /// An error that says `description`.
    public init(_ description: String) { self.description = description }
}

/// The words of a command line, sorted by what the command's description says of them.
public struct ParsedArguments: Sendable {
    /// Words that are not options, in order.
    public private(set) var positionals: [String] = []
    /// Values by option name; an option without a value has an empty one.
    public private(set) var options: [String: String] = [:]
    /// Options that may be given often, in the order they were given.
    public private(set) var repeated: [(name: String, value: String)] = []
    /// True when help was asked for; nothing else was checked then.
    public private(set) var wantsHelp = false

    /// True when the option was given.
    public func has(_ name: String) -> Bool { options[name] != nil }

    /// The value of an option, nil when it was not given.
    public func value(_ name: String) -> String? { options[name] }

    /// The value of an option as a whole number of at least `minimum`.
    public func number(_ name: String, minimum: Int = 0) throws(ArgumentError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let number = Int(text), number >= minimum else {
            throw ArgumentError(
                "--\(name) takes a whole number of at least \(minimum), not '\(text)'"
            )
        }
        return number
    }

    /// Sorts `words` by `command`.
    public init(_ words: some Sequence<String>, for command: CommandDescription)
        throws(ArgumentError)
    {
        var rest = Array(words)[...]
        if Self.asksForHelp(rest) {
            wantsHelp = true
            return
        }
        while let word = rest.popFirst() {
            if word == "--" {
                positionals += rest
                break
            }
            guard word.hasPrefix("--") else {
                if word.hasPrefix("-"), word.count > 1 {
                    throw ArgumentError(
                        "unknown option '\(word)': options are long, "
                            + "see 'millrace \(command.name) --help'"
                    )
                }
                positionals.append(word)
                continue
            }
            try take(option: word, rest: &rest, for: command)
        }
        try checkCount(for: command)
    }

    private static func asksForHelp(_ words: ArraySlice<String>) -> Bool {
        words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    private mutating func take(
        option word: String,
        rest: inout ArraySlice<String>,
        for command: CommandDescription
    ) throws(ArgumentError) {
        let parts = word.dropFirst(2).split(
            separator: "=",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let name = String(parts[0])
        guard let option = command.options.first(where: { $0.name == name }) else {
            let near = nearest(to: name, among: command.options.map(\.name) + ["help"])
            let hint = near.map { ", did you mean --\($0)?" } ?? ""
            throw ArgumentError("'millrace \(command.name)' has no option --\(name)\(hint)")
        }
        guard options[name] == nil else { throw ArgumentError("--\(name) is given twice") }
        if case .none = option.value {
            guard parts.count == 1 else { throw ArgumentError("--\(name) takes no value") }
            options[name] = ""
            return
        }
        guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
            throw ArgumentError("--\(name) needs a value")
        }
        if case .many = option.value {
            repeated.append((name, value))
            return
        }
        if case .choice(let words) = option.value, !words.contains(value) {
            throw ArgumentError(
                "--\(name) is one of \(words.joined(separator: ", ")), not '\(value)'"
            )
        }
        options[name] = value
    }

    private func checkCount(for command: CommandDescription) throws(ArgumentError) {
        let needed = command.positionals.filter { !$0.hasPrefix("[") }
        if positionals.count < needed.count {
            throw ArgumentError(
                "'millrace \(command.name)' needs \(needed[positionals.count]), see --help"
            )
        }
        let isOpen = command.positionals.last?.contains("…") ?? false
        if !isOpen, positionals.count > command.positionals.count {
            throw ArgumentError(
                "'\(positionals[command.positionals.count])' is one word too many for "
                    + "'millrace \(command.name)', see --help"
            )
        }
    }
}

/// The word of `candidates` that a mistyped `word` most likely meant; nil when none is near.
public func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    return candidates.map { (candidate: $0, distance: editDistance(word, $0)) }
        .filter { $0.distance <= limit }
        .min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?.candidate
}

/// Number of single-character changes that turn `first` into `second`.
private func editDistance(_ first: String, _ second: String) -> Int {
    let columns = Array(second)
    var row = Array(0...columns.count)
    for (line, character) in first.enumerated() {
        var diagonal = row[0]
        row[0] = line + 1
        for column in columns.indices {
            let replaced = diagonal + (character == columns[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[columns.count]
}
