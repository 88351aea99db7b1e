public import Files

/// Why an object could not be written, read or deleted.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file system refused.
    case file(FileError)
    /// The URI or path cannot be used here.
    case unusable(uri: String, reason: String)
    /// The store does not answer, or refuses; trying again later may help.
    case unavailable(uri: String, reason: String)
    /// There is no such object.
    case notFound(uri: String)
    /// There is such an object already.
    case existing(uri: String)
    /// The store knows us or the place, and says no: trying again does not help.
    case refused(uri: String, reason: String, advice: String)
    /// Copies of the objects that are needed at once do not fit into the room there is for them.
    case noRoom(uri: String, bytesMax: Int64)
    /// The object has another size than who refers to it says.
    case wrongSize(uri: String, expected: Int64, found: Int64)

    /// Nothing exists under that URI.
    public var isNotFound: Bool {
        switch self {
        case .file(let error): error.isNotFound
        case .notFound: true
        default: false
        }
    }

    /// Something exists already under that URI.
    public var isExisting: Bool {
        switch self {
        case .file(let error): error.isExisting
        case .existing: true
        default: false
        }
    }

    /// The device is full. Goes away when somebody frees space.
    public var isNoSpace: Bool {
        if case .file(let error) = self { error.isNoSpace } else { false }
    }

    /// True when the same call may succeed later without a change elsewhere.
    public var isRetriable: Bool {
        if case .unavailable = self { true } else { isNoSpace }
    }

    /// What a store's answer means, by the words in it.
    static func answered(uri: String, reason: String) -> StoreError {
        for (words, advice) in advices where words.contains(where: { reason.contains($0) }) {
            return .refused(uri: uri, reason: reason, advice: advice)
        }
        return .unavailable(uri: uri, reason: reason)
    }

    /// What people have to do about answers that no repetition changes.
    private static let advices: [(words: [String], advice: String)] = [
        (
            [
                "ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH",
                "InvalidAccessKeyId", "SignatureDoesNotMatch", "HTTP Status 401",
                "HTTP Status 403", "PERMISSION_DENIED", "UNAUTHENTICATED", "AuthenticationFailed",
                "AuthorizationFailure", "HTTP response code 403", "HTTP response code 401",
            ],
            "check the credentials: those of the settings under stores, or those that the cloud's "
                + "own tools would find (docs/stores.md)"
        ),
        (
            ["NO_SUCH_BUCKET", "NoSuchBucket", "ContainerNotFound"],
            "make the bucket, or correct its name"
        ),
    ]

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .file(let error):
            error.isNoSpace ? "\(error); free space, then try again" : "\(error)"
        case .unusable(let uri, let reason):
            "\(uri) cannot be used: \(reason)"
        case .unavailable(let uri, let reason):
            "\(uri) does not answer as it should: \(reason)"
        case .notFound(let uri):
            "there is no \(uri)"
        case .existing(let uri):
            "\(uri) is there already"
        case .refused(let uri, let reason, let advice):
            "\(uri) is refused: \(reason); \(advice)"
        case .noRoom(let uri, let bytesMax):
            "the files of one question, \(uri) among them, are larger than the \(bytesMax) bytes "
                + "there are for copies of them; ask for less, or raise lake.cache"
        case .wrongSize(let uri, let expected, let found):
            "\(uri) has \(found) bytes where \(expected) are expected; it was changed or cut short"
        }
    }
}
