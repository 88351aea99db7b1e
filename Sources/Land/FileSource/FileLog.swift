public import Bytes
public import Clocks
public import Pipelines
import Synchronization
import Telemetry

/// Dropped files as a pipeline's source: a topic of one partition whose records are the lines or
/// rows of the files that were taken, one file after the other.
///
/// Each lane has one of its own over the source that it shares with others. A record's key is the
/// file's path below the folder, its time is when the file was last changed.
public final class FileLog<
    Store: FileStore,
    Register: FileRegister,
    Time: WallClock & MonotonicClock
>: LogSource {
    /// What `notify` returns.
    public struct Notification: Sendable {
        fileprivate let waiter: Int?
    }

    /// The files that are read.
    public let files: FileSource<Store, Register, Time>
    private let isPatient: Bool
    private let readers = Mutex<[FileReader<Store.Contents>]>([])

    /// Places that are remembered: landing, and a backfill beside it.
    private static var readersMax: Int { 2 }

    /// A log over `files`. If `isPatient`, nothing is told before all that is complete was taken
    /// once: for lanes that begin at the end of what is there.
    public init(_ files: FileSource<Store, Register, Time>, isPatient: Bool = false) {
        self.files = files
        self.isPatient = isPatient
    }

    /// The same for all files: which ones they are, the topic's identity tells.
    public var clusterID: String { get throws(LogSourceError) { "files" } }

    /// The one topic.
    public var topicNames: [String] { [files.name] }

    /// Why the folder cannot be looked at.
    public var trouble: String? { files.trouble }

    /// The files as a topic.
    public func topic(named name: String) -> SourceTopic? {
        guard name == files.name else { return nil }
        return SourceTopic(name: name, id: files.identity, partitionCount: 1)
    }

    /// The readable offsets: those of the files behind the last one that was removed or changed.
    public func bounds(of partition: SourcePartition) throws(LogSourceError) -> SourceBounds {
        try check(partition)
        return try files.bounds(isPatient: isPatient)
    }

    private func check(_ partition: SourcePartition) throws(LogSourceError) {
        guard partition.topic == files.name, partition.index == 0 else {
            throw .unknownPartition(partition)
        }
    }

    /// The first record of the first file that is not older.
    public func offset(
        in partition: SourcePartition,
        atOrAfter timestamp: Int64
    ) throws(LogSourceError) -> Int64 {
        let bounds = try bounds(of: partition)
        let (nanoseconds, overflow) = timestamp.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return timestamp < 0 ? bounds.start : bounds.end }
        do throws(FileRegisterError) {
            return try files.register.offset(notOlderThan: nanoseconds, from: bounds.start)
                ?? bounds.end
        } catch { throw .unavailable(error.description) }
    }

    /// The size of the files with these records, as they lie there.
    public func bytes(of partition: SourcePartition, from offset: Int64) -> Int64? {
        try? files.register.bytes(from: offset)
    }

    // Reading

    /// Appends batches, at least one for each file; files that follow one another are read at once.
    public func read(
        _ partition: SourcePartition,
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(LogSourceError) -> SourceBounds {
        let bounds = try bounds(of: partition)
        guard offset >= 0, offset <= bounds.end else {
            throw .outOfRange(partition, offset: offset, bounds: bounds)
        }
        let before = buffer.count
        var next = offset
        while next < bounds.end, buffer.count - before < bytesMax {
            do {
                next = try readFile(
                    from: next,
                    bytesMax: bytesMax - (buffer.count - before),
                    into: &buffer
                )
            } catch {
                // What came before is good; the next read meets the fault again.
                if buffer.count > before { return bounds }
                throw told(error, partition, offset, bounds)
            }
        }
        return bounds
    }

    /// A file that could not be read.
    private struct Failure: Error {
        let file: RegisteredFile?
        let fault: FileFault
    }

    /// Returns the offset behind what was read.
    private func readFile(
        from offset: Int64,
        bytesMax: Int,
        into buffer: inout ByteBuffer
    ) throws(Failure) -> Int64 {
        let reader = try reader(at: offset)
        do throws(FileFault) {
            try reader.read(bytesMax: bytesMax, into: &buffer)
        } catch { throw Failure(file: reader.file, fault: error) }
        if !reader.isAtEnd, !reader.isBroken {
            readers.withLock { readers in
                readers.append(reader)
                if readers.count > Self.readersMax { readers.removeFirst() }
            }
        }
        return reader.next
    }

    private func reader(at offset: Int64) throws(Failure) -> FileReader<Store.Contents> {
        let known = readers.withLock { readers in
            readers.firstIndex { $0.next == offset }.map { readers.remove(at: $0) }
        }
        if let known { return known }
        let found: RegisteredFile?
        do throws(FileRegisterError) { found = try files.register.file(holding: offset) } catch {
            throw Failure(file: nil, fault: .unavailable(error.description))
        }
        guard let found else {
            throw Failure(file: nil, fault: .changed("no file of the register has this offset"))
        }
        do throws(FileFault) { return try files.reader(of: found, from: offset) } catch {
            throw Failure(file: found, fault: error)
        }
    }

    private func told(
        _ failure: any Error,
        _ partition: SourcePartition,
        _ offset: Int64,
        _ bounds: SourceBounds
    ) -> LogSourceError {
        guard let failure = failure as? Failure else { return .unavailable("\(failure)") }
        let path = failure.file?.path ?? ""
        switch failure.fault {
        case .missing:
            files.logger.error(
                "a file was removed before it was landed",
                ["path": path, "offset": offset, "end": failure.file?.end ?? offset]
            )
            let start = max(bounds.start, failure.file?.end ?? 0)
            return .outOfRange(
                partition,
                offset: offset,
                bounds: SourceBounds(start: start, end: max(start, bounds.end))
            )
        case .changed(let reason), .damaged(let reason):
            return .corrupt(
                partition,
                offset: offset,
                reason: path.isEmpty
                    ? reason : "the file \(path) was changed after it had been taken: \(reason)"
            )
        case .unavailable(let reason):
            return .unavailable(path.isEmpty ? reason : "\(path): \(reason)")
        case .interrupted:
            return .unavailable("the files are not read any more")
        }
    }

    /// The file and the line of the record at `offset`; nil when no file that was taken has it.
    public func describe(_ offset: Int64) throws(LogSourceError) -> FilePlace? {
        let file: RegisteredFile?
        do throws(FileRegisterError) { file = try files.register.file(holding: offset) } catch {
            throw .unavailable(error.description)
        }
        guard let file else { return nil }
        do throws(FileFault) {
            let reader = try files.reader(of: file, from: offset)
            var record = ByteBuffer()
            try reader.read(bytesMax: 1, into: &record)
            return FilePlace(path: file.path, line: reader.line)
        } catch { return FilePlace(path: file.path, line: nil) }
    }

    // News

    /// Calls `wake` when files were taken.
    public func notify(
        when positions: [SourcePartition: Int64],
        _ wake: @escaping @Sendable () -> Void
    ) -> Notification {
        let mine = positions.filter { $0.key.topic == files.name }.map(\.value)
        return Notification(waiter: mine.min().flatMap { files.notify(beyond: $0, wake) })
    }

    /// Forgets the registration.
    public func cancel(_ notification: Notification) {
        if let waiter = notification.waiter { files.cancel(waiter) }
    }
}
