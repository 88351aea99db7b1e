/// A file whose records have offsets: it was taken, once and for all.
public struct RegisteredFile: Equatable, Sendable {
    /// Its number in the order in which files were taken, from 1.
    public let sequence: Int64
    /// See `StoredFile.path`.
    public let path: String
    /// See `StoredFile.name`.
    public let name: String
    /// Its size when it was taken.
    public let bytes: Int64
    /// When it had last been changed, in nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
    /// See `StoredFile.tag`.
    public let tag: String
    /// CRC-32C of its bytes.
    public let checksum: UInt32
    /// How it is cut into records: see `RecordFraming.text`.
    public let framing: String
    /// Offset of its first record.
    public let firstOffset: Int64
    /// Records in it.
    public let recordCount: Int64

    /// A file with these parts.
    public init(
        sequence: Int64,
        path: String,
        name: String,
        bytes: Int64,
        modifiedNanoseconds: Int64,
        tag: String,
        checksum: UInt32,
        framing: String,
        firstOffset: Int64,
        recordCount: Int64
    ) {
        self.sequence = sequence
        self.path = path
        self.name = name
        self.bytes = bytes
        self.modifiedNanoseconds = modifiedNanoseconds
        self.tag = tag
        self.checksum = checksum
        self.framing = framing
        self.firstOffset = firstOffset
        self.recordCount = recordCount
    }

    /// The offset behind its last record.
    public var end: Int64 { firstOffset + recordCount }
}

/// Why the register could not be read or written; trying again later may help.
public struct FileRegisterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened.
    public let description: String

    /// An error that says `description`.
    public init(_ description: String) {
        self.description = description
    }
}

/// Which files of one source were taken, in which order: what gives their records offsets.
///
/// Must be as durable as the tables that the offsets are landed in. Usable from any thread, and by
/// several processes.
public protocol FileRegister: Sendable {
    /// The identity of this source's offsets; made with the register and never changed.
    func identity() throws(FileRegisterError) -> String
    /// How many files were taken, and the offset behind the last record.
    func totals() throws(FileRegisterError) -> (files: Int64, end: Int64)
    /// The file of that path, if it was taken.
    func file(at path: String) throws(FileRegisterError) -> RegisteredFile?
    /// The file with the record at `offset`.
    func file(holding offset: Int64) throws(FileRegisterError) -> RegisteredFile?
    /// At most `limit` files with numbers below `sequence`, the last one first.
    func files(before sequence: Int64, limit: Int) throws(FileRegisterError) -> [RegisteredFile]
    /// The first offset at or above `start` in a file not older than `nanoseconds`.
    func offset(
        notOlderThan nanoseconds: Int64,
        from start: Int64
    ) throws(FileRegisterError) -> Int64?
    /// The size of all files with records at or above `offset`.
    func bytes(from offset: Int64) throws(FileRegisterError) -> Int64
    /// Takes files, in this order, at the end of what there is; those whose path is taken already
    /// are left out. Numbers and offsets are given here; those of `files` mean nothing. Durable
    /// when it returns, all of them or none.
    func take(_ files: [RegisteredFile]) throws(FileRegisterError) -> [RegisteredFile]
}
