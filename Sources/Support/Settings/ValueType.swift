/// How the text of a setting becomes a value of the program.
public struct ValueType<Value: Sendable>: Sendable {
    /// The kind with its bounds, for help: `duration from 10ms to 1h`.
    public let name: String
    /// A text that is a value, for help.
    public let example: String
    /// True when the value must neither stand in the file nor be shown.
    public let isSecret: Bool
    /// True when a list of texts is taken.
    let isList: Bool
    /// From the texts (one, or several for a list) and the directory that relative paths start
    /// from.
    let read: @Sendable ([String], _ directory: String) throws(SettingsComplaint) -> Value

    init(
        name: String,
        example: String,
        isSecret: Bool = false,
        isList: Bool = false,
        read: @escaping @Sendable ([String], _ directory: String) throws(SettingsComplaint) -> Value
    ) {
        self.name = name
        self.example = example
        self.isSecret = isSecret
        self.isList = isList
        self.read = read
    }

    /// A type whose values are read from one text.
    ///
    /// `parse` says what is wrong with the text by throwing.
    public init(
        name: String,
        example: String,
        parse: @escaping @Sendable (String) throws(SettingsComplaint) -> Value
    ) {
        self.init(name: name, example: example) { (texts, _) throws(SettingsComplaint) in
            try parse(texts[0])
        }
    }

    /// The value of one text, as the environment gives it; relative paths start from `directory`.
    func value(text: String, directory: String) throws(SettingsComplaint) -> Value {
        guard isList else { return try read([text], directory) }
        let parts = text.split(separator: ",").map { String($0.trimmingBlanks) }
        return try read(parts, directory)
    }

    /// The value of a node; relative paths start from `directory`.
    func value(node: SettingsNode, directory: String) throws(SettingsComplaint) -> Value {
        switch node.content {
        case .scalar(let text, _): return try read([text], directory)
        case .nothing:
            throw SettingsComplaint("has no value", advice: "give it one or remove the line")
        case .list(let nodes) where isList:
            var texts: [String] = []
            for node in nodes {
                guard case .scalar(let text, _) = node.content else {
                    throw SettingsComplaint("has \(node.kind) in its list", advice: "write text")
                }
                texts.append(text)
            }
            return try read(texts, directory)
        case .list, .map:
            throw SettingsComplaint(
                "is \(node.kind) where \(name) belongs",
                advice: "write for example \(example)"
            )
        }
    }

    /// The same texts with values of another type.
    public func map<Other: Sendable>(
        _ transform: @escaping @Sendable (Value) -> Other
    ) -> ValueType<Other> {
        let read = self.read
        return ValueType<Other>(
            name: name,
            example: example,
            isSecret: isSecret,
            isList: isList
        ) { (texts, directory) throws(SettingsComplaint) in
            transform(try read(texts, directory))
        }
    }
}

extension Substring {
    /// Without blanks and tabs at both ends.
    var trimmingBlanks: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
