/// What has become of the files of a source, for people.
public struct FileReport: Equatable, Sendable {
    /// A file with what is wrong.
    public struct Note: Equatable, Sendable {
        /// The file.
        public let path: String
        /// Why it is named here.
        public let reason: String
    }

    /// Files that were taken since the beginning.
    public var taken: Int64 = 0
    /// Records in them.
    public var records: Int64 = 0
    /// Files that may still grow and are waited for, by name.
    public var settling: [String] = []
    /// Files that are not taken because they cannot be read, until they change.
    public var refused: [Note] = []
    /// Files that were changed after they had been taken; the change is not landed.
    public var changed: [Note] = []
    /// Why the folder cannot be looked at; nil while it can.
    public var trouble: String?
}

/// Where the record at an offset stands.
public struct FilePlace: Equatable, Sendable {
    /// The file.
    public let path: String
    /// The line that it begins in, from 1; nil when the file cannot be read (any more).
    public let line: Int64?
}
