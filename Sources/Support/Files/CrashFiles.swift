internal import Clocks
internal import Glibc
internal import Synchronization

/// A file system in memory that can lose power, run full and fail, for tests of what survives.
///
/// It is harsher than real ones. Until a file is synced, each write to it may be kept, lost or torn
/// at a crash, whatever came before or after it; until a directory is synced, the last of its new
/// names may be lost; a sync that fails throws away what it should have written and lets the next
/// one succeed. Everything is decided by the seed given to `crash`.
///
///     let files = CrashFiles()
///     files.cutPower(afterOperations: 17)    // the 18th change fails, and all after it
///     …                                      // the code under test runs into it
///     files.crash(seed: 42)                  // power is back; what was open is closed
public final class CrashFiles: FileSystem {
    internal let state = Mutex(CrashState())

    /// An empty file system whose device has no limit.
    public init() {}

    /// Loses power after `count` more operations that change something or sync: the next one and
    /// all others then fail, until `crash`. The one that fails may or may not have had its effect.
    /// Nil: never.
    public func cutPower(afterOperations count: Int?) {
        state.withLock { $0.operationsLeft = count }
    }

    /// True from the moment the power failed until `crash`.
    public var isDown: Bool { state.withLock { $0.isDown } }

    /// Operations that changed something or synced, since the start.
    public var operations: Int { state.withLock { $0.operations } }

    /// Limits the device to `bytes` in all files together; a write beyond is done in part and fails
    /// with ENOSPC. Nil: no limit.
    public func limit(toBytes bytes: Int?) { state.withLock { $0.capacity = bytes } }

    /// Bytes in all files together.
    public var bytesUsed: Int { state.withLock { $0.used } }

    /// Makes the next `operation` on a path that ends in `suffix` fail without effect: with ENOSPC
    /// if `full`, else with EIO.
    public func fail(_ operation: Operation, of suffix: String, full: Bool = false) {
        let fault = Fault(operation: operation, suffix: suffix, code: full ? ENOSPC : EIO)
        state.withLock { $0.faults.append(fault) }
    }

    /// What can be made to fail.
    public enum Operation: Sendable {
        /// Writing bytes.
        case write
        /// Syncing a file.
        case sync
        /// Cutting or extending.
        case truncate
        /// Reserving space.
        case allocate
        /// Making a file or directory, renaming, removing.
        case changeName
        /// Syncing a directory.
        case syncDirectory
    }

    internal struct Fault: Sendable {
        let operation: Operation
        let suffix: String
        let code: Int32
    }

    /// The process dies and starts again while the machine stays up: open files and locks are gone,
    /// and what was written is still in the system's memory, synced or not.
    public func restart() {
        state.withLock { state in
            precondition(!state.isDown, "without power nothing restarts")
            state.locks = []
            state.faults = []
            state.operationsLeft = nil
            state.epoch += 1
        }
    }

    /// The power fails and comes back: unsynced changes are kept, lost or torn as `seed` decides,
    /// open files and locks are gone.
    public func crash(seed: UInt64) {
        state.withLock { $0.crash(seed: seed) }
    }
}

extension CrashFiles {
    /// Opens a file.
    public func open(_ path: String, _ mode: OpenMode) throws(FileError) -> CrashFile {
        try state.withLock { state throws(FileError) in
            if let node = state.names[path] {
                if mode == .createNew { throw state.error("open", path, EEXIST) }
                if node.isDirectory { throw state.error("open", path, EISDIR) }
                if state.isDown { throw state.error("open", path, EIO) }
                return CrashFile(self, node, path, epoch: state.epoch)
            }
            guard mode == .create || mode == .createNew else {
                throw state.error("open", path, ENOENT)
            }
            try state.begin(.changeName, "open", path)
            let node = CrashNode(isDirectory: false)
            try state.setName(path, node, "open")
            return CrashFile(self, node, path, epoch: state.epoch)
        }
    }

