public import Bytes

/// An object as its store tells of it.
public struct StoredObject: Equatable, Sendable {
    /// Bucket and name: `bucket/folder/name`.
    public let path: String
    /// Its size; -1 for a folder.
    public let bytes: Int64
    /// When it was made, in nanoseconds since 1970; stores tell it to the second or finer.
    public let modifiedNanoseconds: Int64
    /// What the store calls this version of it (S3's ETag); empty where it does not tell.
    public let tag: String

    /// True for what only groups objects.
    public var isFolder: Bool { bytes < 0 }
}

/// What every store can do that is reached over the network. Paths are `bucket/name`.
///
/// Objects appear whole or not at all. May be used from any thread; calls block.
public protocol RemoteObjects: Sendable {
    /// The objects below `folder`, and below its folders if `isDeep`; the folders themselves only
    /// if `withFolders`. None when there is no such folder.
    func list(
        _ folder: String,
        isDeep: Bool,
        withFolders: Bool
    ) throws(StoreError) -> [StoredObject]
    /// What is at `path`. Nil when there is nothing.
    func head(_ path: String) throws(StoreError) -> StoredObject?
    /// The size of an object, asked for with one request; nil when there is none.
    func size(_ path: String) throws(StoreError) -> Int64?
    /// All bytes of an object, which must have at most `bytesMax`.
    func read(_ path: String, bytesMax: Int) throws(StoreError) -> ByteBuffer
    /// Appends up to `count` bytes of an object from `position` on to `buffer`; returns how many
    /// there were. Fewer means that the object ends there.
    func read(
        _ path: String,
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(StoreError) -> Int
    /// Puts bytes in the place of whatever has that name.
    func put(_ path: String, _ bytes: RawSpan) throws(StoreError)
    /// Puts a file of this machine, and tells its size.
    func upload(_ path: String, file: String) throws(StoreError) -> Int64
    /// Brings an object into a new file of this machine, and tells its size.
    func download(_ path: String, file: String) throws(StoreError) -> Int64
    /// Removes an object. One that is not there is no error.
    func delete(_ path: String) throws(StoreError)
    /// Removes a folder with all that is in it; of a bucket only what is in it.
    func deleteFolder(_ path: String) throws(StoreError)
    /// Copies an object within the store.
    func copy(_ path: String, to target: String) throws(StoreError)
    /// Makes a folder, where there are folders.
    func createFolder(_ path: String) throws(StoreError)
}
