public import Bytes

/// Where the files of tables lie. Objects are named by URI, made once and never changed.
public protocol ObjectStore: Sendable {
    /// Makes an object whose bytes are durable when this returns. Its name is durable after
    /// `makeDurable`. Fails with `isExisting` when there is one; nothing is left after an error.
    func create(_ uri: String, _ bytes: Slab) throws(StoreError)
    /// Makes objects durable that somebody else wrote, and the names of all `uris` down from the
    /// folder `root`.
    /// - Parameter written: their URIs with their sizes, which are compared.
    /// - Parameter names: objects made by `create`.
    func makeDurable(
        written: [(uri: String, bytes: Int64)],
        names: [String],
        below root: String
    ) throws(StoreError)
    /// All bytes of an object, which must have at most `bytesMax`.
    func read(_ uri: String, bytesMax: Int) throws(StoreError) -> Slab
    /// Removes an object. One that is not there is no error.
    func delete(_ uri: String) throws(StoreError)
    /// True when there is such an object or folder.
    func exists(_ uri: String) throws(StoreError) -> Bool
    /// Makes a folder, where folders exist. One that is there is no error.
    func createFolder(_ uri: String) throws(StoreError)
    /// URIs of what lies directly in a folder, sorted.
    func list(_ folder: String) throws(StoreError) -> [String]
    /// What lies directly in a folder, with sizes and times; none when there is no such folder.
    /// Links are not followed and not told.
    func entries(of folder: String) throws(StoreError) -> [StoreEntry]
}
