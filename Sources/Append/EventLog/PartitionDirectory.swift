internal import Bytes
internal import Clocks
internal import Files

/// The directory of a partition's files.
///
/// It holds `partition.metadata`, as Kafka's do, which names the topic the files belong to:
///
///     version: 0
///     topic_id: <22 characters of base64>
///
/// A directory without it, or with another topic's, was left by a topic that was deleted or never
/// begun: nothing in it was acknowledged to anybody who still may ask for it.
internal struct PartitionDirectory<FS: FileSystem> {
    let path: String
    let topicID: TopicID
    let files: FS

    private var metadataPath: String { "\(path)/partition.metadata" }

    private var metadata: String { "version: 0\ntopic_id: \(topicID.base64)\n" }

    /// True when the directory exists and its files belong to the topic.
    func isOurs() throws(FileError) -> Bool {
        guard files.exists(metadataPath) else { return false }
        let content = try files.contents(of: metadataPath, bytesMax: 1 << 16)
        return String(repairingUTF8: content.bytes) == metadata
    }

    /// Makes the directory anew, durably, without the files that lay there.
    func make() throws(FileError) {
        if files.exists(path) {
            try clear()
        } else {
            try files.createDirectories(path)
        }
        var content = ByteBuffer()
        content.append(utf8: metadata)
        try files.replace(metadataPath, with: content.bytes)
    }

    /// Removes the files in the directory, durably. The metadata goes first: a half-cleared
    /// directory is nobody's.
    func clear() throws(FileError) {
        if files.exists(metadataPath) {
            try files.remove(metadataPath)
            try files.syncDirectory(path)
        }
        for name in try files.list(path) { try files.remove("\(path)/\(name)") }
        try files.syncDirectory(path)
    }

    /// Removes the directory and the files in it.
    func remove() throws(FileError) {
        guard files.exists(path) else { return }
        try clear()
        try files.remove(path)
        try files.syncDirectory(directoryName(of: path))
    }

    /// The numbers in the names of the files that end in `suffix`, ascending.
    func offsets(_ suffix: String) throws(FileError) -> [Int64] {
        // Names with leading zeros sort as their numbers do.
        try files.list(path).compactMap { OffsetName.offset(in: $0, suffix) }
    }
}

/// Names of files that begin with an offset: twenty digits and a suffix.
internal enum OffsetName {
    static func make(_ offset: Int64, _ suffix: String) -> String {
        let digits = String(offset)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits + suffix
    }

    static func offset(in name: String, _ suffix: String) -> Int64? {
        guard name.hasSuffix(suffix), name.utf8.count == 20 + suffix.utf8.count else { return nil }
        let digits = name.prefix(20)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(digits)
    }
}
