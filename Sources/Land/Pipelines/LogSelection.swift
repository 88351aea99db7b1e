public import Clocks

/// A place in a partition, as people name it.
public enum OffsetBound: Equatable, Sendable {
    /// The first offset that is there.
    case earliest
    /// The end.
    case latest
    /// This offset.
    case offset(Int64)
    /// The first record that is not older.
    case time(Timestamp)

    /// Reads `earliest`, `latest`, an offset, or a moment in ISO 8601; nil for anything else.
    public init?(_ text: String) {
        if text == "earliest" {
            self = .earliest
        } else if text == "latest" {
            self = .latest
        } else if let offset = Int64(text) {
            guard offset >= 0 else { return nil }
            self = .offset(offset)
        } else if let moment = Timestamp(iso8601: text) {
            self = .time(moment)
        } else {
            return nil
        }
    }
}

/// A part of what a lane reads.
public struct LogSelection: Equatable, Sendable {
    /// The topic; nil for all of the lane's.
    public var topic: String?
    /// The partition; nil for all.
    public var partition: Int32?
    /// Where it begins, in every partition.
    public var from = OffsetBound.earliest
    /// Where it ends, in every partition: the offset there is not part of it.
    public var to = OffsetBound.latest

    /// Everything.
    public init() {}
}

extension Lane {
    /// The offsets that `selection` means now.
    public func ranges(
        of selection: LogSelection
    ) throws(LogSourceError) -> [SourcePartition: Range<Int64>] {
        var ranges: [SourcePartition: Range<Int64>] = [:]
        for partition in partitions where selection.contains(partition) {
            let low = try offset(selection.from, in: partition)
            ranges[partition] = low..<max(low, try offset(selection.to, in: partition))
        }
        return ranges
    }

    /// The offset that `bound` means in a partition now.
    public func offset(
        _ bound: OffsetBound,
        in partition: SourcePartition
    ) throws(LogSourceError) -> Int64 {
        switch bound {
        case .earliest: try source.bounds(of: partition).start
        case .latest: try source.bounds(of: partition).end
        case .offset(let offset): offset
        case .time(let moment): try source.offset(in: partition, atOrAfter: moment.milliseconds)
        }
    }

    /// The partitions there are now of everything the lane reads.
    public var partitions: [SourcePartition] {
        source.topics(selectedBy: definition.selectors).flatMap { topic in
            (0..<Int32(topic.partitionCount)).map {
                SourcePartition(topic: topic.name, index: $0)
            }
        }
    }
}

extension LogSelection {
    fileprivate func contains(_ place: SourcePartition) -> Bool {
        (topic ?? place.topic) == place.topic && (partition ?? place.index) == place.index
    }
}
