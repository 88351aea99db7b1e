import Glibc

/// A file operation that failed: what was tried, on what, and what the system said.
public struct FileError: Error, Equatable, Sendable {
    /// The system call, or the verb of a test double.
    public let operation: String
    /// The file or directory.
    public let path: String
    /// The `errno` value.
    public let code: Int32

    /// The failure of `operation` on `path` with `errno` value `code`.
    public init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Nothing exists under that path.
    public var isNotFound: Bool { code == ENOENT }
    /// Something exists already under that path.
    public var isExisting: Bool { code == EEXIST }
    /// The device or the quota is full. Goes away when somebody frees space.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    /// A sync failed: what was written before is durable or lost, and nothing tells which. Trying
    /// again may succeed without having written it.
    public var isFailedSync: Bool { operation == "fdatasync" || operation == "fsync" }
    /// Another process holds the lock.
    public var isLocked: Bool { code == EWOULDBLOCK || code == EAGAIN }
    /// The process may open no more files.
    public var isTooManyOpen: Bool { code == EMFILE || code == ENFILE }
}

extension FileError: CustomStringConvertible {
    /// One sentence: `fdatasync of /data/x.log failed: Input/output error (5)`.
    public var description: String {
        // SAFETY: strerror returns a constant text for every code; it is copied at once.
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error"
        return "\(operation) of \(path) failed: \(reason) (\(code))"
    }
}
