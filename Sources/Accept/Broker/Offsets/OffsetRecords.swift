internal import Bytes

/// The records of the internal topic `__consumer_offsets`, in Kafka's own format, so that Kafka's
/// tools can read them.
///
/// Key (OffsetCommitKey, version 1): int16 version = 1, string group, string topic, int32
/// partition. Value (OffsetCommitValue, version 3): int16 version = 3, int64 offset, int32 leader
/// epoch, string metadata, int64 commit timestamp. A record without a value takes the offset back.
/// Strings have an int16 length.
///
/// Keys of version 2 (group metadata) and values of other versions may be there from elsewhere:
/// they are skipped.
///
/// Source: Apache Kafka,
/// group-coordinator/src/main/resources/common/message/OffsetCommit{Key,Value}.json.
internal enum OffsetRecords {
    static let keyVersion: Int16 = 1
    static let valueVersion: Int16 = 3

    static func appendKey(_ group: String, _ partition: TopicPartition, to buffer: inout ByteBuffer)
    {
        buffer.append(keyVersion)
        append(group, to: &buffer)
        append(partition.topic, to: &buffer)
        buffer.append(partition.partition)
    }

    static func appendValue(_ offset: CommittedOffset, to buffer: inout ByteBuffer) {
        buffer.append(valueVersion)
        buffer.append(offset.offset)
        buffer.append(offset.leaderEpoch)
        append(offset.metadata, to: &buffer)
        buffer.append(offset.timestamp)
    }

    /// The group and partition a key names; nil when it is the key of something else.
    static func readKey(_ key: RawSpan) throws(ByteError) -> (group: String, TopicPartition)? {
        var reader = ByteReader(key)
        let version = try reader.read(Int16.self)
        // Version 0 has the same fields.
        guard version == 0 || version == keyVersion else { return nil }
        let group = try readText(&reader)
        let topic = try readText(&reader)
        return (group, TopicPartition(topic, try reader.read(Int32.self)))
    }

    /// What a value says. Versions 0 to 3 differ in what stands around the same core.
    static func readValue(_ value: RawSpan) throws(ByteError) -> CommittedOffset? {
        var reader = ByteReader(value)
        let version = try reader.read(Int16.self)
        guard (0...valueVersion).contains(version) else { return nil }
        let offset = try reader.read(Int64.self)
        let leaderEpoch = version >= 3 ? try reader.read(Int32.self) : -1
        let metadata = try readText(&reader)
        let timestamp = try reader.read(Int64.self)
        return CommittedOffset(
            offset: offset,
            leaderEpoch: leaderEpoch,
            metadata: metadata,
            timestamp: timestamp
        )
    }

    private static func append(_ text: String, to buffer: inout ByteBuffer) {
        let length = text.utf8.count
        precondition(length <= Int(Int16.max), "a string of the offsets topic is too long")
        buffer.append(Int16(length))
        buffer.append(utf8: text)
    }

    private static func readText(_ reader: inout ByteReader) throws(ByteError) -> String {
        let length = Int(try reader.read(Int16.self))
        return try reader.readText(length)
    }
}
