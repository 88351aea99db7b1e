/// What is known of a setting besides its type: enough for help, documents and checks.
public struct SettingDescription: Sendable {
    /// The dotted path in the file: `log.listen`.
    public let key: String
    /// The kind of value with its bounds.
    public let typeName: String
    /// The default as it would stand in the file; nil when there is none.
    public let defaultText: String?
    /// What happens without a value and without a default: `the number of processors`.
    public let absent: String?
    /// A text that is a value.
    public let example: String
    /// True when a change takes effect at the next start only.
    public let needsRestart: Bool
    /// True for passwords, tokens and keys.
    public let isSecret: Bool
    /// What it does, in sentences.
    public let help: String

    /// The environment variable that overrides the file: `MILLRACE_LOG_LISTEN` for `log.listen`.
    public var environmentName: String {
        SettingsTable.environmentPrefix
            + key.uppercased().split(separator: ".").joined(separator: "_")
    }
}

/// One setting: its key, how its text is read, its default and what people are told of it.
///
/// A setting is defined once, as a constant, and listed in a `SettingsTable`. Reading, help,
/// documents and the example file all come from that definition.
public struct Setting<Value: Sendable>: Sendable {
    /// What people are told.
    public let description: SettingDescription
    let type: ValueType<Value>
    let absentValue: Value?

    /// A setting that always has a value. `defaultText` is what would stand in the file.
    ///
    /// Traps when the default is not a value of the type.
    public init(
        _ key: String,
        _ type: ValueType<Value>,
        default defaultText: String,
        example: String? = nil,
        needsRestart: Bool = true,
        help: String
    ) {
        precondition(!type.isSecret, "\(key): a secret has no default")
        precondition(
            (try? type.value(text: defaultText, directory: "/")) != nil,
            "\(key): the default \(defaultText) is not a \(type.name)"
        )
        self.type = type
        absentValue = nil
        description = SettingDescription(
            key: key,
            typeName: type.name,
            defaultText: defaultText,
            absent: nil,
            example: example ?? defaultText,
            needsRestart: needsRestart,
            isSecret: false,
            help: help
        )
    }

    /// A setting that may have no value; `absent` says what happens then.
    public init<Wrapped: Sendable>(
        optional key: String,
        _ type: ValueType<Wrapped>,
        absent: String,
        example: String? = nil,
        needsRestart: Bool = true,
        help: String
    ) where Value == Wrapped? {
        self.type = type.map { $0 }
        absentValue = .some(nil)
        description = SettingDescription(
            key: key,
            typeName: type.name,
            defaultText: nil,
            absent: absent,
            example: example ?? type.example,
            needsRestart: needsRestart,
            isSecret: type.isSecret,
            help: help
        )
    }

    /// The value without a file or an environment; relative paths start from `directory`.
    func fallback(directory: String) -> Value {
        if let absentValue { return absentValue }
        guard let text = description.defaultText,
            let value = try? type.value(text: text, directory: directory)
        else { preconditionFailure("\(description.key): the default is not a value") }
        return value
    }
}
