import Catalogs
import Clocks
import Configuration
import FileSource
import JSONText
import Telemetry

typealias PipelineFiles = FileSource<PipelineFileStore, CatalogRegister, SystemClocks>
typealias PipelineFileLog = FileLog<PipelineFileStore, CatalogRegister, SystemClocks>

/// The register of a pipeline's files, in the catalog's database.
struct CatalogRegister: FileRegister {
    private let book: FileBook

    init(_ book: FileBook) {
        self.book = book
    }

    func identity() throws(FileRegisterError) -> String { book.identity }

    func totals() throws(FileRegisterError) -> (files: Int64, end: Int64) {
        try told { () throws(CatalogError) in try book.totals() }
    }

    func file(at path: String) throws(FileRegisterError) -> RegisteredFile? {
        try told { () throws(CatalogError) in try book.file(at: path) }.map { RegisteredFile($0) }
    }

    func file(holding offset: Int64) throws(FileRegisterError) -> RegisteredFile? {
        try told { () throws(CatalogError) in try book.file(holding: offset) }
            .map { RegisteredFile($0) }
    }

    func files(
        before sequence: Int64,
        limit: Int
    ) throws(FileRegisterError) -> [RegisteredFile] {
        try told { () throws(CatalogError) in try book.files(before: sequence, limit: limit) }
            .map { RegisteredFile($0) }
    }

    func offset(
        notOlderThan nanoseconds: Int64,
        from start: Int64
    ) throws(FileRegisterError) -> Int64? {
        try told { () throws(CatalogError) in
            try book.offset(notOlderThan: nanoseconds, from: start)
        }
    }

    func bytes(from offset: Int64) throws(FileRegisterError) -> Int64 {
        try told { () throws(CatalogError) in try book.bytes(from: offset) }
    }

    func take(_ files: [RegisteredFile]) throws(FileRegisterError) -> [RegisteredFile] {
        try told { () throws(CatalogError) in try book.append(files.map { FileBook.Entry($0) }) }
            .map { RegisteredFile($0) }
    }

    /// The book's errors in the register's words.
    private func told<Answer>(
        _ ask: () throws(CatalogError) -> Answer
    ) throws(FileRegisterError) -> Answer {
        do { return try ask() } catch { throw FileRegisterError(error.description) }
    }
}

extension RegisteredFile {
    fileprivate init(_ entry: FileBook.Entry) {
        self.init(
            sequence: entry.sequence,
            path: entry.path,
            name: entry.name,
            bytes: entry.bytes,
            modifiedNanoseconds: entry.modifiedNanoseconds,
            tag: entry.tag,
            checksum: entry.checksum,
            framing: entry.framing,
            firstOffset: entry.firstOffset,
            recordCount: entry.recordCount
        )
    }
}

extension FileBook.Entry {
    fileprivate init(_ file: RegisteredFile) {
        self.init(
            sequence: file.sequence,
            path: file.path,
            name: file.name,
            bytes: file.bytes,
            modifiedNanoseconds: file.modifiedNanoseconds,
            tag: file.tag,
            checksum: file.checksum,
            framing: file.framing,
            firstOffset: file.firstOffset,
            recordCount: file.recordCount
        )
    }
}

extension PipelineFiles {
    /// The files of a pipeline; its register is begun if need be.
    convenience init(
        _ pipeline: PipelineConfiguration,
        _ files: FilesConfiguration,
        in settings: MillraceConfiguration,
        logger: Logger
    ) throws(CommandError) {
        var options = FileSourceOptions()
        options.poll = files.poll
        options.settle = files.settle
        var random = SystemRandom()
        do {
            let book = try FileBook(
                path: settings.lake.catalog,
                source: pipeline.name,
                newIdentity: UUID16(random: &random).base64
            )
            try self.init(
                name: pipeline.name,
                store: PipelineFileStore(files, in: settings),
                register: CatalogRegister(book),
                framing: RecordFraming(pipeline.tables[0].format.format),
                options: options,
                clock: SystemClocks(),
                logger: logger.with(["pipeline": pipeline.name])
            )
        } catch {
            throw CommandError("the register of the files of \(pipeline.name): \(error)")
        }
    }
}

extension FileReport {
    /// What people and scripts are told of a pipeline's files.
    var json: JSONValue {
        func notes(_ notes: [Note]) -> JSONValue {
            .array(notes.map { ["path": .string($0.path), "reason": .string($0.reason)] })
        }
        return [
            "taken": .integer(taken), "records": .integer(records),
            "settling": .array(settling.map { .string($0) }), "refused": notes(refused),
            "changed": notes(changed), "trouble": trouble.map { .string($0) } ?? .null,
        ]
    }
}

/// A pipeline's files in words, from the JSON that a server gives.
enum FilesText {
    /// Names that are shown of files that wait or are refused.
    private static let shownMax = 10

    /// A line for what was taken, and one for each file that somebody should look at.
    static func lines(_ files: JSONValue, of pipeline: String) -> String {
        func number(_ key: String) -> String { grouped(files[key]?.integerValue ?? 0) }
        var text = "files of \(pipeline): \(number("taken")) taken, \(number("records")) records"
        let settling = files["settling"]?.arrayValue ?? []
        if !settling.isEmpty { text += ", \(grouped(Int64(settling.count))) settling" }
        text += "\n"
        if let trouble = files["trouble"]?.stringValue { text += "  \(trouble)\n" }
        for (key, words) in [("refused", "refused"), ("changed", "changed since it was taken")] {
            let notes = files[key]?.arrayValue ?? []
            for note in notes.prefix(shownMax) {
                let path = note["path"]?.stringValue ?? ""
                text += "  \(path) \(words): \(note["reason"]?.stringValue ?? "")\n"
            }
            if notes.count > shownMax { text += "  … and \(notes.count - shownMax) more\n" }
        }
        return text
    }
}
