public import Bytes

/// A file as a listing shows it.
public struct StoredFile: Equatable, Sendable {
    /// What the register knows it by: the path as the settings would write it, or a URI.
    public let path: String
    /// Its path below the folder that is read: the key of its records.
    public let name: String
    /// Its size.
    public let bytes: Int64
    /// When its bytes were last changed, in nanoseconds since 1970: the time of its records.
    public let modifiedNanoseconds: Int64
    /// When anything of it was last changed, in nanoseconds since 1970.
    public let changedNanoseconds: Int64
    /// What the store calls this version of it (an ETag); empty where stores have none.
    public let tag: String

    /// A file with these parts.
    public init(
        path: String,
        name: String,
        bytes: Int64,
        modifiedNanoseconds: Int64,
        changedNanoseconds: Int64,
        tag: String = ""
    ) {
        self.path = path
        self.name = name
        self.bytes = bytes
        self.modifiedNanoseconds = modifiedNanoseconds
        self.changedNanoseconds = changedNanoseconds
        self.tag = tag
    }

    /// When its bytes were last changed, in milliseconds since 1970.
    var modifiedMilliseconds: Int64 { modifiedNanoseconds.quotientDown(by: 1_000_000) }
}

extension Int64 {
    /// Rounded towards earlier times, also before 1970.
    func quotientDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Why a store of files did not do what it was asked.
public enum FileStoreError: Error, Equatable, Sendable {
    /// There is no such file, and the folder it should be in is there.
    case notFound(String)
    /// The store does not answer, or refuses; trying again later may help.
    case unavailable(String)
}

/// Where files are dropped: a folder, or a bucket.
public protocol FileStore: Sendable {
    /// An open file.
    associatedtype Contents: FileContents

    /// True when files appear whole: then nobody has to wait whether they still grow.
    var isWholeAtOnce: Bool { get }
    /// The files that fit what is to be read, in any order.
    func list() throws(FileStoreError) -> [StoredFile]
    /// The file as it is now.
    func status(of path: String) throws(FileStoreError) -> StoredFile
    /// Opens a file of the listing for reading.
    func open(_ path: String) throws(FileStoreError) -> Contents
}

/// An open file, read from front to back. Belongs to one thread at a time.
public protocol FileContents: Sendable {
    /// Appends up to `count` bytes from `position` on to `buffer`; returns how many there were.
    /// Fewer means that the file ends there.
    func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(FileStoreError) -> Int
}
