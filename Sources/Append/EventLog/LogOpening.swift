internal import Bytes
internal import Clocks
internal import Files

/// Brings a log's directory into order before it is used.
internal struct LogOpening<FS: FileSystem> {
    let files: FS
    let directory: String
    let options: LogOptions
    /// Stands for this opening.
    let instance = LogInstance()
    /// The topics with their recovered partitions.
    private(set) var table = TopicTable<FS>()
    /// What was repaired.
    private(set) var report = RecoveryReport()
    /// Files of the journal, ready to be written over.
    private(set) var freeFiles: [JournalFile<FS>] = []

    init(files: FS, directory: String, options: LogOptions) {
        self.files = files
        self.directory = directory
        self.options = options
    }

    /// Recovers every partition, then empties the journal: everything in it is durable in the
    /// segments then.
    mutating func recover(_ metadata: MetadataLog<FS>, now: Timestamp) throws(LogError) {
        let (checkpoint, journal) = try LogError.storing { () throws(FileError) in
            (
                try Checkpoint.load(directory, files),
                try JournalReader(files, directory: directory)
            )
        }
        for entry in metadata.topics.values.sorted(by: { $0.name < $1.name }) {
            var partitions: [Partition<FS>] = []
            for index in 0..<Int32(entry.partitions) {
                partitions.append(try partition(entry, index, checkpoint, journal, now))
            }
            table.set(
                Topic(
                    name: entry.name,
                    id: entry.id,
                    partitions: partitions,
                    configuration: entry.configuration
                )
            )
        }
        do throws(FileError) { try finish() } catch { throw .storage(error) }
    }

    private mutating func partition(
        _ entry: MetadataLog<FS>.TopicEntry,
        _ index: Int32,
        _ checkpoint: Checkpoint,
        _ journal: JournalReader<FS>,
        _ now: Timestamp
    ) throws(LogError) -> Partition<FS> {
        let key = Checkpoint.Key(topic: entry.id, index: index)
        let path = "\(directory)/\(Partition<FS>.directoryName(entry.name, index))"
        var repair = PartitionRecovery(
            files: files,
            options: options,
            directory: PartitionDirectory(path: path, topicID: entry.id, files: files),
            journal: journal.entries[key] ?? [],
            now: now
        )
        return Partition(
            topicName: entry.name,
            topicID: entry.id,
            index: index,
            directory: path,
            files: files,
            options: options,
            instance: instance,
            recovered: try repair.recover(from: checkpoint.points[key], &report)
        )
    }

    private mutating func finish() throws(FileError) {
        let partitions = table.sorted.flatMap(\.partitions)
        if report.verifiedBatches > 0 {
            do throws(FileError) {
                try Checkpoint(of: partitions).store(directory, files)
            } catch {
                // On a full device the log can still be read; the next opening verifies more.
                if !error.isNoSpace { throw error }
            }
        }
        try JournalReader.clear(files, directory: directory)
        freeFiles = try JournalReader.recycle(files, directory: directory, options: options)
        try removeStrangers(partitions)
    }

    /// Removes the directories of partitions that no topic has: what a deletion left behind.
    private func removeStrangers(_ partitions: [Partition<FS>]) throws(FileError) {
        let known = Set(partitions.map(\.directory))
        for name in try files.list(directory) {
            let path = "\(directory)/\(name)"
            guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")),
                Int32(name[name.utf8.index(after: dash)...]) != nil,
                !known.contains(path), files.exists("\(path)/partition.metadata")
            else { continue }
            try PartitionDirectory(path: path, topicID: .zero, files: files).remove()
        }
    }
}

/// One opening of a log. Partitions of an earlier one know nothing of what was appended since.
internal final class LogInstance: Sendable {}
