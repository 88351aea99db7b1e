internal import Bytes
internal import Checksums
internal import Clocks
internal import Files
internal import KafkaProtocol
internal import Synchronization

// The files `journal/<8 digits>.wal`: a write-ahead journal shared by all partitions, so that a
// round costs one sync however many partitions it touches. Each file is allocated whole and used
// again and again, because overwriting blocks that exist is what makes a sync cheap.
//
//     0      magic u32 "MRWA", version u16, 2 bytes zero, generation u64 (random, new at each use),
//            checksum u32 of those 16
//     512…   records, each beginning at a multiple of 512, so that no sector is shared by two:
//       magic u32 "MRWR", checksum u32 (of the rest of the head and of the entries),
//       generation u64, sequence u64, entries u32, zero u32
//       for each entry: topic id 16 bytes, partition i32, bytes u32, base offset i64
//       the entries' batches, one behind the other, as they stand in the segments
//
// A file ends with the first record whose generation is not the file's, whose sequence is not the
// one after the last, whose checksum is wrong, or whose batches are not whole. Batches carry their
// own checksums, so their bytes are not summed again. A file of zeros, or with another head, holds
// nothing.

/// Constants of the journal's format.
internal enum JournalFormat {
    static let fileMagic: UInt32 = 0x4d52_5741
    static let recordMagic: UInt32 = 0x4d52_5752
    static let version: UInt16 = 1
    static let sectorBytes = 512
    static let fileHeadBytes = 20
    static let recordHeadBytes = 32
    static let entryBytes = 32
    static let directory = "journal"

    static func aligned(_ bytes: Int) -> Int {
        (bytes + sectorBytes - 1) / sectorBytes * sectorBytes
    }

    static func name(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + ".wal"
    }

    static func number(in name: String) -> Int? {
        guard name.hasSuffix(".wal"), name.utf8.count >= 12 else { return nil }
        return Int(name.dropLast(4))
    }
}

/// One file of the journal and what must be synced before it can be used again.
///
/// @unchecked Sendable: belongs to the writer thread while it is written, to the flusher when it is
/// full, to the list of free files when its segments are synced; the hand-over goes through
/// `FlushQueue`'s lock.
internal final class JournalFile<FS: FileSystem>: @unchecked Sendable {
    let file: FS.File
    /// Segments whose newest bytes may be durable only here.
    var covered: [(partition: Partition<FS>, segment: Segment<FS>)] = []
    var generation: UInt64 = 0
    /// Where the next record goes.
    var position = 0

    init(_ file: FS.File) { self.file = file }
}

/// The writer thread's end of the journal.
///
/// @unchecked Sendable: made before the writer thread starts, used by it alone.
internal final class Journal<FS: FileSystem>: @unchecked Sendable {
    private let files: FS
    private let directory: String
    private let options: LogOptions
    private let flushing: FlushQueue<FS>
    private var random: SeededRandom
    private var current: JournalFile<FS>?
    private var filesMade: Int
    private var nextSequence: UInt64 = 1
    private var slices: [SlabSlice] = []

    /// A journal in `directory/journal`; `recycled` are files that are there already and hold
    /// nothing.
    init(
        _ files: FS,
        directory: String,
        options: LogOptions,
        flushing: FlushQueue<FS>,
        recycled: Int,
        random: SeededRandom
    ) {
        self.files = files
        self.directory = "\(directory)/\(JournalFormat.directory)"
        self.options = options
        self.flushing = flushing
        self.random = random
        filesMade = recycled
    }

