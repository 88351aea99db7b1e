internal import Files
internal import Synchronization

/// The topics at one moment.
internal struct TopicTable<FS: FileSystem>: Sendable {
    private(set) var byName: [String: Topic<FS>] = [:]
    private(set) var byID: [TopicID: Topic<FS>] = [:]
    /// Sorted by name.
    private(set) var sorted: [Topic<FS>] = []

    mutating func set(_ topic: Topic<FS>) {
        byName[topic.name] = topic
        byID[topic.id] = topic
        sorted = byName.values.sorted { $0.name < $1.name }
    }

    mutating func remove(_ topic: Topic<FS>) {
        byName[topic.name] = nil
        byID[topic.id] = nil
        sorted.removeAll { $0 === topic }
    }
}

/// The topics now, for all threads.
internal final class TopicRegister<FS: FileSystem>: Sendable {
    private let table: Mutex<TopicTable<FS>>

    init(_ table: TopicTable<FS>) { self.table = Mutex(table) }

    func withLock<Result>(_ body: (inout TopicTable<FS>) -> sending Result) -> sending Result {
        table.withLock(body)
    }

    /// All partitions, in order of topic and index.
    var partitions: [Partition<FS>] { table.withLock { $0.sorted.flatMap(\.partitions) } }
}
