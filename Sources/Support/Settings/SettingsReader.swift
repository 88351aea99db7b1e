/// Reads the settings of a table from a file and the environment, which wins.
///
/// Ask for every setting with `value`, for free-form parts with `section`, add checks of your own
/// with `complain`, and then call `finish`: it throws everything that was wrong. Until then a wrong
/// setting reads as its default, so that reading can go on. Thread-confined.
public final class SettingsReader {
    private let table: SettingsTable
    private let source: SettingsSource
    private let root: SettingsNode
    private let problems: SettingsProblems
    /// What a person should know but need not change: variables with our prefix that are not
    /// settings.
    public private(set) var warnings: [SettingsProblem] = []

    /// Reads the file's text and finds its unknown keys.
    public init(table: SettingsTable, source: SettingsSource) {
        self.table = table
        self.source = source
        problems = SettingsProblems(fileName: source.file?.name ?? "settings")
        var root = SettingsNode(position: .init(line: 1, column: 1), content: .map([]))
        do {
            if let file = source.file { root = try YAMLComposer.compose(file.text) }
        } catch {
            problems.add(at: error.position, error.message, advice: error.advice)
        }
        self.root = root
        checkKeys(of: root, prefix: "")
        checkVariables()
    }

    /// The value of a setting: of its variable, else of the file, else its default.
    public func value<Value>(_ setting: Setting<Value>) -> Value {
        let key = setting.description.key
        precondition(table[key] != nil, "\(key) is not in the table")
        if setting.type.isSecret { return secret(setting) }
        let variable = setting.description.environmentName
        do {
            if let text = source.environment[variable] {
                return try setting.type.value(text: text, directory: source.workingDirectory)
            }
            if let node = node(at: key)?.node {
                return try setting.type.value(node: node, directory: directory)
            }
        } catch {
            complain(at: key, error.message, advice: error.advice)
        }
        return setting.fallback(directory: directory)
    }

    /// A part whose keys users choose; nil when the file does not have it.
    public func section(_ name: String) -> SettingsSection? {
        precondition(table.section(name)?.isFreeForm == true, "\(name) is not a free-form part")
        guard let entry = node(at: name) else { return nil }
        if case .nothing = entry.node.content { return nil }
        return SettingsSection(
            path: name,
            position: entry.position,
            node: entry.node,
            directory: directory,
            problems: problems,
            readSecretFile: source.readSecretFile
        )
    }

    /// True when the file or the environment gives the setting a value.
    public func isGiven(_ description: SettingDescription) -> Bool {
        source.environment[description.environmentName] != nil || node(at: description.key) != nil
    }

    /// Adds a problem of a setting that was read, at the place its value came from.
    public func complain(at key: String, _ message: String, advice: String = "") {
        let variable = table[key]?.environmentName ?? ""
        if source.environment[variable] != nil {
            problems.add(at: variable, message, advice: advice)
        } else if let entry = node(at: key) {
            problems.add(at: entry.position, "\(key): \(message)", advice: advice)
        } else {
            problems.add(at: "default of \(key)", message, advice: advice)
        }
    }

    /// Ends the reading. Throws everything that was wrong.
    public func finish() throws(SettingsError) {
        let all = problems.all
        if !all.isEmpty { throw SettingsError(problems: all) }
    }

    private var directory: String { source.file?.directory ?? source.workingDirectory }

    private func node(at key: String) -> SettingsNode.Entry? {
        var current = root
        var found: SettingsNode.Entry?
        for part in key.split(separator: ".") {
            guard case .map(let entries) = current.content,
                let entry = entries.first(where: { $0.key == part })
            else { return nil }
            found = entry
            current = entry.node
        }
        return found
    }

    private func checkKeys(of node: SettingsNode, prefix: String) {
        guard case .map(let entries) = node.content else {
            if case .nothing = node.content { return }
            let name = prefix.isEmpty ? "the file" : String(prefix.dropLast())
            problems.add(
                at: node.position,
                "\(name) is \(node.kind) where a map of settings belongs"
            )
            return
        }
        for entry in entries {
            let path = prefix + entry.key
            if entry.key.contains("."), table[path] != nil {
                problems.add(
                    at: entry.position,
                    "unknown key \(path)",
                    advice: "each part of a path is a map of its own: " + Self.nested(path)
                )
                continue
            }
            if table[path] != nil || table.fileKeys.contains(path) { continue }
            if prefix.isEmpty, let section = table.section(entry.key) {
                if !section.isFreeForm { checkKeys(of: entry.node, prefix: path + ".") }
                continue
            }
            let names = table.fileKeys + table.sections.map(\.name)
            let nearest = NearestName.nearest(to: path, in: names)
            problems.add(
                at: entry.position,
                "unknown key \(path)",
                advice: nearest.map { "did you mean \($0)?" } ?? "see docs/settings.md"
            )
        }
    }

    /// `log: {listen: …}` for `log.listen`.
    private static func nested(_ path: String) -> String {
        let parts = path.split(separator: ".")
        return parts.dropLast().map { "\($0): {" }.joined() + "\(parts.last ?? ""): …"
            + String(repeating: "}", count: parts.count - 1)
    }

    /// A variable that is no setting is not an error: orchestrators make variables from the names
    /// of services.
    private func checkVariables() {
        let settings = table.settings.flatMap {
            $0.isSecret ? [$0.environmentName, $0.environmentName + "_FILE"] : [$0.environmentName]
        }
        let known = source.otherVariables.union(settings)
        for name in source.environment.keys.sorted()
        where name.hasPrefix(SettingsTable.environmentPrefix) && !known.contains(name) {
            let nearest = NearestName.nearest(to: name, in: known.sorted())
            warnings.append(
                SettingsProblem(
                    place: name,
                    message: "this environment variable is no setting and has no effect",
                    advice: nearest.map { "did you mean \($0)?" } ?? ""
                )
            )
        }
    }

    private func secret<Value>(_ setting: Setting<Value>) -> Value {
        let key = setting.description.key
        let variable = setting.description.environmentName
        let none = setting.fallback(directory: directory)
        do throws(SettingsComplaint) {
            if let text = source.environment[variable] {
                return try setting.type.value(text: text, directory: "")
            }
            if let path = source.environment[variable + "_FILE"] {
                let text = try SecretFile.read(
                    path,
                    from: source.workingDirectory,
                    with: source.readSecretFile
                )
                return try setting.type.value(text: text, directory: "")
            }
            if node(at: key) != nil { throw SecretFile.plain(key) }
            guard let entry = node(at: key + SettingsTable.fileSuffix) else { return none }
            let path = try ValueType.path.value(node: entry.node, directory: directory)
            let text = try SecretFile.read(path, from: directory, with: source.readSecretFile)
            return try setting.type.value(text: text, directory: "")
        } catch {
            let fileKey = key + SettingsTable.fileSuffix
            complain(at: node(at: key) == nil ? fileKey : key, error.message, advice: error.advice)
            return none
        }
    }
}
