internal import CArrow

/// Why a Parquet file could not be written or read.
public struct ParquetError: Error, Equatable, Sendable {
    /// What went wrong, as far as a caller can act on it.
    public enum Kind: Equatable, Sendable {
        /// A file of that name is there already; it was left alone.
        case fileExists
        /// The file is not there.
        case notFound
        /// The file system is full, or a quota is used up. Retry when there is room again.
        case diskFull
        /// The operating system refused or failed; the number is its errno.
        case system(Int32)
        /// Memory ran out.
        case outOfMemory
        /// The rows do not fit the file, or the file is not Parquet.
        case invalid
        /// An earlier call failed; the writer can only be dropped.
        case failedBefore
    }

    /// What went wrong.
    public let kind: Kind
    /// The file.
    public let path: String
    /// What Arrow or the operating system said.
    public let message: String

    /// True when the same call may succeed later without a change.
    public var isRetriable: Bool {
        switch kind {
        case .diskFull, .system, .outOfMemory: true
        case .fileExists, .notFound, .invalid, .failedBefore: false
        }
    }

    internal init(_ kind: Kind, path: String, message: String) {
        self.kind = kind
        self.path = path
        self.message = message
    }

    /// The error that `status` tells of, or nil when the call succeeded.
    internal init?(_ status: c_arrow_status, path: String) {
        guard status.code != C_ARROW_OK else { return nil }
        let message = Self.text(of: status)
        let kind: Kind
        switch (Int(status.code), status.system_error) {
        case (_, 17): kind = .fileExists
        case (_, 2): kind = .notFound
        case (_, 28), (_, 122): kind = .diskFull
        case (Int(C_ARROW_MEMORY), _): kind = .outOfMemory
        case (_, let number) where number != 0: kind = .system(number)
        default: kind = .invalid
        }
        self.init(kind, path: path, message: message)
    }

    private static func text(of status: c_arrow_status) -> String {
        var status = status
        // SAFETY: the shim ends the message with NUL inside the array.
        return unsafe withUnsafeBytes(of: &status.message) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension ParquetError: CustomStringConvertible {
    /// What happened, to what, and what to do.
    public var description: String {
        switch kind {
        case .fileExists: "\(path): the file exists already and was left alone; choose another name"
        case .notFound: "\(path): no such file or directory"
        case .diskFull: "\(path): no space left on the device; free some and try again (\(message))"
        case .system(let number): "\(path): \(message) (errno \(number))"
        case .outOfMemory: "\(path): out of memory (\(message))"
        case .invalid: "\(path): \(message)"
        case .failedBefore: "\(path): an earlier write failed; begin a new file"
        }
    }
}
