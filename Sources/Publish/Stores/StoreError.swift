public import Files

/// Why an object could not be written, read or deleted.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file system refused.
    case file(FileError)
    /// The URI or path cannot be used here.
    case unusable(uri: String, reason: String)
    /// The store does not answer, or refuses; trying again later may help.
    case unavailable(uri: String, reason: String)
    /// The object has another size than who refers to it says.
    case wrongSize(uri: String, expected: Int64, found: Int64)

    /// Nothing exists under that URI.
    public var isNotFound: Bool {
        if case .file(let error) = self { error.isNotFound } else { false }
    }

    /// Something exists already under that URI.
    public var isExisting: Bool {
        if case .file(let error) = self { error.isExisting } else { false }
    }

    /// The device is full. Goes away when somebody frees space.
    public var isNoSpace: Bool {
        if case .file(let error) = self { error.isNoSpace } else { false }
    }

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .file(let error):
            error.isNoSpace ? "\(error); free space, then try again" : "\(error)"
        case .unusable(let uri, let reason):
            "\(uri) cannot be used: \(reason)"
        case .unavailable(let uri, let reason):
            "\(uri) does not answer as it should: \(reason)"
        case .wrongSize(let uri, let expected, let found):
            "\(uri) has \(found) bytes where \(expected) are expected; it was changed or cut short"
        }
    }
}
