/// One thing that is wrong with the settings.
public struct SettingsProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where: `millrace.yaml:3:5` (line and column from 1), or the name of an environment variable.
    public let place: String
    /// What is wrong, and with what.
    public let message: String
    /// What to do about it; may be empty.
    public let advice: String

    /// A problem at a place.
    public init(place: String, message: String, advice: String = "") {
        self.place = place
        self.message = message
        self.advice = advice
    }

    /// `place: message; advice`.
    public var description: String {
        advice.isEmpty ? "\(place): \(message)" : "\(place): \(message); \(advice)"
    }
}

/// Everything that is wrong with the settings, in the order of the file. Nothing of them may be
/// used.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// The problems; never empty.
    public let problems: [SettingsProblem]

    /// An error that lists `problems`.
    public init(problems: [SettingsProblem]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Why a text is not a value of a type, without saying where it stood.
public struct SettingsComplaint: Error, Sendable {
    /// What is wrong: `"10 parsecs" is not a duration`.
    public let message: String
    /// What to write instead; may be empty.
    public let advice: String

    /// A complaint with advice.
    public init(_ message: String, advice: String = "") {
        self.message = message
        self.advice = advice
    }
}
