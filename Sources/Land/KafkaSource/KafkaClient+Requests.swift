internal import CRdKafka
import Clocks
import Glibc
import Pipelines

/// A topic as the cluster describes it.
struct DescribedTopic {
    let name: String
    /// Its identity in base 64; empty when the cluster gives topics none.
    let id: String
    let partitionCount: Int
}

/// Questions to the cluster, each with an answer within a time or an error.
extension KafkaClient {
    /// Topic ids of clusters that have none are zero.
    private static let noIdentity = "AAAAAAAAAAAAAAAAAAAAAA"

    /// The cluster's identity.
    func clusterID(timeout: Duration) throws(LogSourceError) -> String {
        try unsafe ask(timeout) { handle, options, queue in
            unsafe rd_kafka_DescribeCluster(handle, options, queue)
        } answer: { event in
            // SAFETY: the texts belong to the event, which lives through this closure.
            guard let result = unsafe rd_kafka_event_DescribeCluster_result(event),
                let id = unsafe rd_kafka_DescribeCluster_result_cluster_id(result)
            else { return nil }
            return unsafe String(cString: id)
        }
    }

    /// Those of the topics that exist.
    func describe(
        _ names: [String],
        timeout: Duration
    ) throws(LogSourceError) -> [DescribedTopic] {
        if names.isEmpty { return [] }
        let found: Result<[DescribedTopic], LogSourceError> = try unsafe ask(timeout) {
            handle,
            options,
            queue in
            // SAFETY: librdkafka copies the names; each is freed here.
            let texts = unsafe names.map { unsafe strdup($0) }
            defer { unsafe texts.forEach { unsafe free($0) } }
            var pointers = unsafe texts.map { unsafe UnsafePointer($0) }
            let topics = unsafe rd_kafka_TopicCollection_of_topic_names(&pointers, names.count)
            unsafe rd_kafka_DescribeTopics(handle, topics, options, queue)
            unsafe rd_kafka_TopicCollection_destroy(topics)
        } answer: { event in
            unsafe Self.topics(of: event)
        }
        switch found {
        case .success(let topics): return topics
        case .failure(let error):
            news.failed(error.description)
            throw error
        }
    }

    private static func topics(
        of event: OpaquePointer
    ) -> Result<[DescribedTopic], LogSourceError>? {
        // SAFETY: everything that is read belongs to the event, which the caller holds.
        guard let result = unsafe rd_kafka_event_DescribeTopics_result(event) else { return nil }
        var count = 0
        let found = unsafe rd_kafka_DescribeTopics_result_topics(result, &count)
        var topics: [DescribedTopic] = []
        for index in 0..<count {
            guard let topic = unsafe found?[index] else { continue }
            switch unsafe Self.topic(topic) {
            case .success(let topic?): topics.append(topic)
            case .success(nil): continue
            case .failure(let error): return .failure(error)
            }
        }
        return .success(topics)
    }

    /// One topic of an answer; nil when there is no such topic.
    private static func topic(_ topic: OpaquePointer) -> Result<DescribedTopic?, LogSourceError> {
        // SAFETY: the description and its texts belong to the event, which the caller holds.
        let name = unsafe rd_kafka_TopicDescription_name(topic).map { unsafe String(cString: $0) }
        let code = unsafe rd_kafka_error_code(rd_kafka_TopicDescription_error(topic))
        guard let name, code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART else {
            return .success(nil)
        }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return .failure(.unavailable("topic \(name): \(text(code))"))
        }
        var partitions = 0
        // SAFETY: as above; the array itself is not looked at.
        _ = unsafe rd_kafka_TopicDescription_partitions(topic, &partitions)
        let id = unsafe rd_kafka_TopicDescription_topic_id(topic)
            .flatMap { unsafe rd_kafka_Uuid_base64str($0) }
            .map { unsafe String(cString: $0) }
        return .success(
            DescribedTopic(
                name: name,
                id: id == noIdentity ? "" : id ?? "",
                partitionCount: partitions
            )
        )
    }

    /// Names of all topics that we may see.
    func topicNames(timeout: Duration) throws(LogSourceError) -> [String] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let code = unsafe rd_kafka_metadata(handle, 1, nil, &metadata, timeout.milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = unsafe metadata else {
            let error = LogSourceError.unavailable(text(code))
            news.failed(error.description)
            throw error
        }
        defer { unsafe rd_kafka_metadata_destroy(found) }
        news.answered()
        var names: [String] = []
        for index in 0..<Int(unsafe found.pointee.topic_cnt) {
            // SAFETY: within the count; everything belongs to the metadata until it is freed.
            let topic = unsafe found.pointee.topics[index]
            if unsafe topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, let name = unsafe topic.topic {
                names.append(unsafe String(cString: name))
            }
        }
        return names
    }

    /// Puts a question into a queue of its own and waits for the answer.
    ///
    /// `answer` reads the event; nil means that it is not the answer.
    func ask<Answer>(
        _ timeout: Duration,
        _ question: (_ handle: OpaquePointer, _ options: OpaquePointer?, _ queue: OpaquePointer?) ->
            Void,
        answer: (OpaquePointer) -> Answer?
    ) throws(LogSourceError) -> Answer {
        let options = unsafe rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_ANY)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        let queue = unsafe rd_kafka_queue_new(handle)
        defer { unsafe rd_kafka_queue_destroy(queue) }
        var reason = [CChar](repeating: 0, count: 256)
        // SAFETY: the buffer is as large as said; options and queue are freed when all is done.
        unsafe rd_kafka_AdminOptions_set_request_timeout(
            options,
            timeout.milliseconds,
            &reason,
            reason.count
        )
        unsafe question(handle, options, queue)
        guard let event = unsafe rd_kafka_queue_poll(queue, timeout.milliseconds + 500) else {
            return try give(up: "no answer within \(timeout.text)")
        }
        defer { unsafe rd_kafka_event_destroy(event) }
        let code = unsafe rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let found = unsafe answer(event) else {
            let words = unsafe rd_kafka_event_error_string(event).map {
                unsafe String(cString: $0)
            }
            return try give(up: words ?? text(code))
        }
        news.answered()
        return found
    }

    /// What the connection itself complains of says more than a request that had no answer.
    private func give<Answer>(up reason: String) throws(LogSourceError) -> Answer {
        news.failed(reason)
        throw .unavailable(news.trouble ?? reason)
    }
}

extension Duration {
    /// As librdkafka wants it.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
