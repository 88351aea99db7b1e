public import Bytes
public import Files

/// Files of a file system that fit patterns.
public struct FolderStore<FS: FileSystem>: FileStore {
    private let files: FS
    /// The folder that patterns which are not absolute start from.
    private let root: String
    private let patterns: [PathPattern]

    /// The files of `patterns`, which start from the folder `root` where they are not absolute.
    public init(_ files: FS, root: String, patterns: [PathPattern]) {
        self.files = files
        self.root = root
        self.patterns = patterns
    }

    /// Programs write them little by little.
    public var isWholeAtOnce: Bool { false }

    /// See `FileStore.list`. Folders behind symbolic links are not gone into by `**` and `*`.
    public func list() throws(FileStoreError) -> [StoredFile] {
        var found: [StoredFile] = []
        var seen: Set<String> = []
        for pattern in patterns {
            let folder = pattern.folder
            let names = try names(in: folder, pattern)
            try visit(folder, "", names, pattern, 0, depth: 0) { file in
                if seen.insert(file.path).inserted { found.append(file) }
            }
        }
        return found
    }

    /// The folder that is named must be there; what lies below it may come and go.
    private func names(
        in folder: String,
        _ pattern: PathPattern
    ) throws(FileStoreError) -> [String] {
        do throws(FileError) { return try files.list(resolved(folder)) } catch {
            if error.isNotFound {
                throw .unavailable("there is no folder \(shown(folder)) for \(pattern.text)")
            }
            throw .unavailable("\(error)")
        }
    }

    private func visit(
        _ folder: String,
        _ prefix: String,
        _ names: [String],
        _ pattern: PathPattern,
        _ index: Int,
        depth: Int,
        _ body: (StoredFile) -> Void
    ) throws(FileStoreError) {
        let isLast = index == pattern.parts.count - 1
        let isDeep = pattern.parts[index] == "**"
        // `**` is also no folder at all.
        if isDeep { try visit(folder, prefix, names, pattern, index + 1, depth: depth, body) }
        for name in names {
            let path = folder.isEmpty ? name : folder == "/" ? "/" + name : "\(folder)/\(name)"
            if isLast {
                guard pattern.selects(file: name), let status = try status(at: path, true) else {
                    continue
                }
                if status.kind == .file { body(Self.file(path, prefix + name, status)) }
                continue
            }
            guard depth < PathPattern.depthMax, pattern.selects(folder: name, at: index),
                try status(at: path, false)?.kind == .directory
            else { continue }
            let inner: [String]
            do throws(FileError) { inner = try files.list(resolved(path)) } catch {
                if error.isNotFound { continue }
                throw .unavailable("\(error)")
            }
            let next = isDeep ? index : index + 1
            try visit(path, "\(prefix)\(name)/", inner, pattern, next, depth: depth + 1, body)
        }
    }

    private static func file(
        _ path: String,
        _ name: String,
        _ status: FileStatus
    ) -> StoredFile {
        StoredFile(
            path: path,
            name: name,
            bytes: status.bytes,
            modifiedNanoseconds: status.modifiedNanoseconds,
            changedNanoseconds: max(status.changedNanoseconds, status.modifiedNanoseconds)
        )
    }

    /// Nil for what went away meanwhile.
    private func status(
        at path: String,
        _ followingLinks: Bool
    ) throws(FileStoreError) -> FileStatus? {
        do throws(FileError) {
            return try files.status(of: resolved(path), followingLinks: followingLinks)
        } catch {
            if error.isNotFound { return nil }
            throw .unavailable("\(error)")
        }
    }

    /// See `FileStore.status`.
    public func status(of path: String) throws(FileStoreError) -> StoredFile {
        guard let status = try status(at: path, true), status.kind == .file else {
            throw try absence(of: path)
        }
        return Self.file(path, path, status)
    }

    /// See `FileStore.open`.
    public func open(_ path: String) throws(FileStoreError) -> FolderFile<FS.File> {
        do throws(FileError) {
            return FolderFile(try files.open(resolved(path), .read))
        } catch {
            if error.isNotFound { throw try absence(of: path) }
            throw .unavailable("\(error)")
        }
    }

    /// A file is gone for good only when its folder is there: a disk may be missing as a whole.
    private func absence(of path: String) throws(FileStoreError) -> FileStoreError {
        let folders = patterns.map(\.folder).filter { $0.isEmpty || path.hasPrefix($0) }
        for folder in folders where !files.exists(resolved(folder)) {
            throw .unavailable("there is no folder \(shown(folder))")
        }
        return .notFound(path)
    }

    private func resolved(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return path.isEmpty ? root : "\(root)/\(path)"
    }

    private func shown(_ folder: String) -> String { folder.isEmpty ? root : folder }
}

/// An open file of a folder.
public struct FolderFile<File: OpenFile>: FileContents {
    private let file: File

    init(_ file: File) {
        self.file = file
    }

    /// See `FileContents.read`.
    public func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(FileStoreError) -> Int {
        do throws(FileError) {
            return try file.read(at: position, count: count, into: &buffer)
        } catch { throw .unavailable("\(error)") }
    }
}
