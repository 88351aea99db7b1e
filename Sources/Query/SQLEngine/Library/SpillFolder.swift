import Glibc
internal import Synchronization

/// A folder for what does not fit into memory, for one database of one process.
///
/// DuckDB removes its files when it closes; those of a process that was killed stay. So each folder
/// carries its process's number, and opening one removes those whose process is gone.
final class SpillFolder: Sendable {
    /// The folder; DuckDB makes it when it spills.
    let path: String

    private static let prefix = "sql-"
    private static let opened = Atomic(0)

    /// A folder of its own inside `parent`, which is made when it is missing.
    init(inside parent: String) throws(SQLError) {
        Self.makeFolders(parent)
        guard let parent = realPath(parent) else {
            throw .unavailable(reason: "the folder \(parent) for spilled data cannot be made")
        }
        Self.sweep(parent)
        let number = Self.opened.wrappingAdd(1, ordering: .relaxed).newValue
        path = "\(parent)/\(Self.prefix)\(getpid())-\(number)"
    }

    deinit { Self.remove(path) }

    static func makeFolders(_ path: String) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            // SAFETY: the path is a Swift string, which lives through the call.
            _ = unsafe mkdir(made, 0o755)
        }
    }

    /// Removes what processes left that are no more.
    private static func sweep(_ parent: String) {
        for name in names(in: parent) where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix { $0 != "-" }
            guard let process = pid_t(number), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            remove("\(parent)/\(name)")
        }
    }

    /// Removes a folder and its files. DuckDB makes no folders inside.
    private static func remove(_ folder: String) {
        // SAFETY: paths are Swift strings, which live through the calls.
        for name in names(in: folder) { _ = unsafe unlink("\(folder)/\(name)") }
        _ = unsafe rmdir(folder)
    }

    private static func names(in folder: String) -> [String] {
        // SAFETY: the stream is open until it is closed here; each entry is read before the next.
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe _ = closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
