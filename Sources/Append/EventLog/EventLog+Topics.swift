public import Clocks
internal import Files
internal import Synchronization
internal import Threads

extension EventLog {
    /// The topic of that name. Cheap.
    public func topic(_ name: String) -> Topic<FS>? { table.withLock { $0.byName[name] } }

    /// The topic with that identity. Cheap.
    public func topic(id: TopicID) -> Topic<FS>? { table.withLock { $0.byID[id] } }

    /// All topics, sorted by name.
    public var topics: [Topic<FS>] { table.withLock { $0.sorted } }

    /// Makes a topic; when this returns it is durable. `configuration` is kept and given back,
    /// nothing more.
    public func createTopic(
        _ name: String,
        partitions: Int,
        configuration: [String: String] = [:]
    ) throws(LogError) -> Topic<FS> {
        try TopicRules.check(name: name)
        try TopicRules.check(partitions: partitions)
        try TopicRules.check(configuration: configuration)
        return try metadata.withLock { metadata throws(LogError) in
            if topic(name) != nil { throw .topicExists(name) }
            let entry = MetadataLog<FS>.TopicEntry(
                id: random.withLock { UUID16(random: &$0) },
                name: name,
                partitions: partitions,
                configuration: configuration
            )
            try metadata.create(entry)
            let topic = Topic(
                name: name,
                id: entry.id,
                partitions: (0..<Int32(partitions)).map { newPartition(entry, $0) },
                configuration: configuration
            )
            table.withLock { $0.set(topic) }
            return topic
        }
    }

    /// Gives a topic more partitions, `count` in all; when this returns they are durable.
    public func addPartitions(to name: String, count: Int) throws(LogError) -> Topic<FS> {
        try TopicRules.check(partitions: count)
        return try metadata.withLock { metadata throws(LogError) in
            guard let old = topic(name), let entry = metadata.topics[old.id] else {
                throw .unknownTopic(name)
            }
            if count < old.partitions.count { throw .invalidPartitionCount(count) }
            if count == old.partitions.count { return old }
            try metadata.setPartitions(of: old.id, to: count)
            let added = (Int32(old.partitions.count)..<Int32(count)).map { newPartition(entry, $0) }
            let topic = Topic(
                name: name,
                id: old.id,
                partitions: old.partitions + added,
                configuration: old.configuration
            )
            table.withLock { $0.set(topic) }
            return topic
        }
    }

    /// Deletes a topic and its files. When this returns it is durably gone and its name is free.
    ///
    /// Waits for the writer's present round, so it must not be called from an append's completion.
    public func deleteTopic(_ name: String) throws(LogError) {
        try metadata.withLock { metadata throws(LogError) in
            guard let topic = topic(name) else { throw .unknownTopic(name) }
            try metadata.delete(topic.id)
            table.withLock { $0.remove(topic) }
            for partition in topic.partitions { partition.markDeleted() }
            try performOnWriter { [writer] in
                for partition in topic.partitions {
                    partition.tail.isDeleted = true
                    do throws(FileError) { try partition.directoryFiles.remove() } catch {
                        // What cannot be removed now is removed at the next opening. But names that
                        // may come back must not meet those of a new topic.
                        if error.isFailedSync { writer.stop(because: "\(error)") }
                    }
                }
            }
        }
    }

    /// Runs `work` on the writer thread, between rounds, and waits for it.
    private func performOnWriter(_ work: @escaping @Sendable () -> Void) throws(LogError) {
        let done = Condition(false)
        let isTaken = writer.queue.update { queue in
            if queue.isClosing { return false }
            queue.commands.append {
                work()
                done.update { $0 = true }
            }
            return true
        }
        if !isTaken { throw .closed }
        if isManual { while writer.step() {} }
        _ = done.wait { $0 ? true : nil }
    }

    private func newPartition(_ entry: MetadataLog<FS>.TopicEntry, _ index: Int32) -> Partition<FS>
    {
        Partition(
            topicName: entry.name,
            topicID: entry.id,
            index: index,
            directory: "\(directory)/\(Partition<FS>.directoryName(entry.name, index))",
            files: files,
            options: options,
            instance: instance
        )
    }
}
