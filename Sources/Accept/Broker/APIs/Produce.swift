internal import Bytes
internal import EventLog
internal import Files
internal import KafkaProtocol
internal import Telemetry

extension Broker {
    /// Appends batches. Every answer waits until the batches are durable, also for acks=1; for
    /// acks=0 there is none.
    internal func produce(_ request: ProduceAPI.Request, _ call: Call) -> Handling<FS> {
        guard let frame = call.frame else {
            preconditionFailure("the bytes of a Produce request must be kept")
        }
        var plan = ProducePlan<FS>(request)
        for (topicIndex, asked) in request.topics.enumerated() {
            let topic = log.topic(asked.name)
            for (index, partition) in asked.partitions.enumerated() {
                let place = ProducePlan<FS>.Place(topic: topicIndex, partition: index)
                do throws(Refusal) {
                    let append = try admit(partition, topic, request, call, frame)
                    plan.add(append, at: place)
                } catch {
                    plan.refuse(place, error)
                }
            }
        }
        return perform(plan, call)
    }

    private func perform(_ plan: ProducePlan<FS>, _ call: Call) -> Handling<FS> {
        if plan.appends.isEmpty {
            guard plan.wantsAnswer else {
                return plan.firstFailure.map { .close(reason: $0) } ?? .answer(Answer { _ in })
            }
            return .answer(call.answer(ProduceAPI.self, plan.response))
        }
        do throws(LogError) {
            try log.append(plan.appends) { results in
                var plan = plan
                plan.complete(results)
                if plan.wantsAnswer {
                    call.reply(.answer(call.answer(ProduceAPI.self, plan.response)))
                } else if let reason = plan.firstFailure {
                    call.reply(.close(reason: "a batch sent with acks=0 was refused: \(reason)"))
                } else {
                    call.reply(.nothing)
                }
            }
            return .later(isPipelined: true)
        } catch {
            if case .overloaded = error { return .overloaded }
            logger.error("the log takes no appends", ["error": error.description])
            var plan = plan
            plan.refuseAll(Refusal(ErrorCode(error), error.description))
            guard plan.wantsAnswer else { return .close(reason: error.description) }
            return .answer(call.answer(ProduceAPI.self, plan.response))
        }
    }

    /// Checks what the log does not know about: the request, the topic's settings.
    private func admit(
        _ partition: ProduceAPI.Request.Topic.Partition,
        _ topic: Topic<FS>?,
        _ request: ProduceAPI.Request,
        _ call: Call,
        _ frame: SlabSlice
    ) throws(Refusal) -> Append<FS> {
        guard (-1...1).contains(request.acks) else {
            throw Refusal(.invalidRequiredAcks, "acks is \(request.acks); it must be -1, 0 or 1")
        }
        guard let topic, topic.partitions.indices.contains(Int(partition.index)) else {
            throw Refusal(.unknownTopicOrPartition, nil)
        }
        guard topic.name != offsets.name else {
            throw Refusal(.invalidTopicException, "\(topic.name) is written by the broker alone")
        }
        guard let range = partition.records, !range.isEmpty else {
            throw Refusal(.invalidRecord, "the partition has no records")
        }
        let start = frame.range.lowerBound
        let batches = SlabSlice(
            frame.slab,
            (start + range.lowerBound)..<(start + range.upperBound)
        )
        let header: RecordBatchHeader
        do throws(RecordBatchError) {
            header = try RecordBatchHeader(batches.bytes)
        } catch {
            throw Refusal(ErrorCode(error), error.description)
        }
        if header.isTransactional || request.transactionalID != nil {
            throw Refusal(.invalidTxnState, "transactions are not supported")
        }
        if header.attributes.codecNumber == 4 && call.version < 7 {
            throw Refusal(.unsupportedCompressionType, "zstd needs Produce v7")
        }
        let limit = TopicSettings.batchBytesMax(of: topic.configuration) ?? options.batchBytesMax
        if header.totalSize > limit {
            throw Refusal(
                .messageTooLarge,
                "the batch has \(header.totalSize) bytes, topic \(topic.name) takes \(limit)"
            )
        }
        return Append(topic.partitions[Int(partition.index)], batches)
    }
}

/// Why a partition's batch is not appended.
private struct Refusal: Error {
    let code: ErrorCode
    let message: String?

    init(_ code: ErrorCode, _ message: String?) {
        self.code = code
        self.message = message
    }
}

/// What is appended for a request, and its answer as it fills.
private struct ProducePlan<FS: FileSystem>: Sendable {
    struct Place: Sendable {
        let topic: Int
        let partition: Int
    }
    private(set) var appends: [Append<FS>] = []
    /// Where in the response each append's outcome goes.
    private var places: [Place] = []
    private(set) var response = ProduceAPI.Response {
        _ in
    }
    let wantsAnswer: Bool

    init(_ request: ProduceAPI.Request) {
        wantsAnswer = request.acks != 0
        response.topics = request.topics.map { topic in
            .init {
                $0.name = topic.name
                $0.partitions = topic.partitions.map { partition in
                    .init { $0.index = partition.index }
                }
            }
        }
    }

    mutating func add(_ append: Append<FS>, at place: Place) {
        appends.append(append)
        places.append(place)
    }

    mutating func refuse(_ place: Place, _ refusal: Refusal) {
        response.topics[place.topic].partitions[place.partition].errorCode = refusal.code
        response.topics[place.topic].partitions[place.partition].errorMessage = refusal.message
    }

    mutating func refuseAll(_ refusal: Refusal) {
        for place in places { refuse(place, refusal) }
    }

    mutating func complete(_ results: [AppendResult]) {
        for (place, result) in zip(places, results) {
            switch result {
            case .success(let appended):
                response.topics[place.topic].partitions[place.partition].baseOffset =
                    appended.baseOffset
                response.topics[place.topic].partitions[place.partition].logStartOffset =
                    appended.logStartOffset
            case .failure(let error):
                refuse(place, Refusal(ErrorCode(error), "\(error)"))
            }
        }
    }

    /// What to say of a request that gets no answer.
    var firstFailure: String? {
        for topic in response.topics {
            for partition in topic.partitions where partition.errorCode != .none {
                return "\(topic.name)-\(partition.index): "
                    + (partition.errorMessage ?? "\(partition.errorCode)")
            }
        }
        return nil
    }
}
