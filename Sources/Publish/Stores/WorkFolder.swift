internal import Bytes
internal import Files
import Glibc

/// A folder of this process alone, for files on their way to a store and copies of objects.
///
/// Processes with the same data directory take folders of different numbers; the next one that
/// takes a number finds the copies of the one before. Copies are not synced, so those from before
/// the machine was started are not trusted.
struct WorkFolder: Sendable {
    /// Files on their way.
    let drafts: String
    /// Copies of objects.
    let copies: String
    private let lock: FileLock

    private static let foldersMax = 256

    /// Takes a folder below `parent`, which is made when it is missing.
    init(inside parent: String, _ files: LocalFiles) throws(StoreError) {
        do throws(FileError) {
            let taken = try Self.take(inside: parent, files)
            let folder = taken.folder
            lock = taken.lock
            drafts = "\(folder)/drafts"
            copies = "\(folder)/copies"
            try Self.prepare(folder, files)
        } catch { throw .file(error) }
    }

    /// The first folder that nobody has.
    private static func take(
        inside parent: String,
        _ files: LocalFiles
    ) throws(FileError) -> (folder: String, lock: FileLock) {
        for number in 0..<foldersMax {
            let folder = "\(parent)/\(number)"
            try files.createDirectories(folder)
            if let lock = try lock("\(folder)/lock", files) { return (folder, lock) }
        }
        throw FileError(operation: "lock", path: parent, code: EWOULDBLOCK)
    }

    /// Nil when another process has it.
    private static func lock(
        _ path: String,
        _ files: LocalFiles
    ) throws(FileError) -> FileLock? {
        do throws(FileError) { return try files.lock(path) } catch {
            if error.isLocked { return nil }
            throw error
        }
    }

    private static func prepare(_ folder: String, _ files: LocalFiles) throws(FileError) {
        try removeAll("\(folder)/drafts", files)
        let boot = bootID(files)
        let known = try text("\(folder)/boot", files)
        if known != boot {
            try removeAll("\(folder)/copies", files)
            var bytes = ByteBuffer()
            bytes.append(utf8: boot)
            try files.replace("\(folder)/boot", with: bytes.bytes)
        }
        try files.createDirectories("\(folder)/drafts")
        try files.createDirectories("\(folder)/copies")
    }

    /// What the kernel calls the time since the machine was started.
    private static func bootID(_ files: LocalFiles) -> String {
        var bytes = ByteBuffer()
        // Files of /proc have no size to go by.
        if let file = try? files.open("/proc/sys/kernel/random/boot_id", .read) {
            _ = try? file.read(at: 0, count: 36, into: &bytes)
        }
        return String(repairingUTF8: bytes.bytes)
    }

    private static func text(_ path: String, _ files: LocalFiles) throws(FileError) -> String? {
        guard files.exists(path) else { return nil }
        let bytes = try files.contents(of: path, bytesMax: 4096)
        return String(repairingUTF8: bytes.bytes)
    }

    private static func removeAll(_ folder: String, _ files: LocalFiles) throws(FileError) {
        guard files.exists(folder) else { return }
        let names = try files.list(folder)
        for name in names {
            let path = "\(folder)/\(name)"
            let status = try files.status(of: path, followingLinks: false)
            if status.kind == .directory {
                try removeAll(path, files)
            } else {
                try files.remove(path)
            }
        }
        try files.remove(folder)
    }

    /// Every file below `folder`, with its size.
    static func all(below folder: String, _ files: LocalFiles) -> [(path: String, bytes: Int64)] {
        guard let names = try? files.list(folder) else { return [] }
        return names.flatMap { name -> [(path: String, bytes: Int64)] in
            let path = "\(folder)/\(name)"
            guard let status = try? files.status(of: path, followingLinks: false) else { return [] }
            return status.kind == .directory
                ? all(below: path, files) : [(path: path, bytes: status.bytes)]
        }
    }
}
