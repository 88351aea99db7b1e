import Synchronization

@testable import FileSource

/// A register in memory, which outlives the sources that use it.
final class MemoryRegister: FileRegister {
    private let files = Mutex<[RegisteredFile]>([])

    var all: [RegisteredFile] { files.withLock { $0 } }

    func identity() throws(FileRegisterError) -> String { "id" }

    func totals() throws(FileRegisterError) -> (files: Int64, end: Int64) {
        (Int64(all.count), all.last?.end ?? 0)
    }

    func file(at path: String) throws(FileRegisterError) -> RegisteredFile? {
        all.first { $0.path == path }
    }

    func file(holding offset: Int64) throws(FileRegisterError) -> RegisteredFile? {
        all.first { ($0.firstOffset..<$0.end).contains(offset) }
    }

    func files(
        before sequence: Int64,
        limit: Int
    ) throws(FileRegisterError) -> [RegisteredFile] {
        Array(all.filter { $0.sequence < sequence }.reversed().prefix(limit))
    }

    func offset(
        notOlderThan nanoseconds: Int64,
        from start: Int64
    ) throws(FileRegisterError) -> Int64? {
        all.first {
            $0.modifiedNanoseconds >= nanoseconds && $0.end > start && $0.recordCount > 0
        }.map { max(start, $0.firstOffset) }
    }

    func bytes(from offset: Int64) throws(FileRegisterError) -> Int64 {
        all.filter { $0.end > offset }.reduce(0) { $0 + $1.bytes }
    }

    func take(_ new: [RegisteredFile]) throws(FileRegisterError) -> [RegisteredFile] {
        files.withLock { files in
            var added: [RegisteredFile] = []
            for file in new where !files.contains(where: { $0.path == file.path }) {
                let entry = RegisteredFile(
                    sequence: Int64(files.count + 1),
                    path: file.path,
                    name: file.name,
                    bytes: file.bytes,
                    modifiedNanoseconds: file.modifiedNanoseconds,
                    tag: file.tag,
                    checksum: file.checksum,
                    framing: file.framing,
                    firstOffset: files.last?.end ?? 0,
                    recordCount: file.recordCount
                )
                files.append(entry)
                added.append(entry)
            }
            return added
        }
    }
}
