extension CommandDescription {
    /// What `millrace NAME --help` prints.
    public var helpText: String {
        var text = "\(summary).\n\n"
        if !discussion.isEmpty { text += discussion + "\n\n" }
        let arguments = positionals.map { " \($0)" }.joined()
        text += "Usage: millrace \(name)\(arguments)\(options.isEmpty ? "" : " [options]")\n"
        let rows = options.map { (synopsis(of: $0), $0.help) } + [("--help", "this text")]
        let width = rows.map(\.0.count).max() ?? 0
        text += "\nOptions:\n"
        for (left, right) in rows {
            text += "  " + pad(left, to: width) + "  \(right)\n"
        }
        if !examples.isEmpty {
            text += "\nExamples:\n"
            for example in examples {
                text += "  \(example.line)\n      \(example.meaning)\n"
            }
        }
        return text
    }

    private func synopsis(of option: OptionDescription) -> String {
        switch option.value {
        case .none: "--\(option.name)"
        case .one(let value), .many(let value): "--\(option.name) \(value)"
        case .choice(let words): "--\(option.name) \(words.joined(separator: "|"))"
        }
    }
}

/// What `millrace --help` prints: every command with its summary.
public func overview(of commands: [CommandDescription], introduction: String) -> String {
    let width = commands.map(\.name.count).max() ?? 0
    var text = introduction + "\n\nUsage: millrace COMMAND [options]\n\nCommands:\n"
    for command in commands {
        text += "  " + pad(command.name, to: width) + "  \(command.summary)\n"
    }
    return text + "\n'millrace COMMAND --help' shows options and examples.\n"
}

private func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
