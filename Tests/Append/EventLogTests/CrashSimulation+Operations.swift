import Bytes
import Clocks
import Files
import KafkaProtocol
import Synchronization
import Testing

@testable import EventLog

extension CrashSimulation {
    /// Runs `body`; a storage error is fine when the device is to blame.
    mutating func tolerating(_ body: (borrowing Log) throws(LogError) -> Void) throws {
        do throws(LogError) {
            try body(log)
        } catch {
            switch error {
            case .storage(let cause) where files.isDown || cause.isNoSpace: return
            case .failed, .storage: return try crash()
            default: throw finding("\(error)")
            }
        }
    }

    mutating func createTopic() throws {
        guard log.topics.count < 4 else { return }
        let name = "t\(Int.random(in: 0..<6, using: &random))"
        let count = Int.random(in: 1...4, using: &random)
        if log.topic(name) != nil { return }
        try tolerating { log throws(LogError) in
            _ = try log.createTopic(name, partitions: count)
        }
        remember()
    }

    /// Tells the model of all partitions there are.
    mutating func remember() {
        for topic in log.topics where !model.forgotten.contains(topic.id) {
            for partition in topic.partitions {
                let key = CrashModel.PartitionKey(topic: topic.id, index: partition.index)
                if model.partitions[key] == nil { model.partitions[key] = .init() }
            }
        }
    }

    mutating func deleteTopic() throws {
        guard let topic = log.topics.randomElement(using: &random) else { return }
        // Deleted, or perhaps deleted: nothing is owed for it any more.
        forget(topic.id)
        try tolerating { log throws(LogError) in try log.deleteTopic(topic.name) }
    }

    mutating func forget(_ id: TopicID) {
        model.forgotten.insert(id)
        for key in model.partitions.keys where key.topic == id { model.partitions[key] = nil }
        producers.removeAll { $0.key.topic == id }
    }

    mutating func addPartitions() throws {
        guard let topic = log.topics.randomElement(using: &random) else { return }
        let count = topic.partitions.count + Int.random(in: 1...2, using: &random)
        if count > 8 { return }
        try tolerating { log throws(LogError) in
            _ = try log.addPartitions(to: topic.name, count: count)
        }
        remember()
    }

    mutating func values() -> [String] {
        let count = [1, 1, 2, 3, 10].randomElement(using: &random) ?? 1
        let padding = String(
            repeating: "~",
            count: [0, 5, 100, 400].randomElement(using: &random) ?? 0
        )
        return (0..<count).map { _ in
            nextValue += 1
            return "\(nextValue)\(padding)"
        }
    }

    mutating func append() throws {
        let partitions = log.topics.flatMap(\.partitions)
        guard !partitions.isEmpty else { return }
        var appends: [Append<CrashFiles>] = []
        var entries: [(key: CrashModel.PartitionKey, values: [String], producer: Int?)] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard let partition = partitions.randomElement(using: &random) else { continue }
            let values = values()
            appends.append(Append(partition, batch(values)))
            entries.append((key(partition), values, nil))
        }
        try send(appends, entries)
    }

    /// New batches of an idempotent producer, or all it has no answer to once more.
    mutating func appendIdempotent() throws {
        if producers.count < 3, let topic = log.topics.randomElement(using: &random),
            !model.forgotten.contains(topic.id),
            let partition = topic.partitions.randomElement(using: &random)
        {
            nextProducer += 1
            let id = nextProducer
            // Close to the largest sequence, so that some producers wrap.
            let first: Int32 = Bool.random(using: &random) ? 0 : .max - 20
            producers.append(.init(id: id, key: key(partition), nextSequence: first))
        }
        guard let number = producers.indices.randomElement(using: &random),
            let topic = log.topic(id: producers[number].key.topic)
        else { return }
        let index = Int(producers[number].key.index)
        guard index < topic.partitions.count else { return }
        if producers[number].pending.count < 4 {
            let values = values()
            let sequence = producers[number].nextSequence
            producers[number].pending.append((sequence, values))
            let next = Int64(sequence) + Int64(values.count)
            producers[number].nextSequence = Int32(next & 0x7fff_ffff)
        }
        // One request per batch, in order, as clients do.
        let before = crashes
        for (sequence, values) in producers[number].pending where crashes == before {
            let producer = Producer(id: producers[number].id, epoch: 0, sequence: sequence)
            try send(
                [Append(topic.partitions[index], batch(values, producer: producer))],
                [(producers[number].key, values, number)]
            )
        }
    }

    private mutating func send(
        _ appends: [Append<CrashFiles>],
        _ entries: [(key: CrashModel.PartitionKey, values: [String], producer: Int?)]
    ) throws {
        let number = nextAsk
        nextAsk += 1
        let answers = answers
        for entry in entries { model.unanswered.formUnion(entry.values) }
        asked[number] = Asked(entries: entries)
        try tolerating { log throws(LogError) in
            try log.append(appends) { results in
                answers.list.withLock { $0.append((number, results)) }
            }
        }
    }

    func key(_ partition: Partition<CrashFiles>) -> CrashModel.PartitionKey {
        .init(topic: partition.topicID, index: partition.index)
    }

    /// Tells the model what the log has answered.
    mutating func collectAnswers() throws {
        let new = answers.list.withLock { list in
            defer { list.removeAll() }
            return list
        }
        for (number, results) in new {
            guard let question = asked.removeValue(forKey: number) else {
                throw finding("append \(number) was answered twice")
            }
            for (entry, result) in zip(question.entries, results) {
                try take(result, entry.key, entry.values, entry.producer)
            }
        }
    }

    private mutating func take(
        _ result: AppendResult,
        _ key: CrashModel.PartitionKey,
        _ values: [String],
        _ producer: Int?
    ) throws {
        switch result {
        case .success(let appended):
            if model.partitions[key] == nil { return }
            if appended.lastOffset - appended.baseOffset + 1 != Int64(values.count) {
                throw finding("\(values) got offsets \(appended)")
            }
            try require(model.acknowledge(key, values, at: appended.baseOffset))
            if let number = producers.firstIndex(where: { producer in
                producer.key == key && producer.pending.contains { $0.values == values }
            }) {
                producers[number].pending.removeAll { $0.values == values }
            }
        case .failure(.noSpace):
            // An idempotent producer sends again, so its values may come to be later.
            if producer == nil {
                model.unanswered.subtract(values)
                model.refused.formUnion(values)
            }
        case .failure(.storage), .failure(.deleted): break
        case .failure(.outOfOrderSequence) where producer != nil: break
        case .failure(let error): throw finding("\(values.first ?? "") was refused: \(error)")
        }
    }
}
