/// A setting of topics as Kafka knows it.
internal struct TopicSetting: Sendable {
    /// The numbers DescribeConfigs gives them.
    enum Kind: Int8, Sendable {
        case boolean = 1
        case string = 2
        case int = 3
        case long = 5
        case double = 6
        case list = 7
    }
    let name: String
    let kind: Kind
    let defaultValue: String
    /// For strings and lists: what they may be made of.
    var allowed: [String] = []
    /// For numbers: the smallest.
    var minimum: Double = 0

    /// Why `value` is not allowed, or nil.
    func objection(to value: String) -> String? {
        switch kind {
        case .boolean:
            return value == "true" || value == "false" ? nil : "\(name) is true or false"
        case .int, .long:
            guard let number = Int64(value), kind == .long || Int32(exactly: number) != nil else {
                return "\(name) is a number, not \"\(value)\""
            }
            return Double(number) < minimum ? "\(name) is at least \(Int64(minimum))" : nil
        case .double:
            guard let number = Double(value), (minimum...1).contains(number) else {
                return "\(name) is a number from 0 to 1, not \"\(value)\""
            }
            return nil
        case .string:
            return allowed.contains(value)
                ? nil : "\(name) is one of \(allowed.joined(separator: ", ")), not \"\(value)\""
        case .list:
            let parts = value.split(separator: ",").map(String.init)
            return !parts.isEmpty && parts.allSatisfy(allowed.contains)
                ? nil : "\(name) is made of \(allowed.joined(separator: ", ")), not \"\(value)\""
        }
    }
}

/// The settings of topics that clients may name and ask for.
///
/// They are checked, kept with the topic and told back, because administration tools and Kafka
/// Connect insist on them. What the broker itself acts on is `max.message.bytes`; what nobody can
/// act on yet is refused where acting otherwise would be wrong (timestamps made by the log) and
/// kept where it errs towards keeping more (retention, compaction).
internal enum TopicSettings {
    static let all: [TopicSetting] = [
        .init(
            name: "cleanup.policy",
            kind: .list,
            defaultValue: "delete",
            allowed: ["compact", "delete"]
        ),
        .init(
            name: "compression.type",
            kind: .string,
            defaultValue: "producer",
            allowed: ["producer"]
        ),
        .init(name: "delete.retention.ms", kind: .long, defaultValue: "86400000"),
        .init(name: "file.delete.delay.ms", kind: .long, defaultValue: "60000"),
        .init(
            name: "flush.messages",
            kind: .long,
            defaultValue: "9223372036854775807",
            minimum: 1
        ),
        .init(name: "flush.ms", kind: .long, defaultValue: "9223372036854775807"),
        .init(name: "index.interval.bytes", kind: .int, defaultValue: "4096"),
        .init(
            name: "max.compaction.lag.ms",
            kind: .long,
            defaultValue: "9223372036854775807",
            minimum: 1
        ),
        .init(name: maxMessageBytes, kind: .int, defaultValue: "1048588"),
        .init(
            name: "message.timestamp.after.max.ms",
            kind: .long,
            defaultValue: "9223372036854775807"
        ),
        .init(
            name: "message.timestamp.before.max.ms",
            kind: .long,
            defaultValue: "9223372036854775807"
        ),
        .init(
            name: "message.timestamp.type",
            kind: .string,
            defaultValue: "CreateTime",
            allowed: ["CreateTime"]
        ),
        .init(name: "min.cleanable.dirty.ratio", kind: .double, defaultValue: "0.5"),
        .init(name: "min.compaction.lag.ms", kind: .long, defaultValue: "0"),
        .init(name: "min.insync.replicas", kind: .int, defaultValue: "1", minimum: 1),
        .init(name: "preallocate", kind: .boolean, defaultValue: "false"),
        .init(
            name: "remote.storage.enable",
            kind: .string,
            defaultValue: "false",
            allowed: ["false"]
        ),
        .init(name: "retention.bytes", kind: .long, defaultValue: "-1", minimum: -1),
        .init(name: "retention.ms", kind: .long, defaultValue: "604800000", minimum: -1),
        .init(name: "segment.bytes", kind: .int, defaultValue: "268435456", minimum: 14),
        .init(name: "segment.index.bytes", kind: .int, defaultValue: "10485760", minimum: 4),
        .init(name: "segment.jitter.ms", kind: .long, defaultValue: "0"),
        .init(name: "segment.ms", kind: .long, defaultValue: "604800000", minimum: 1),
        .init(name: "unclean.leader.election.enable", kind: .boolean, defaultValue: "false"),
    ]
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    private static let maxMessageBytes = "max.message.bytes"

    /// Why a topic may not have this setting, or nil.
    static func objection(to name: String, _ value: String?) -> String? {
        guard let setting = byName[name] else { return "unknown topic setting \(name)" }
        guard let value else { return "\(name) needs a value" }
        return setting.objection(to: value)
    }

    /// The largest batch a topic with this configuration takes; nil when it does not say.
    static func batchBytesMax(of configuration: [String: String]) -> Int? {
        configuration.isEmpty ? nil : configuration[maxMessageBytes].flatMap { Int($0) }
    }
}
