/// All settings of a program, in the order people read about them.
public struct SettingsTable: Sendable {
    /// A part of the file under one top-level key.
    public struct Section: Sendable {
        /// The top-level key.
        public let name: String
        /// What the part is about, in a sentence.
        public let help: String
        /// A text for the example file, when the part holds names that users choose; empty
        /// otherwise.
        public let freeFormExample: String

        /// A part whose keys are settings of the table.
        public init(_ name: String, help: String) {
            self.name = name
            self.help = help
            freeFormExample = ""
        }

        /// A part whose keys are names that users choose. `example` is YAML, indented as below the
        /// key.
        public init(freeForm name: String, example: String, help: String) {
            self.name = name
            self.help = help
            freeFormExample = example
        }

        var isFreeForm: Bool { !freeFormExample.isEmpty }
    }

    /// What environment variables of settings begin with.
    public static let environmentPrefix = "MILLRACE_"

    /// Settings in order.
    public let settings: [SettingDescription]
    /// Parts in order.
    public let sections: [Section]
    private let byKey: [String: SettingDescription]

    /// A table. Traps when two settings share a key or an environment variable, or when a setting's
    /// part is not described.
    public init(settings: [SettingDescription], sections: [Section]) {
        self.settings = settings
        self.sections = sections
        byKey = Dictionary(settings.map { ($0.key, $0) }) { first, _ in
            preconditionFailure("the setting \(first.key) is defined twice")
        }
        let variables = Set(settings.map(\.environmentName))
        precondition(variables.count == settings.count, "two settings share a variable")
        let names = Set(sections.map(\.name))
        for setting in settings {
            let parts = setting.key.split(separator: ".")
            precondition(
                parts.count == 1 || names.contains(String(parts[0])),
                "\(setting.key): its part \(parts[0]) is not described"
            )
        }
    }

    subscript(key: String) -> SettingDescription? { byKey[key] }

    func section(_ name: String) -> Section? { sections.first { $0.name == name } }

    /// Every key that a file may have at its leaves, secrets under their `_file` names.
    var fileKeys: [String] {
        settings.map { $0.isSecret ? $0.key + SettingsTable.fileSuffix : $0.key }
    }

    static let fileSuffix = "_file"
}
