public import Bytes
public import Files

/// Objects as files of a file system. May be used from any thread.
public struct LocalStore<FS: FileSystem>: ObjectStore {
    private let files: FS

    /// The store in `files`.
    public init(_ files: FS) {
        self.files = files
    }

    /// See `ObjectStore.create`.
    public func create(_ uri: String, _ bytes: Slab) throws(StoreError) {
        let path = try FileURI.path(ofURI: uri)
        let file = try attempt { () throws(FileError) in try files.open(path, .createNew) }
        do throws(FileError) {
            try file.write(bytes.bytes, at: 0)
            try file.sync()
        } catch {
            // The error that matters is the first; a rest that stays is never referred to.
            try? files.remove(path)
            throw .file(error)
        }
    }

    /// See `ObjectStore.makeDurable`.
    public func makeDurable(
        written: [(uri: String, bytes: Int64)],
        names: [String],
        below root: String
    ) throws(StoreError) {
        let rootPath = try FileURI.path(ofURI: root)
        var folders: Set<String> = []
        for (uri, bytes) in written {
            let path = try existing(uri)
            let size = try attempt { () throws(FileError) in
                let file = try files.open(path, .read)
                try file.sync()
                return try file.size()
            }
            guard size == bytes else {
                throw .wrongSize(uri: uri, expected: bytes, found: size)
            }
            Self.addFolders(of: path, below: rootPath, to: &folders)
        }
        for uri in names {
            Self.addFolders(of: try FileURI.path(ofURI: uri), below: rootPath, to: &folders)
        }
        try attempt { () throws(FileError) in
            for folder in folders.sorted() { try files.syncDirectory(folder) }
        }
    }

    /// The folders between `path` and `root`, both ends' folders included.
    private static func addFolders(
        of path: String,
        below root: String,
        to folders: inout Set<String>
    ) {
        var folder = directoryName(of: path)
        while folders.insert(folder).inserted, folder != root, folder.hasPrefix(root + "/") {
            folder = directoryName(of: folder)
        }
    }

    /// See `ObjectStore.read`.
    public func read(_ uri: String, bytesMax: Int) throws(StoreError) -> Slab {
        let path = try existing(uri)
        return try attempt { () throws(FileError) in
            Slab(try files.contents(of: path, bytesMax: bytesMax))
        }
    }

    /// See `ObjectStore.delete`.
    public func delete(_ uri: String) throws(StoreError) {
        let path = try existing(uri)
        do throws(FileError) {
            try files.remove(path)
        } catch {
            if !error.isNotFound { throw .file(error) }
        }
    }

    /// See `ObjectStore.exists`.
    public func exists(_ uri: String) throws(StoreError) -> Bool {
        files.exists(try existing(uri))
    }

    /// See `ObjectStore.createFolder`.
    public func createFolder(_ uri: String) throws(StoreError) {
        let path = try FileURI.path(ofURI: uri)
        // Every table begins with a folder: here is the place to say that others cannot open it.
        _ = try FileURI.uri(ofPath: path)
        try attempt { () throws(FileError) in try files.createDirectories(path) }
    }

    /// See `ObjectStore.list`.
    public func list(_ folder: String) throws(StoreError) -> [String] {
        let path = try FileURI.path(ofURI: folder)
        let names = try attempt { () throws(FileError) in try files.list(path) }
        return names.map { FileURI.scheme + path + "/" + $0 }
    }

    /// See `ObjectStore.entries`.
    public func entries(of folder: String) throws(StoreError) -> [StoreEntry] {
        let path = try FileURI.path(ofURI: folder)
        guard files.exists(path) else { return [] }
        var entries: [StoreEntry] = []
        for name in try attempt({ () throws(FileError) in try files.list(path) }) {
            let status: FileStatus
            do throws(FileError) {
                status = try files.status(of: "\(path)/\(name)", followingLinks: false)
            } catch {
                // It went while we looked.
                if error.isNotFound { continue }
                throw .file(error)
            }
            guard status.kind == .file || status.kind == .directory else { continue }
            entries.append(
                StoreEntry(
                    uri: FileURI.scheme + path + "/" + name,
                    bytes: status.kind == .file ? status.bytes : -1,
                    changedNanoseconds: max(status.modifiedNanoseconds, status.changedNanoseconds)
                )
            )
        }
        return entries
    }

    /// The path of `uri`: its characters as they are, or, when nothing lies there, decoded.
    func existing(_ uri: String) throws(StoreError) -> String {
        let path = try FileURI.path(ofURI: uri)
        if !files.exists(path), let decoded = FileURI.decoded(path), files.exists(decoded) {
            return decoded
        }
        return path
    }

    private func attempt<R>(
        _ body: () throws(FileError) -> R
    ) throws(StoreError) -> R {
        do throws(FileError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}
