/// Where the values of settings come from.
public struct SettingsSource: Sendable {
    /// A settings file that has been read.
    public struct File: Sendable {
        /// Its name as problems show it.
        public let name: String
        /// Its directory, where relative paths start.
        public let directory: String
        /// Its bytes.
        public let text: [UInt8]

        /// A file with its parts.
        public init(name: String, directory: String, text: [UInt8]) {
            self.name = name
            self.directory = directory
            self.text = text
        }
    }

    /// The file; nil when there is none, and then the defaults count.
    public var file: File?
    /// The environment variables of the process.
    public var environment: [String: String]
    /// Variables with our prefix that are not settings, such as the one that names the file.
    public var otherVariables: Set<String>
    /// The working directory, where relative paths of the environment start.
    public var workingDirectory: String
    /// Reads the file of a secret; the reason as text when it cannot.
    public var readSecretFile: @Sendable (String) -> Result<[UInt8], SettingsComplaint>

    /// A source of its parts.
    public init(
        file: File?,
        environment: [String: String] = [:],
        otherVariables: Set<String> = [],
        workingDirectory: String,
        readSecretFile: @escaping @Sendable (String) -> Result<[UInt8], SettingsComplaint>
    ) {
        self.file = file
        self.environment = environment
        self.otherVariables = otherVariables
        self.workingDirectory = workingDirectory
        self.readSecretFile = readSecretFile
    }
}
