internal import Bytes

/// Why bytes are not the message they should be, or a message cannot be written.
public struct ProtocolError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        /// The bytes end too early.
        case truncated(needed: Int, available: Int)
        /// A variable-length number is longer than its type allows.
        case numberTooLong
        /// A length or count is negative, or larger than the bytes that are left.
        case lengthOutOfRange(Int, available: Int)
        /// The message has more array elements than are accepted.
        case tooManyElements(limit: Int)
        /// The bytes are not UTF-8.
        case notUTF8
        /// A field that must not be null is.
        case unexpectedNull
        /// The message has no such version here.
        case unsupportedVersion(Int16)
        /// No API here has this key.
        case unknownAPI(Int16)
        /// A value does not fit into the field of this version.
        case doesNotFit(Int)
    }

    /// The message, for a person: "JoinGroup request v5".
    public internal(set) var message: String
    /// Where in the bytes the field begins.
    public let offset: Int
    /// What was expected there: "an int32", "a string".
    public let expected: String
    /// What is wrong.
    public let problem: Problem

    init(message: String = "", offset: Int, expected: String, _ problem: Problem) {
        self.message = message
        self.offset = offset
        self.expected = expected
        self.problem = problem
    }

    init(_ error: ByteError, expected: String) {
        self.expected = expected
        message = ""
        switch error {
        case .truncated(let offset, let needed, let available):
            self.offset = offset
            problem = .truncated(needed: needed, available: available)
        case .varintTooLong(let offset):
            self.offset = offset
            problem = .numberTooLong
        case .lengthOutOfRange(let offset, let length, let limit):
            self.offset = offset
            problem = .lengthOutOfRange(length, available: limit)
        case .notUTF8(let offset):
            self.offset = offset
            problem = .notUTF8
        }
    }
}

extension ProtocolError: CustomStringConvertible {
    /// What happened, for a log line.
    public var description: String {
        let place = "\(message): \(expected) expected at byte \(offset)"
        switch problem {
        case .truncated(let needed, let available):
            return "\(place), but of \(needed) bytes only \(available) are there"
        case .numberTooLong: return "\(place), but the number is too long"
        case .lengthOutOfRange(let length, let available):
            return "\(place), but its length \(length) does not fit the \(available) bytes left"
        case .tooManyElements(let limit):
            return "\(place), but a message may have at most \(limit) array elements"
        case .notUTF8: return "\(place), but the bytes are not UTF-8"
        case .unexpectedNull: return "\(place), but it is null"
        case .unsupportedVersion(let version): return "\(message): version \(version) is unknown"
        case .unknownAPI(let key): return "\(message): API key \(key) is unknown"
        case .doesNotFit(let size): return "\(place), but \(size) is too much for the field"
        }
    }
}
