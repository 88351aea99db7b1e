import Bytes
import Configuration
import FileSource
import Files
import Stores
import Synchronization

/// Where a pipeline's files are dropped: a closed set, so that reading is compiled for it.
enum PipelineFileStore: FileStore {
    case folder(FolderStore<LocalFiles>)
    case bucket(BucketFiles)

    /// What the settings name.
    init(_ files: FilesConfiguration, in settings: MillraceConfiguration) {
        if let bucket = files.bucket {
            self = .bucket(BucketFiles(bucket, files, settings))
        } else {
            self = .folder(
                FolderStore(
                    LocalFiles(),
                    root: settings.directory,
                    patterns: files.patterns.compactMap { PathPattern($0) }
                )
            )
        }
    }

    /// An open file of either.
    enum Contents: FileContents {
        case folder(FolderStore<LocalFiles>.Contents)
        case bucket(BucketObject)

        func read(
            at position: Int64,
            count: Int,
            into buffer: inout ByteBuffer
        ) throws(FileStoreError) -> Int {
            switch self {
            case .folder(let file):
                return try file.read(at: position, count: count, into: &buffer)
            case .bucket(let object):
                do throws(StoreError) {
                    return try object.read(at: position, count: count, into: &buffer)
                } catch { throw .unavailable(error.description) }
            }
        }
    }

    var isWholeAtOnce: Bool {
        switch self {
        case .folder(let store): store.isWholeAtOnce
        // Objects are there when they were put, and not before.
        case .bucket: true
        }
    }

    func list() throws(FileStoreError) -> [StoredFile] {
        switch self {
        case .folder(let store): try store.list()
        case .bucket(let store): try store.list()
        }
    }

    func status(of path: String) throws(FileStoreError) -> StoredFile {
        switch self {
        case .folder(let store): try store.status(of: path)
        case .bucket(let store): try store.status(of: path)
        }
    }

    func open(_ path: String) throws(FileStoreError) -> Contents {
        switch self {
        case .folder(let store): .folder(try store.open(path))
        case .bucket(let store): .bucket(try store.open(path))
        }
    }
}

/// Objects of a bucket that fit patterns.
final class BucketFiles: Sendable {
    /// `s3://name`
    private let root: String
    /// The bucket as paths of its store have it.
    private let bucket: String
    private let patterns: [PathPattern]
    private let options: StoreOptions
    /// Opened when it is first needed: that may ask the network where the bucket is.
    private let opened = Mutex<BucketStore?>(nil)

    init(_ bucket: String, _ files: FilesConfiguration, _ settings: MillraceConfiguration) {
        root = bucket
        self.bucket = (try? StoreURI(bucket))?.objectPath ?? bucket
        patterns = files.keyPatterns.compactMap { PathPattern($0) }
        let scheme = (try? StoreURI(bucket))?.scheme ?? .s3
        var store = settings.stores[scheme] ?? StoreConfiguration()
        if let endpoint = files.endpoint { store.endpoint = endpoint }
        if let region = files.region { store.region = region }
        options = StoreOptions(store)
    }

    private func store() throws(FileStoreError) -> BucketStore {
        if let store = opened.withLock({ $0 }) { return store }
        do throws(StoreError) {
            let store = try BucketStore(root, options)
            opened.withLock { $0 = store }
            return store
        } catch { throw .unavailable(error.description) }
    }

    func list() throws(FileStoreError) -> [StoredFile] {
        let store = try store()
        var found: [StoredFile] = []
        var seen: Set<String> = []
        do throws(StoreError) {
            guard try store.head(bucket) != nil else {
                throw StoreError.unavailable(uri: "\(root)/", reason: "there is no such bucket")
            }
            for pattern in patterns {
                let folder = pattern.folder.isEmpty ? bucket : "\(bucket)/\(pattern.folder)"
                for object in try store.list(folder, isDeep: pattern.isDeep) {
                    let name = String(object.path.dropFirst(folder.count + 1))
                    guard pattern.selects(path: name) else { continue }
                    let file = file(object, name)
                    if seen.insert(file.path).inserted { found.append(file) }
                }
            }
            return found
        } catch { throw .unavailable(error.description) }
    }

    private func file(_ object: StoredObject, _ name: String) -> StoredFile {
        // Listings may tell times finer than answers about one object do.
        let seconds = object.modifiedNanoseconds / 1_000_000_000 * 1_000_000_000
        return StoredFile(
            path: root + object.path.dropFirst(bucket.utf8.count),
            name: name,
            bytes: object.bytes,
            modifiedNanoseconds: seconds,
            changedNanoseconds: seconds,
            tag: object.tag
        )
    }

    private func key(_ path: String) -> String { bucket + path.dropFirst(root.utf8.count) }

    func status(of path: String) throws(FileStoreError) -> StoredFile {
        let store = try store()
        let found: StoredObject?
        do throws(StoreError) { found = try store.head(key(path)) } catch {
            throw .unavailable(error.description)
        }
        guard let found, found.bytes >= 0 else { throw .notFound(path) }
        return file(found, path)
    }

    func open(_ path: String) throws(FileStoreError) -> BucketObject {
        let store = try store()
        do throws(StoreError) { return try store.open(key(path)) } catch {
            throw .unavailable(error.description)
        }
    }
}
