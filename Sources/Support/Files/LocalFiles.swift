import Glibc

/// The machine's file system.
public struct LocalFiles: FileSystem {
    /// The machine's file system.
    public init() {}

    /// Opens a file; new ones are readable and writable by the owner, readable by the group.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> LocalFile {
        let flags: Int32
        switch mode {
        case .read: flags = O_RDONLY
        case .readWrite: flags = O_RDWR
        case .create: flags = O_RDWR | O_CREAT
        case .createNew: flags = O_RDWR | O_CREAT | O_EXCL
        }
        return LocalFile(path: path, descriptor: try Self.open(path, flags: flags))
    }

    private static func open(_ path: String, flags: Int32) throws(FileError) -> Int32 {
        // SAFETY: paths are Swift strings, which live through the call.
        try systemCall("open", path) { unsafe Glibc.open(path, flags | O_CLOEXEC, 0o640) }
    }

    /// See `FileSystem.createDirectories`; owner and group may enter.
    public func createDirectories(_ path: String) throws(FileError) {
        if exists(path) { return }
        let parent = directoryName(of: path)
        if parent != path { try createDirectories(parent) }
        do throws(FileError) {
            // SAFETY: paths are Swift strings, which live through the call.
            _ = try systemCall("mkdir", path) { unsafe mkdir(path, 0o750) }
        } catch {
            if !error.isExisting { throw error }
        }
        try syncDirectory(parent)
    }

    /// See `FileSystem.rename`.
    public func rename(_ path: String, to target: String) throws(FileError) {
        // SAFETY: paths are Swift strings, which live through the call.
        _ = try systemCall("rename", path) { unsafe Glibc.rename(path, target) }
    }

    /// Removes a file or an empty directory.
    public func remove(_ path: String) throws(FileError) {
        // SAFETY: paths are Swift strings, which live through the call.
        _ = try systemCall("remove", path) { unsafe Glibc.remove(path) }
    }

    /// The names in a directory, sorted by their text.
    public func list(_ directory: String) throws(FileError) -> [String] {
        guard let stream = unsafe opendir(directory) else {
            throw FileError(operation: "opendir", path: directory, code: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { break }
            // SAFETY: the kernel ends d_name with a zero byte; the entry lives until the next
            // readdir.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        if errno != 0 { throw FileError(operation: "readdir", path: directory, code: errno) }
        names.sort()
        return names
    }

    // SAFETY: the path is a Swift string, which lives through the call.
    /// True when the path leads to something.
    public func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// See `FileSystem.status`: stat, or lstat.
    public func status(
        of path: String,
        followingLinks: Bool
    ) throws(FileError) -> FileStatus {
        var found = stat()
        // SAFETY: the calls write one stat structure, which outlives them; paths are Swift strings.
        _ = try systemCall("stat", path) {
            unsafe followingLinks ? stat(path, &found) : lstat(path, &found)
        }
        let kind: FileStatus.Kind =
            switch found.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        return FileStatus(
            kind: kind,
            bytes: Int64(found.st_size),
            modifiedNanoseconds: Self.nanoseconds(found.st_mtim),
            changedNanoseconds: Self.nanoseconds(found.st_ctim)
        )
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : seconds &+ Int64(time.tv_nsec)
    }

    /// Makes the names in a directory durable (fsync).
    public func syncDirectory(_ path: String) throws(FileError) {
        let descriptor = try Self.open(path, flags: O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        _ = try systemCall("fsync", path) { fsync(descriptor) }
    }

    /// See `FileSystem.lock`: flock, which the kernel drops when the process ends.
    public func lock(_ path: String) throws(FileError) -> FileLock {
        let descriptor = try Self.open(path, flags: O_RDWR | O_CREAT)
        do throws(FileError) {
            _ = try systemCall("flock", path) { flock(descriptor, LOCK_EX | LOCK_NB) }
        } catch {
            close(descriptor)
            throw error
        }
        return FileLock { close(descriptor) }
    }
}