    /// Writes the rounds of `partitions` as one record and syncs it. False, with nothing done, when
    /// it has no room now: the caller must sync the segments. The segments must have been written
    /// before.
    func append(_ partitions: [Partition<FS>], bytes: Int) throws(StorageFailure) -> Bool {
        let head = JournalFormat.recordHeadBytes + partitions.count * JournalFormat.entryBytes
        let total = JournalFormat.aligned(head + bytes)
        guard JournalFormat.sectorBytes + total <= options.journalFileBytes,
            let current = try fileWithRoom(for: total)
        else { return false }
        let begin = current.position == 0 ? Self.fileHead(current.generation) : ByteBuffer()
        slices.append(SlabSlice(Slab(record(partitions, current.generation, after: begin))))
        for partition in partitions { slices.append(contentsOf: partition.tail.round.slices) }
        defer { slices.removeAll(keepingCapacity: true) }
        do throws(FileError) {
            try current.file.write(slices, at: Int64(current.position))
        } catch {
            // Nothing is lost: the segments have the bytes. What stands in the file, whole or torn,
            // is the same as there.
            seal()
            return false
        }
        do throws(FileError) { try current.file.sync() } catch {
            throw StorageFailure(reason: "\(error)")
        }
        if current.position == 0 { current.position = JournalFormat.sectorBytes }
        current.position += total
        nextSequence += 1
        for partition in partitions { cover(partition, by: current) }
        return true
    }

    private func cover(_ partition: Partition<FS>, by current: JournalFile<FS>) {
        guard let segment = partition.tail.segments.last,
            partition.tail.coveredBy != current.generation
        else { return }
        partition.tail.coveredBy = current.generation
        current.covered.append((partition, segment))
    }

    /// The present file if `bytes` fit, else the next one.
    private func fileWithRoom(for bytes: Int) throws(StorageFailure) -> JournalFile<FS>? {
        if let current {
            let start = max(current.position, JournalFormat.sectorBytes)
            if start + bytes <= options.journalFileBytes { return current }
            seal()
        }
        var next = flushing.takeFreeFile()
        if next == nil { next = try makeFile() }
        guard let next else { return nil }
        next.generation = random.next()
        next.position = 0
        next.covered.removeAll(keepingCapacity: true)
        current = next
        return next
    }

    /// Hands the present file to the flusher, which frees it when its segments are synced.
    private func seal() {
        if let current { flushing.seal(current) }
        current = nil
    }

    /// A new file of full size, unless there are enough or the device has no room for it.
    private func makeFile() throws(StorageFailure) -> JournalFile<FS>? {
        guard filesMade < options.journalFilesMax else { return nil }
        let path = "\(directory)/\(JournalFormat.name(filesMade))"
        do throws(FileError) {
            try files.createDirectories(directory)
            let file = try files.open(path, .create)
            try file.allocate(
                at: 0,
                length: Int64(options.journalFileBytes),
                keepingSize: false
            )
            try files.syncDirectory(directory)
            filesMade += 1
            return JournalFile(file)
        } catch {
            // A name that is not durable must not come to look so by the next sync of the
            // directory.
            if error.isFailedSync { throw StorageFailure(reason: "\(error)") }
            // The round syncs its segments instead; what was reserved in vain is given back.
            try? files.remove(path)
            return nil
        }
    }

    private static func fileHead(_ generation: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer(capacity: 1024)
        buffer.append(JournalFormat.fileMagic)
        buffer.append(JournalFormat.version)
        buffer.append(0 as UInt16)
        buffer.append(generation)
        buffer.append(crc32c(buffer.bytes))
        buffer.appendZeros(JournalFormat.sectorBytes - buffer.count)
        return buffer
    }

    /// The head and the entries of a record, behind `begin`.
    private func record(
        _ partitions: [Partition<FS>],
        _ generation: UInt64,
        after begin: consuming ByteBuffer
    ) -> ByteBuffer {
        var buffer = begin
        let start = buffer.count
        buffer.append(JournalFormat.recordMagic)
        buffer.append(0 as UInt32)
        buffer.append(generation)
        buffer.append(nextSequence)
        buffer.append(UInt32(partitions.count))
        buffer.append(0 as UInt32)
        for partition in partitions {
            buffer.append(partition.topicID)
            buffer.append(partition.index)
            buffer.append(UInt32(partition.tail.round.bytes))
            buffer.append(partition.tail.nextOffset)
        }
        let summed = (start + 8)..<buffer.count
        buffer.overwrite(crc32c(buffer.bytes.extracting(summed)), at: start + 4)
        return buffer
    }
}
