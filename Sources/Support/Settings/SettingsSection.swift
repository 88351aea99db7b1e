/// A map of the settings file whose keys a table cannot know, such as one pipeline.
///
/// Keys are read with the same types as the table's settings. Call `finish` when everything has
/// been asked for: keys that nobody asked for are unknown. Problems go to the reader that made the
/// section. Thread-confined.
public final class SettingsSection {
    /// The dotted path in the file: `pipelines.shop`.
    public let path: String
    private let position: SettingsNode.Position
    private let entries: [SettingsNode.Entry]
    private let directory: String
    private let problems: SettingsProblems
    private let readSecretFile: @Sendable (String) -> Result<[UInt8], SettingsComplaint>
    /// False when something else stands there; its keys are not missed then.
    private let isMap: Bool
    private var asked: [String] = []

    init(
        path: String,
        position: SettingsNode.Position,
        node: SettingsNode,
        directory: String,
        problems: SettingsProblems,
        readSecretFile: @escaping @Sendable (String) -> Result<[UInt8], SettingsComplaint>
    ) {
        self.path = path
        self.position = position
        self.directory = directory
        self.problems = problems
        self.readSecretFile = readSecretFile
        switch node.content {
        case .map(let entries):
            self.entries = entries
            isMap = true
        case .nothing:
            entries = []
            isMap = true
        case .list, .scalar:
            entries = []
            isMap = false
            problems.add(at: node.position, "\(path) is \(node.kind) where a map belongs")
        }
    }

    /// The keys in the order of the file.
    public var names: [String] { entries.map(\.key) }

    /// True when the key is there, with whatever value.
    public func has(_ name: String) -> Bool { entries.contains { $0.key == name } }

    /// True when a map stands under the key.
    public func hasMap(_ name: String) -> Bool {
        guard let entry = entries.first(where: { $0.key == name }) else { return false }
        if case .map = entry.node.content { return true }
        return false
    }

    /// The value of a key, or nil when it is absent or wrong.
    public func optional<Value>(_ name: String, _ type: ValueType<Value>) -> Value? {
        if type.isSecret { return secret(name, type) }
        guard let entry = entry(name) else { return nil }
        do {
            return try type.value(node: entry.node, directory: directory)
        } catch {
            complain(at: name, error.message, advice: error.advice)
            return nil
        }
    }

    /// The value of a key, or `fallback` when it is absent or wrong.
    public func value<Value>(
        _ name: String,
        _ type: ValueType<Value>,
        default fallback: Value
    ) -> Value {
        optional(name, type) ?? fallback
    }

    /// The value of a key that must be there; nil when it is absent or wrong, which is a problem
    /// then.
    public func required<Value>(_ name: String, _ type: ValueType<Value>) -> Value? {
        if isMap, !has(name), !(type.isSecret && has(name + SettingsTable.fileSuffix)) {
            problems.add(
                at: position,
                "\(path) lacks the key \(name)",
                advice: "add it, for example \(name): \(type.example)"
            )
        }
        return optional(name, type)
    }

    /// The map under a key; nil when it is absent.
    public func section(_ name: String) -> SettingsSection? {
        guard let entry = entry(name) else { return nil }
        return child(entry)
    }

    /// The maps under all keys, for a section whose keys are names that users choose. Asks for
    /// every key.
    public func sections() -> [(name: String, section: SettingsSection)] {
        asked += names
        return entries.map { ($0.key, child($0)) }
    }

    /// The values under all keys, for a section whose keys are names that users choose. Asks for
    /// every key.
    public func values<Value>(_ type: ValueType<Value>) -> [(name: String, value: Value)] {
        names.compactMap { name in optional(name, type).map { (name, $0) } }
    }

    /// Adds a problem at a key, or at the section itself.
    public func complain(at name: String? = nil, _ message: String, advice: String = "") {
        if let name, let entry = entries.first(where: { $0.key == name }) {
            problems.add(at: entry.position, "\(path).\(name): \(message)", advice: advice)
        } else {
            problems.add(at: position, "\(path): \(message)", advice: advice)
        }
    }

    /// Reports the keys that nobody asked for.
    public func finish() {
        for entry in entries where !asked.contains(entry.key) {
            let nearest = NearestName.nearest(to: entry.key, in: asked)
            let known = asked.sorted().joined(separator: ", ")
            problems.add(
                at: entry.position,
                "unknown key \(path).\(entry.key)",
                advice: nearest.map { "did you mean \($0)?" } ?? "known here: \(known)"
            )
        }
    }

    private func entry(_ name: String) -> SettingsNode.Entry? {
        if !asked.contains(name) { asked.append(name) }
        return entries.first { $0.key == name }
    }

    private func child(_ entry: SettingsNode.Entry) -> SettingsSection {
        SettingsSection(
            path: "\(path).\(entry.key)",
            position: entry.position,
            node: entry.node,
            directory: directory,
            problems: problems,
            readSecretFile: readSecretFile
        )
    }

    private func secret<Value>(_ name: String, _ type: ValueType<Value>) -> Value? {
        let fileKey = name + SettingsTable.fileSuffix
        let plain = entry(name)
        let file = entry(fileKey)
        do throws(SettingsComplaint) {
            if plain != nil { throw SecretFile.plain(name) }
            guard let file else { return nil }
            let path = try ValueType.path.value(node: file.node, directory: directory)
            let text = try SecretFile.read(path, from: directory, with: readSecretFile)
            return try type.value(text: text, directory: "")
        } catch {
            complain(at: plain == nil ? fileKey : name, error.message, advice: error.advice)
            return nil
        }
    }
}
