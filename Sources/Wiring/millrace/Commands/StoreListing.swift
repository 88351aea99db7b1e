import Stores

/// What lies at a URI: an object, or what is in a folder.
struct StoreListing {
    /// True when the URI is an object's.
    let isObject: Bool
    /// The object, or what is in the folder, in order of the names.
    let objects: [StoredObject]
    private let root: StoreURI

    /// Looks. A folder with nothing in it is there if its store knows it.
    init(_ stores: StoreSet, _ uri: StoreURI, isDeep: Bool) throws(StoreError) {
        root = uri
        let store = try stores.objects(uri)
        let path = uri.objectPath
        let head = try store.head(path)
        if let head, !head.isFolder {
            isObject = true
            objects = [head]
            return
        }
        let found = try store.list(path, isDeep: isDeep, withFolders: !isDeep)
        // A bucket whose root cannot be told is said by its listing.
        if head == nil, found.isEmpty { throw .notFound(uri: "\(uri)") }
        isObject = false
        objects = found.sorted { $0.path < $1.path }
    }

    /// The object's name below the URI; its own when it is the URI's.
    func name(of object: StoredObject) -> String {
        if isObject { return root.lastComponent }
        let folder = root.objectPath
        let rest = object.path.dropFirst(folder.utf8.count)
        return String(rest.drop { $0 == "/" })
    }

    /// The object's URI.
    func uri(of object: StoredObject) -> StoreURI {
        isObject ? root : root.appending(name(of: object))
    }
}
