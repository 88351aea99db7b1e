public import Bytes

/// The file system as the product needs it. A seam: `LocalFiles` is real, `CrashFiles` loses power
/// when a test says so.
///
/// Paths are text, absolute or relative to the process's directory, with `/` between the parts. A
/// name is durable only when the directory that holds it was synced after it was made; bytes are
/// durable only when their file was.
public protocol FileSystem: Sendable {
    /// An open file.
    associatedtype File: OpenFile

    /// Opens a file.
    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> File
    /// Makes a directory and those above it. Those that exist are left alone. The new names are
    /// synced.
    func createDirectories(_ path: String) throws(FileError)
    /// Gives a file or directory another name, replacing a file of that name. Both lie in the same
    /// directory or its parent's file system.
    func rename(_ path: String, to target: String) throws(FileError)
    /// Removes a file or an empty directory.
    func remove(_ path: String) throws(FileError)
    /// The names in a directory, sorted.
    func list(_ directory: String) throws(FileError) -> [String]
    /// True when a file or directory of that name exists.
    func exists(_ path: String) -> Bool
    /// What is known of the file or directory at `path`; of the link itself when it is a symbolic
    /// link, unless `followingLinks`.
    func status(of path: String, followingLinks: Bool) throws(FileError) -> FileStatus
    /// Makes the names in a directory durable.
    func syncDirectory(_ path: String) throws(FileError)
    /// Takes the exclusive lock of a file, which is made if need be. Fails with `isLocked` when
    /// somebody else has it. Held until the returned object is gone; the system lets go when the
    /// process ends.
    func lock(_ path: String) throws(FileError) -> FileLock
}

/// What a file system tells of a name without opening it.
public struct FileStatus: Equatable, Sendable {
    /// What a name leads to.
    public enum Kind: Sendable {
        /// A file with bytes.
        case file
        /// A directory.
        case directory
        /// A symbolic link.
        case link
        /// A pipe, a socket, a device.
        case other
    }

    /// What it is.
    public let kind: Kind
    /// Bytes in the file; means nothing for other kinds.
    public let bytes: Int64
    /// When its bytes were last changed, in nanoseconds since 1970. Programs may set it.
    public let modifiedNanoseconds: Int64
    /// When its bytes, its name or anything else of it was last changed, in nanoseconds since 1970;
    /// by the file system's own clock.
    public let changedNanoseconds: Int64

    /// The status with these parts.
    public init(
        kind: Kind,
        bytes: Int64,
        modifiedNanoseconds: Int64,
        changedNanoseconds: Int64
    ) {
        self.kind = kind
        self.bytes = bytes
        self.modifiedNanoseconds = modifiedNanoseconds
        self.changedNanoseconds = changedNanoseconds
    }
}

/// How a file is opened.
public enum OpenMode: Sendable {
    /// An existing file, to read only.
    case read
    /// An existing file, to read and write.
    case readWrite
    /// To read and write; made empty when there is none.
    case create
    /// To read and write; fails with `isExisting` when there is one.
    case createNew
}

/// An open file. Closed when the last reference goes, so that a reader never meets a descriptor
/// that means another file.
///
/// All calls name a position: there is no cursor, and threads may read and write the same file at
/// the same time.
public protocol OpenFile: AnyObject, Sendable {
    /// The path it was opened with.
    var path: String { get }
    /// Appends up to `count` bytes from `position` on to `buffer`; returns how many there were.
    /// Fewer means the file ends there.
    func read(at position: Int64, count: Int, into buffer: inout ByteBuffer) throws(FileError)
        -> Int
    /// Writes all of `bytes` at `position`. After an error an unknown part of them is written.
    func write(_ bytes: RawSpan, at position: Int64) throws(FileError)
    /// Writes `slices` one behind the other from `position` on, without joining them in memory.
    /// Errors as in `write`.
    func write(_ slices: [SlabSlice], at position: Int64) throws(FileError)
    /// Makes all bytes written so far durable, with the length needed to read them (fdatasync).
    ///
    /// After an error the state of the unsynced bytes is unknown and another call may claim
    /// success: do not try again.
    func sync() throws(FileError)
    /// Cuts or extends (with zeros) to `size` bytes.
    func truncate(to size: Int64) throws(FileError)
    /// Reserves space for `length` bytes from `position` on. Bytes beyond the old end read as
    /// zeros.
    ///
    /// The size grows to cover them unless `keepingSize`.
    func allocate(at position: Int64, length: Int64, keepingSize: Bool) throws(FileError)
    /// Bytes in the file.
    func size() throws(FileError) -> Int64
}

/// A held lock: see `FileSystem.lock`.
public final class FileLock: Sendable {
    private let release: @Sendable () -> Void

    /// A lock that calls `release` once, when the last reference goes.
    public init(release: @escaping @Sendable () -> Void) { self.release = release }

    deinit { release() }
}

extension FileSystem {
    /// All bytes of a file, which must have at most `bytesMax`.
    public func contents(of path: String, bytesMax: Int) throws(FileError) -> ByteBuffer {
        let file = try open(path, .read)
        let size = try file.size()
        guard size <= Int64(bytesMax) else {
            throw FileError(operation: "read", path: path, code: FileError.tooLarge)
        }
        var buffer = ByteBuffer(capacity: Int(size))
        _ = try file.read(at: 0, count: Int(size), into: &buffer)
        return buffer
    }

    /// Puts `bytes` under `path` so that after a crash either the old file or the whole new one is
    /// there.
    ///
    /// Writes `<path>.new`, syncs it, renames it, syncs the directory.
    public func replace(_ path: String, with bytes: RawSpan) throws(FileError) {
        let temporary = path + ".new"
        let file = try open(temporary, .create)
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        try file.sync()
        try rename(temporary, to: path)
        try syncDirectory(directoryName(of: path))
    }
}

/// The directory part of a path: `a/b` of `a/b/c`, `.` of `c`, `/` of `/c`.
public func directoryName(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
}
