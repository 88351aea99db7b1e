public import Bytes
internal import Files
internal import Synchronization

/// Objects of a store that is reached over the network. May be used from any thread.
///
/// Arrow's file systems cannot ask a store to make an object only where there is none. `create`
/// looks first, then puts: two that make the same name at the same moment would both succeed. The
/// names of tables' files hold a random number of 128 bits each, so nobody does; and what moves a
/// table is the catalog's pointer.
public final class RemoteStore: DataStore {
    private let root: StoreURI
    private let objects: any RemoteObjects
    private let workFolder: @Sendable () throws(StoreError) -> StoreWork
    private let uploads: Uploads
    /// Drafts that are not finished, by path in the store.
    private let drafts = Mutex<[String: String]>([:])

    /// The objects of one bucket or cluster.
    init(
        _ root: StoreURI,
        _ objects: any RemoteObjects,
        work: @escaping @Sendable () throws(StoreError) -> StoreWork
    ) {
        self.root = root
        self.objects = objects
        workFolder = work
        uploads = Uploads { (path, file) throws(StoreError) in
            try objects.upload(path, file: file)
        }
    }

    private func path(_ uri: String) throws(StoreError) -> String {
        try StoreURI(uri).objectPath
    }

    // Small objects

    /// See `ObjectStore.create`.
    public func create(_ uri: String, _ bytes: Slab) throws(StoreError) {
        let path = try path(uri)
        if try objects.size(path) != nil { throw .existing(uri: uri) }
        do throws(StoreError) { try objects.put(path, bytes.bytes) } catch {
            // It may be there although no answer came. Nobody refers to it.
            try? objects.delete(path)
            throw error
        }
    }

    /// See `ObjectStore.read`.
    public func read(_ uri: String, bytesMax: Int) throws(StoreError) -> Slab {
        Slab(try objects.read(try path(uri), bytesMax: bytesMax))
    }

    /// See `ObjectStore.exists`.
    public func exists(_ uri: String) throws(StoreError) -> Bool {
        try objects.head(try path(uri)) != nil
    }

    /// See `ObjectStore.createFolder`.
    public func createFolder(_ uri: String) throws(StoreError) {
        try objects.createFolder(try path(uri))
    }

    /// See `ObjectStore.list`.
    public func list(_ folder: String) throws(StoreError) -> [String] {
        let place = try StoreURI(folder)
        let path = place.objectPath
        return try objects.list(path, isDeep: false, withFolders: true).map { object in
            "\(place.appending(String(object.path.dropFirst(path.utf8.count + 1))))"
        }.sorted()
    }

    /// See `ObjectStore.entries`. Names with an empty part are left out: Arrow and other programs
    /// do not agree which object such a name means.
    public func entries(of folder: String) throws(StoreError) -> [StoreEntry] {
        let place = try StoreURI(folder)
        let path = place.objectPath
        var entries: [StoreEntry] = []
        for object in try objects.list(path, isDeep: false, withFolders: true) {
            let name = object.path.dropFirst(path.utf8.count + 1)
            guard object.path.hasPrefix(path + "/"), !name.contains("/"),
                !["", ".", ".."].contains(name)
            else { continue }
            entries.append(
                StoreEntry(
                    uri: "\(place.appending(String(name)))",
                    bytes: object.isFolder ? -1 : object.bytes,
                    changedNanoseconds: object.modifiedNanoseconds
                )
            )
        }
        return entries
    }

    /// See `ObjectStore.delete`.
    public func delete(_ uri: String) throws(StoreError) {
        let place = try StoreURI(uri)
        let path = place.objectPath
        if let draft = drafts.withLock({ $0.removeValue(forKey: path) }) {
            // It never was on its way.
            try? LocalFiles().remove(draft)
            return
        }
        if let file = uploads.forget(path) { try? LocalFiles().remove(file) }
        try objects.delete(path)
        (try? workFolder())?.shelf.drop(place)
    }

    // Large files

    /// A file of the work folder.
    public func draft(_ uri: String) throws(StoreError) -> String {
        let place = try StoreURI(uri)
        let file = try workFolder().newDraft()
        drafts.withLock { $0[place.objectPath] = file }
        return file
    }

    /// Puts the file on its way.
    public func finish(_ uri: String) {
        guard let path = try? path(uri),
            let file = drafts.withLock({ $0.removeValue(forKey: path) })
        else { return }
        uploads.add(path, file: file)
    }

    /// Forgets the file, and removes it if it is there.
    public func abandonDraft(_ uri: String) {
        guard let path = try? path(uri),
            let file = drafts.withLock({ $0.removeValue(forKey: path) })
        else { return }
        try? LocalFiles().remove(file)
    }

    /// Waits until what was finished has arrived. An object is durable when its store said that it
    /// has it.
    public func makeDurable(
        written: [(uri: String, bytes: Int64)],
        names _: [String],
        below _: String
    ) throws(StoreError) {
        var places: [StoreURI] = []
        for (uri, _) in written { places.append(try StoreURI(uri)) }
        uploads.renew(places.map(\.objectPath))
        for ((uri, bytes), place) in zip(written, places) {
            let path = place.objectPath
            let arrival = try uploads.arrival(of: path)
            let found: Int64
            if let arrival {
                found = arrival.bytes
            } else {
                guard let size = try objects.size(path) else { throw .notFound(uri: uri) }
                found = size
            }
            guard found == bytes else {
                throw .wrongSize(uri: uri, expected: bytes, found: found)
            }
        }
        // All of them: what has arrived before is kept here until the others have.
        guard let work = try? workFolder() else { return }
        for ((_, bytes), place) in zip(written, places) {
            guard let file = uploads.forget(place.objectPath) else { continue }
            work.shelf.keep(file, place, bytes: bytes)
        }
    }

    /// Copies within the bound there is for them.
    public func copies(of uris: [String]) throws(StoreError) -> LocalCopies {
        let shelf = try workFolder().shelf
        let objects = objects
        var wanted: [CopyShelf.Wanted] = []
        for uri in uris {
            let place = try StoreURI(uri)
            let path = place.objectPath
            wanted.append(
                CopyShelf.Wanted(
                    uri: place,
                    size: { () throws(StoreError) in
                        guard let size = try objects.size(path) else {
                            throw .notFound(uri: uri)
                        }
                        return size
                    },
                    fetch: { (file) throws(StoreError) in
                        try objects.download(path, file: file)
                    }
                )
            )
        }
        return try shelf.copies(of: wanted)
    }
}

/// The work folder of a process with the copies in it.
final class StoreWork: Sendable {
    let shelf: CopyShelf
    private let folder: WorkFolder
    private let drafted = Atomic<UInt64>(0)

    init(inside parent: String, copyBytesMax: Int64) throws(StoreError) {
        let files = LocalFiles()
        folder = try WorkFolder(inside: parent, files)
        shelf = CopyShelf(folder.copies, bytesMax: copyBytesMax, files)
    }

    /// A path at which there is nothing.
    func newDraft() -> String {
        let number = drafted.wrappingAdd(1, ordering: .relaxed).newValue
        return "\(folder.drafts)/\(number).draft"
    }
}