    /// Makes a directory and those above it, each synced.
    public func createDirectories(_ path: String) throws(FileError) {
        if exists(path) { return }
        let parent = directoryName(of: path)
        if parent != path { try createDirectories(parent) }
        try state.withLock { state throws(FileError) in
            if state.names[path] != nil { return }
            try state.begin(.changeName, "mkdir", path)
            try state.setName(path, CrashNode(isDirectory: true), "mkdir")
        }
        try syncDirectory(parent)
    }

    /// See `FileSystem.rename`. Both names must lie in the same directory.
    public func rename(_ path: String, to target: String) throws(FileError) {
        try state.withLock { state throws(FileError) in
            guard let node = state.names[path] else { throw state.error("rename", path, ENOENT) }
            let directory = directoryName(of: path)
            precondition(directory == directoryName(of: target), "renaming across directories")
            precondition(!node.isDirectory, "renaming directories is not modelled")
            try state.begin(.changeName, "rename", path)
            state.names[path] = nil
            state.names[target] = node
            state.pendingNames[directory, default: []].append([(path, nil), (target, node)])
        }
    }

    /// Removes a file or an empty directory.
    public func remove(_ path: String) throws(FileError) {
        try state.withLock { state throws(FileError) in
            guard let node = state.names[path] else { throw state.error("remove", path, ENOENT) }
            if node.isDirectory && !state.list(path).isEmpty {
                throw state.error("remove", path, ENOTEMPTY)
            }
            try state.begin(.changeName, "remove", path)
            state.names[path] = nil
            state.pendingNames[directoryName(of: path), default: []].append([(path, nil)])
        }
    }

    /// The names in a directory, sorted.
    public func list(_ directory: String) throws(FileError) -> [String] {
        try state.withLock { state throws(FileError) in
            if state.isDown { throw state.error("list", directory, EIO) }
            guard state.isDirectory(directory) else { throw state.error("list", directory, ENOENT) }
            return state.list(directory)
        }
    }

    /// True when the path leads to something.
    public func exists(_ path: String) -> Bool {
        state.withLock { $0.names[path] != nil || $0.isDirectory(path) }
    }

    /// What is at `path`; there are no links. Nobody keeps time here: the times are zero.
    public func status(
        of path: String,
        followingLinks: Bool
    ) throws(FileError) -> FileStatus {
        try state.withLock { state throws(FileError) in
            if state.isDown { throw state.error("stat", path, EIO) }
            let isDirectory = state.isDirectory(path)
            guard isDirectory || state.names[path] != nil else {
                throw state.error("stat", path, ENOENT)
            }
            return FileStatus(
                kind: isDirectory ? .directory : .file,
                bytes: Int64(state.names[path]?.bytes.count ?? 0),
                modifiedNanoseconds: 0,
                changedNanoseconds: 0
            )
        }
    }

    /// Makes the names in a directory durable. When it fails, the new names are lost at the next
    /// crash.
    public func syncDirectory(_ path: String) throws(FileError) {
        try state.withLock { state throws(FileError) in
            guard state.isDirectory(path) else { throw state.error("fsync", path, ENOENT) }
            do throws(FileError) {
                try state.begin(.syncDirectory, "fsync", path)
            } catch {
                // As with bytes: names whose sync failed are never written.
                if !state.isDown { state.pendingNames[path] = nil }
                throw error
            }
            for change in state.pendingNames[path] ?? [] { state.makeDurable(change) }
            state.pendingNames[path] = nil
        }
    }

    /// See `FileSystem.lock`. A crash lets go of all locks.
    public func lock(_ path: String) throws(FileError) -> FileLock {
        let epoch = try state.withLock { state throws(FileError) in
            if state.isDown { throw state.error("flock", path, EIO) }
            guard state.locks.insert(path).inserted else {
                throw state.error("flock", path, EWOULDBLOCK)
            }
            return state.epoch
        }
        return FileLock { [self] in
            state.withLock { state in
                if state.epoch == epoch { state.locks.remove(path) }
            }
        }
    }
}
