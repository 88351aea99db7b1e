/// What lies directly in a folder.
public struct StoreEntry: Equatable, Sendable {
    /// Its URI.
    public let uri: String
    /// Its size; -1 for a folder.
    public let bytes: Int64
    /// When it came to be what it is, in nanoseconds since 1970, by the store's clock; 0 where the
    /// store does not tell. Of a file of this machine the later of two times counts: that of its
    /// bytes, which programs may set, and that of the file itself, which they may not.
    public let changedNanoseconds: Int64

    /// What lies directly in a folder.
    public init(uri: String, bytes: Int64, changedNanoseconds: Int64) {
        self.uri = uri
        self.bytes = bytes
        self.changedNanoseconds = changedNanoseconds
    }

    /// True for what groups objects.
    public var isFolder: Bool { bytes < 0 }

    /// The last part of the name.
    public var name: String { ObjectName.last(of: uri) }
}

/// The last parts of URIs, which tell tables' files apart: writers put a random number into them.
public enum ObjectName {
    /// What stands behind the last slash.
    public static func last(of uri: String) -> String {
        guard let slash = uri.utf8.lastIndex(of: UInt8(ascii: "/")) else { return uri }
        return String(uri[uri.index(after: slash)...])
    }

    /// The name as it stands, and as it reads with its percent signs decoded where that differs:
    /// programs do not agree which of the two a URI means.
    public static func readings(of uri: String) -> [String] {
        let name = last(of: uri)
        return [name] + (FileURI.decoded(name).map { [last(of: $0)] } ?? [])
    }
}
