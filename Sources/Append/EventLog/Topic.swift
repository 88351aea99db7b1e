public import Clocks
public import Files

/// Identifies a topic for ever: a deleted topic's successor of the same name has another one.
public typealias TopicID = UUID16

/// A named set of partitions. Immutable: adding partitions makes a new value, whose old partitions
/// are the same objects.
public final class Topic<FS: FileSystem>: Sendable {
    /// The name.
    public let name: String
    /// The identity.
    public let id: TopicID
    /// The partitions, by index.
    public let partitions: [Partition<FS>]
    /// Settings as they were given; the log keeps them and attaches no meaning.
    public let configuration: [String: String]

    internal init(
        name: String,
        id: TopicID,
        partitions: [Partition<FS>],
        configuration: [String: String]
    ) {
        self.name = name
        self.id = id
        self.partitions = partitions
        self.configuration = configuration
    }
}

/// Kafka's rules for topics.
internal enum TopicRules {
    static let partitionsMax = 10_000
    static let nameBytesMax = 249

    static func check(name: String) throws(LogError) {
        if name.isEmpty { throw .invalidTopicName(name, reason: "it is empty") }
        if name == "." || name == ".." {
            throw .invalidTopicName(name, reason: "it would be a directory")
        }
        if name.utf8.count > nameBytesMax {
            throw .invalidTopicName(name, reason: "it is longer than \(nameBytesMax) characters")
        }
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                continue
            default:
                throw .invalidTopicName(
                    name,
                    reason: "only letters, digits, '.', '_' and '-' may be"
                )
            }
        }
    }

    static func check(configuration: [String: String]) throws(LogError) {
        for (key, value) in configuration
        where key.utf8.count > Int(UInt16.max) || value.utf8.count > Int(UInt16.max) {
            throw .settingTooLong(String(key.prefix(100)))
        }
        if configuration.count > Int(UInt16.max) { throw .settingTooLong("") }
    }

    static func check(partitions: Int) throws(LogError) {
        if !(1...partitionsMax).contains(partitions) { throw .invalidPartitionCount(partitions) }
    }
}
