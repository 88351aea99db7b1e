import Bytes
import Clocks
import Files
import KafkaProtocol
import Synchronization
import Testing
import Threads

@testable import EventLog

extension CrashSimulation {
    /// Reads from a random offset and compares with the model.
    mutating func readSomething() throws {
        guard let topic = log.topics.randomElement(using: &random),
            let partition = topic.partitions.randomElement(using: &random)
        else { return }
        let range = partition.range
        let from = Int64.random(in: range.lowerBound...range.upperBound, using: &random)
        let limit = Int.random(in: 1...2_000, using: &random)
        let records = try read(partition, from: from, maxBytes: limit)
        for record in records {
            let known = model.partitions[key(partition)]?.certain[record.offset]
            if known != nil && known != record.value {
                throw finding("read \(record), known is \(known ?? "")")
            }
        }
        if records.map(\.offset) != (from..<range.upperBound).map({ $0 }) {
            throw finding("read \(records.map(\.offset)) instead of \(from)..<\(range.upperBound)")
        }
    }

    private func read(
        _ partition: Partition<CrashFiles>,
        from offset: Int64? = nil,
        maxBytes: Int = 1 << 20
    ) throws -> [ReadRecord] {
        do {
            return try partition.records(from: offset, maxBytes: maxBytes)
        } catch {
            throw finding("reading \(partition.topicName)-\(partition.index): \(error)")
        }
    }

    /// Compares everything readable with the model.
    mutating func checkAll() throws {
        if files.isDown { return }
        for topic in log.topics {
            for partition in topic.partitions where model.partitions[key(partition)] != nil {
                let range = partition.range
                let records = try read(partition)
                try require(
                    model.check(
                        key(partition),
                        records,
                        start: range.lowerBound,
                        watermark: range.upperBound
                    )
                )
            }
        }
    }

    /// The device runs nearly full for a few operations.
    mutating func fill() {
        if Bool.random(using: &random) {
            files.limit(toBytes: files.bytesUsed + Int.random(in: 0...2_000, using: &random))
        } else {
            files.limit(toBytes: nil)
        }
    }

    /// A sync fails: the log must refuse everything until it is opened again.
    mutating func failSync() throws {
        isFaulty = true
        if Int.random(in: 0..<4, using: &random) == 0 {
            return files.fail(.syncDirectory, of: "")
        }
        files.fail(
            .sync,
            of: ["log", "wal", "meta", ".new"].randomElement(using: &random) ?? "log"
        )
    }

    mutating func reopenCleanly() throws {
        log.close()
        try collectAnswers()
        if files.isDown { return try crash() }
        try checkAll()
        let wasHealthy = log.writer.queue.withLock { $0.failure == nil }
        if !wasHealthy { return try crash() }
        try open()
        if !log.recovery.isClean { throw finding("after a clean close: \(log.recovery)") }
    }

    /// The power fails now. Appends without an answer may or may not have happened.
    mutating func crash() throws {
        crashes += 1
        if files.isDown || Bool.random(using: &random) {
            files.crash(seed: random.next())
        } else {
            files.restart()
        }
        isFaulty = false
        try open()
    }

    private mutating func open() throws {
        files.limit(toBytes: nil)
        asked = [:]
        answers = Answers()
        options.segmentBytesMax = Int.random(in: 100...6_000, using: &random)
        // Now and then the power fails while the log is being repaired.
        while Int.random(in: 0..<4, using: &random) == 0 {
            files.cutPower(afterOperations: Int.random(in: 0..<25, using: &random))
            if (try? openOnce()) != nil && !files.isDown {
                files.cutPower(afterOperations: nil)
                break
            }
            files.crash(seed: random.next())
        }
        do {
            try openOnce()
        } catch {
            // A sync that was made to fail may be one of the opening's. Then the operator looks at
            // the machine, and starts it again.
            if !isFaulty && !files.isDown { throw finding("the log does not open: \(error)") }
            files.crash(seed: random.next())
            isFaulty = false
            do { try openOnce() } catch { throw finding("the log does not open: \(error)") }
        }
        let present = Set(log.topics.map(\.id))
        for key in model.partitions.keys where !present.contains(key.topic) {
            throw finding("topic \(key.topic) is gone")
        }
        remember()
        try checkAll()
        for (key, partition) in model.partitions
        where log.topic(id: key.topic)?.partitions.count ?? 0 <= Int(key.index) {
            throw finding("partition \(key.index) with \(partition.certain.count) records is gone")
        }
    }

    private mutating func openOnce() throws {
        log.close()
        log = try Log.open(
            at: "/log",
            files,
            options,
            ManualClocks(),
            SeededRandom(seed: random.next()),
            .manual
        )
    }

    /// Everything still works, and idempotent producers get what they have outstanding in exactly
    /// once.
    mutating func finish() throws {
        step += 1
        for number in producers.indices {
            guard let topic = log.topic(id: producers[number].key.topic) else { continue }
            let partition = topic.partitions[Int(producers[number].key.index)]
            for (sequence, values) in producers[number].pending {
                let producer = Producer(id: producers[number].id, epoch: 0, sequence: sequence)
                model.unanswered.formUnion(values)
                let result = try log.appendAndWait(partition, batch(values, producer: producer))
                guard let base = result.baseOffset else { throw finding("sent again: \(result)") }
                try require(model.acknowledge(key(partition), values, at: base))
            }
            let all = try read(partition).map(\.value)
            if Set(all).count != all.count { throw finding("a record is there twice") }
        }
        try checkAll()
        log.close()
    }
}
