/// One option of a command.
public struct OptionDescription: Sendable {
    /// What follows the option.
    public enum Value: Sendable {
        /// Nothing: present or absent.
        case none
        /// One value, shown in help under this name (`FILE`, `N`).
        case one(String)
        /// One value each time it is given, which may be often.
        case many(String)
        /// One of these words.
        case choice([String])
    }

    /// Name without the dashes.
    public let name: String
    /// What follows it.
    public let value: Value
    /// One line of help.
    public let help: String

    /// The option `--name`.
    public init(_ name: String, _ value: Value = .none, help: String) {
        self.name = name
        self.value = value
        self.help = help
    }
}

/// What a command accepts, in one place: parsing, help and completion all come from it.
public struct CommandDescription: Sendable {
    /// The word that selects it.
    public let name: String
    /// One line for the list of commands.
    public let summary: String
    /// What it does, in sentences, for its own help.
    public let discussion: String
    /// Names of the positional arguments as help shows them: `NAME`, `[SQL]`, `NAME…`.
    public let positionals: [String]
    /// Its options, besides `--help`, which every command has.
    public let options: [OptionDescription]
    /// Whole command lines that work, each with what it does.
    public let examples: [(line: String, meaning: String)]

    /// Words that stand among the positional arguments: those of `show|seek|reset`.
    public var verbs: [String] {
        positionals.flatMap { positional -> [String] in
            let words = positional.filter { $0 != "[" && $0 != "]" }.split(separator: "|")
            return words.count > 1 ? words.map(String.init) : []
        }
    }

    /// A command with all its parts.
    public init(
        _ name: String,
        summary: String,
        discussion: String = "",
        positionals: [String] = [],
        options: [OptionDescription] = [],
        examples: [(line: String, meaning: String)] = []
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.positionals = positionals
        self.options = options
        self.examples = examples
    }
}
