internal import EventLog
internal import KafkaProtocol

extension Broker {
    private enum Moment {
        static var latest: Int64 { -1 }
        static var earliest: Int64 { -2 }
        static var largestTimestamp: Int64 { -3 }
        static var earliestLocal: Int64 { -4 }
    }

    /// Tells offsets by time. Without transactions what is committed is what is durable.
    internal func listOffsets(_ request: ListOffsetsAPI.Request, _ call: Call) -> Handling<FS> {
        let response = ListOffsetsAPI.Response {
            $0.topics = request.topics.map { asked in
                let topic = log.topic(asked.name)
                return .init {
                    $0.name = asked.name
                    $0.partitions = asked.partitions.map { list($0, topic) }
                }
            }
        }
        return .answer(call.answer(ListOffsetsAPI.self, response))
    }

    private func list(
        _ asked: ListOffsetsAPI.Request.Topic.Partition,
        _ topic: Topic<FS>?
    ) -> ListOffsetsAPI.Response.Topic.Partition {
        .init {
            $0.index = asked.index
            guard let topic, topic.partitions.indices.contains(Int(asked.index)) else {
                $0.errorCode = .unknownTopicOrPartition
                return
            }
            if asked.currentLeaderEpoch > 0 {
                $0.errorCode = .unknownLeaderEpoch
                return
            }
            do throws(LogError) {
                let partition = topic.partitions[Int(asked.index)]
                guard let found = try Self.find(asked.timestamp, in: partition) else { return }
                $0.offset = found.offset
                $0.timestamp = found.timestamp
                $0.leaderEpoch = 0
            } catch {
                $0.errorCode = ErrorCode(error)
            }
        }
    }

    private static func find(
        _ timestamp: Int64,
        in partition: Partition<FS>
    ) throws(LogError) -> (offset: Int64, timestamp: Int64)? {
        switch timestamp {
        case Moment.latest: return (partition.highWatermark, -1)
        case Moment.earliest, Moment.earliestLocal: return (partition.logStartOffset, -1)
        case Moment.largestTimestamp: return try largestTimestamp(of: partition)
        case 0...:
            return try partition.offset(forTimestamp: timestamp).map { ($0.offset, $0.timestamp) }
        default: return nil
        }
    }

    /// The first of the records with the largest timestamp, found by halving the range of
    /// timestamps.
    private static func largestTimestamp(
        of partition: Partition<FS>
    ) throws(LogError) -> (offset: Int64, timestamp: Int64)? {
        guard var best = try partition.offset(forTimestamp: 0) else { return nil }
        var tooLate = Int64.max
        while best.timestamp < tooLate - 1 {
            let middle = best.timestamp + (tooLate - best.timestamp) / 2
            if let found = try partition.offset(forTimestamp: middle) {
                best = found
            } else {
                tooLate = middle
            }
        }
        // What was found is the first at or after some moment, not always the first with its own
        // timestamp.
        let first = try partition.offset(forTimestamp: best.timestamp) ?? best
        return (first.offset, first.timestamp)
    }
}
