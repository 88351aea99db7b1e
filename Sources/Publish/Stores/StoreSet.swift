public import Bytes
public import Files
internal import Synchronization

/// All stores there are, by URI: this machine's files, and buckets that are opened when they are
/// first named. May be used from any thread.
public final class StoreSet: DataStore {
    /// Bytes of copies of objects that one process keeps, unless somebody says otherwise.
    public static let copyBytesDefault: Int64 = 10 << 30

    private let local: LocalStore<LocalFiles>
    private let options: [StoreURI.Scheme: StoreOptions]
    /// Folder of this machine for files on their way and copies.
    public let workFolder: String
    private let copyBytesMax: Int64
    private let opened = Mutex<[StoreURI: Opened]>([:])
    private let work = Mutex<StoreWork?>(nil)

    private struct Opened {
        let objects: any RemoteObjects
        let store: RemoteStore
    }

    /// - Parameters:
    ///   - options: how stores are reached, by scheme.
    ///   - workFolder: a folder for files on their way and copies; made when it is needed.
    ///   - copyBytesMax: bytes of copies that are kept.
    public init(
        _ files: LocalFiles,
        options: [StoreURI.Scheme: StoreOptions] = [:],
        workFolder: String,
        copyBytesMax: Int64 = StoreSet.copyBytesDefault
    ) {
        local = LocalStore(files)
        self.options = options
        self.workFolder = workFolder
        self.copyBytesMax = copyBytesMax
    }

    /// True for names of this machine's files.
    public static func isLocal(_ uri: String) -> Bool {
        uri.hasPrefix("/") || uri.hasPrefix("file:")
    }

    private func open(_ uri: StoreURI) throws(StoreError) -> Opened {
        let root = uri.root
        if let known = opened.withLock({ $0[root] }) { return known }
        let options = options[root.scheme] ?? StoreOptions()
        let objects = try BucketStore("\(root)", options)
        // The work folder is the set's: a store may outlive neither.
        let store = RemoteStore(root, objects) { [weak self] () throws(StoreError) in
            guard let self else { throw .unusable(uri: "\(root)", reason: "it was closed") }
            return try self.ownWork()
        }
        return opened.withLock { opened in
            if let other = opened[root] { return other }
            let made = Opened(objects: objects, store: store)
            opened[root] = made
            return made
        }
    }

    private func ownWork() throws(StoreError) -> StoreWork {
        try work.withLock { (work) throws(StoreError) -> StoreWork in
            if let work { return work }
            let made = try StoreWork(inside: workFolder, copyBytesMax: copyBytesMax)
            work = made
            return made
        }
    }

    private func store(_ uri: String) throws(StoreError) -> any DataStore {
        Self.isLocal(uri) ? local : try open(try StoreURI(uri)).store
    }

    /// The objects of the bucket or cluster of `uri`, as they are.
    public func objects(_ uri: StoreURI) throws(StoreError) -> any RemoteObjects {
        try open(uri).objects
    }

    /// See `ObjectStore.create`.
    public func create(_ uri: String, _ bytes: Slab) throws(StoreError) {
        try store(uri).create(uri, bytes)
    }

    /// See `ObjectStore.makeDurable`. The objects may be in several stores.
    public func makeDurable(
        written: [(uri: String, bytes: Int64)],
        names: [String],
        below root: String
    ) throws(StoreError) {
        var uris = written.map(\.uri) + names
        while let first = uris.first {
            let place = try StoreURI(first).root
            var part: [(uri: String, bytes: Int64)] = []
            for file in written where try StoreURI(file.uri).root == place { part.append(file) }
            var partNames: [String] = []
            for name in names where try StoreURI(name).root == place { partNames.append(name) }
            try store(first).makeDurable(written: part, names: partNames, below: root)
            let done = Set(part.map(\.uri) + partNames)
            uris.removeAll { done.contains($0) }
        }
    }

    /// See `ObjectStore.read`.
    public func read(_ uri: String, bytesMax: Int) throws(StoreError) -> Slab {
        try store(uri).read(uri, bytesMax: bytesMax)
    }

    /// See `ObjectStore.delete`.
    public func delete(_ uri: String) throws(StoreError) { try store(uri).delete(uri) }

    /// See `ObjectStore.exists`.
    public func exists(_ uri: String) throws(StoreError) -> Bool { try store(uri).exists(uri) }

    /// See `ObjectStore.createFolder`.
    public func createFolder(_ uri: String) throws(StoreError) {
        try store(uri).createFolder(uri)
    }

    /// See `ObjectStore.list`.
    public func list(_ folder: String) throws(StoreError) -> [String] {
        try store(folder).list(folder)
    }

    /// See `ObjectStore.entries`.
    public func entries(of folder: String) throws(StoreError) -> [StoreEntry] {
        try store(folder).entries(of: folder)
    }

    /// See `DataStore.draft`.
    public func draft(_ uri: String) throws(StoreError) -> String { try store(uri).draft(uri) }

    /// See `DataStore.finish`.
    public func finish(_ uri: String) { (try? store(uri))?.finish(uri) }

    /// See `DataStore.abandonDraft`.
    public func abandonDraft(_ uri: String) { (try? store(uri))?.abandonDraft(uri) }

    /// See `DataStore.copies`. The objects may be in several stores.
    public func copies(of uris: [String]) throws(StoreError) -> LocalCopies {
        var groups: [StoreURI: [Int]] = [:]
        for (index, uri) in uris.enumerated() {
            groups[Self.isLocal(uri) ? try StoreURI("/") : try StoreURI(uri).root, default: []]
                .append(index)
        }
        var paths = uris
        var parts: [LocalCopies] = []
        for (_, indices) in groups {
            let part = try store(uris[indices[0]]).copies(of: indices.map { uris[$0] })
            for (index, path) in zip(indices, part.paths) { paths[index] = path }
            parts.append(part)
        }
        return LocalCopies(paths: paths, parts: parts)
    }
}
