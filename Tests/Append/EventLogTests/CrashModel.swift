import Testing

@testable import EventLog

/// What a client of the log may rely on, kept beside the real one.
///
/// For each partition: the records that must be there because somebody was told so or has read
/// them, and those that may be there because their append was under way when the machine stopped.
struct CrashModel {
    struct PartitionKey: Hashable {
        let topic: TopicID
        let index: Int32
    }

    struct PartitionModel {
        /// Values by offset: acknowledged or seen.
        var certain: [Int64: String] = [:]
        /// The largest high watermark ever seen.
        var watermark: Int64 = 0
    }

    var partitions: [PartitionKey: PartitionModel] = [:]
    /// Topics that were deleted, or perhaps deleted: nothing is owed for them.
    var forgotten: Set<TopicID> = []
    /// Values whose append never got an answer. They may turn up once.
    var unanswered: Set<String> = []
    /// Values that were refused with the promise that nothing was kept.
    var refused: Set<String> = []

    func certainCount() -> Int { partitions.values.reduce(0) { $0 + $1.certain.count } }

    /// An append was answered with success.
    mutating func acknowledge(_ key: PartitionKey, _ values: [String], at base: Int64) -> String? {
        for (number, value) in values.enumerated() {
            let offset = base + Int64(number)
            if let other = partitions[key, default: PartitionModel()].certain[offset],
                other != value
            {
                return "\(value) was acknowledged at \(key.index):\(offset), where \(other) is"
            }
            partitions[key, default: PartitionModel()].certain[offset] = value
            unanswered.remove(value)
        }
        return nil
    }

    /// Compares everything readable of a partition with what must and may be there, then takes it
    /// as certain.
    mutating func check(
        _ key: PartitionKey,
        _ records: [ReadRecord],
        start: Int64,
        watermark: Int64
    ) -> String? {
        var model = partitions[key, default: PartitionModel()]
        if watermark < model.watermark {
            return "the watermark of \(key.index) went back from \(model.watermark) to \(watermark)"
        }
        if records.map(\.offset) != (start..<watermark).map({ $0 }) {
            return
                "offsets of \(key.index) are \(records.map(\.offset)), not \(start)..<\(watermark)"
        }
        if start == 0, let lost = model.certain.keys.first(where: { $0 >= watermark }) {
            return "offset \(lost) of \(key.index) is lost: the log ends at \(watermark)"
        }
        for record in records {
            if let known = model.certain[record.offset] {
                if known == record.value { continue }
                return "offset \(record.offset) of \(key.index) is \(record.value), not \(known)"
            }
            if refused.contains(record.value) { return "\(record.value) was refused and is there" }
            if unanswered.remove(record.value) == nil {
                return "\(record.value) at \(key.index):\(record.offset) is there twice or unasked"
            }
            model.certain[record.offset] = record.value
        }
        model.watermark = watermark
        partitions[key] = model
        return nil
    }
}
