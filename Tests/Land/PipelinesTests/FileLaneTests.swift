import Bytes
import Catalogs
import Clocks
import FileSource
import Files
import Glibc
import Telemetry
import Testing
import Threads

@testable import Pipelines

private typealias Dropped = FileSource<FolderStore<LocalFiles>, BookRegister, SystemClocks>
private typealias FileLane = Lane<
    FileLog<FolderStore<LocalFiles>, BookRegister, SystemClocks>, MemoryTables, SystemClocks
>

/// The catalog's book as a register, as the program joins them.
private struct BookRegister: FileRegister {
    let book: FileBook

    func identity() -> String { book.identity }

    func totals() throws(FileRegisterError) -> (files: Int64, end: Int64) {
        try told { () throws(CatalogError) in try book.totals() }
    }

    func file(at path: String) throws(FileRegisterError) -> RegisteredFile? {
        try told { () throws(CatalogError) in try book.file(at: path).map { RegisteredFile($0) } }
    }

    func file(holding offset: Int64) throws(FileRegisterError) -> RegisteredFile? {
        try told { () throws(CatalogError) in
            try book.file(holding: offset).map { RegisteredFile($0) }
        }
    }

    func files(
        before sequence: Int64,
        limit: Int
    ) throws(FileRegisterError) -> [RegisteredFile] {
        try told { () throws(CatalogError) in
            try book.files(before: sequence, limit: limit).map { RegisteredFile($0) }
        }
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
        try told { () throws(CatalogError) in
            try book.append(
                files.map { file in
                    FileBook.Entry(
                        sequence: 0,
                        path: file.path,
                        name: file.name,
                        bytes: file.bytes,
                        modifiedNanoseconds: file.modifiedNanoseconds,
                        tag: file.tag,
                        checksum: file.checksum,
                        framing: file.framing,
                        firstOffset: 0,
                        recordCount: file.recordCount
                    )
                }
            ).map { RegisteredFile($0) }
        }
    }

    private func told<R>(
        _ body: () throws(CatalogError) -> R
    ) throws(FileRegisterError) -> R {
        do throws(CatalogError) { return try body() } catch {
            throw FileRegisterError(error.description)
        }
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

/// A folder, the catalog's database, and tables in memory.
private final class Site {
    let path: String
    let tables = MemoryTables()

    init() throws {
        path = "/tmp/millrace-lane-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories("\(path)/in")
    }

    deinit {
        let files = LocalFiles()
        for folder in ["\(path)/in", path] {
            for name in (try? files.list(folder)) ?? [] { try? files.remove("\(folder)/\(name)") }
            try? files.remove(folder)
        }
    }

    func drop(_ name: String, _ text: String) throws {
        var bytes = ByteBuffer()
        bytes.append(utf8: text)
        let file = try LocalFiles().open("\(path)/in/\(name)", .create)
        try file.write(bytes.bytes, at: 0)
    }

    func remove(_ name: String) throws { try LocalFiles().remove("\(path)/in/\(name)") }

    /// The files as a process that has just started sees them; nothing settles for long here.
    func files() throws -> Dropped {
        var options = FileSourceOptions()
        options.settle = .zero
        options.poll = .milliseconds(5)
        options.recordBytesMax = 100
        guard let pattern = PathPattern("in/*") else { throw FileRegisterError("no pattern") }
        return try Dropped(
            name: "p",
            store: FolderStore(LocalFiles(), root: path, patterns: [pattern]),
            register: BookRegister(
                book: FileBook(path: "\(path)/catalog.db", source: "p", newIdentity: "id")
            ),
            framing: .lines,
            options: options,
            clock: SystemClocks(),
            logger: .silent
        )
    }

    func lane(
        _ files: Dropped,
        freshness: Duration = .milliseconds(5),
        mode: LaneMode = .stream
    ) -> FileLane {
        var definition = LaneDefinition(
            pipeline: "p",
            topics: ["p"],
            table: "t",
            freshness: freshness
        )
        definition.mode = mode
        definition.limits.retryPause = .milliseconds(1)...(.milliseconds(4))
        return Lane(
            definition,
            source: FileLog(files),
            committer: tables,
            clock: SystemClocks(),
            logger: .silent
        )
    }

    func run(_ lane: FileLane, until condition: (LaneStatus) -> Bool) -> Bool {
        lane.source.files.start()
        let thread = Thread("lane") { lane.run() }
        let clock = SystemClocks()
        let started: MonotonicInstant = clock.now()
        var holds = false
        let pause = Condition(())
        while !holds, clock.now() - started < .seconds(10) {
            holds = condition(lane.status)
            let nothing: Void? = pause.wait(timeout: .milliseconds(1)) { _ in nil }
            _ = nothing
        }
        lane.stop()
        thread.join()
        lane.source.files.stop()
        return holds
    }

    var numbers: [String] {
        (tables.table("t")?.rows ?? []).sorted { $0.offset < $1.offset }.compactMap {
            $0.cells["n"]
        }
    }

    func committed(_ status: LaneStatus) -> Int64 {
        status.committed?.progress(in: SourcePartition(topic: "p", index: 0))?.next ?? 0
    }
}

struct FileLaneTests {
    private let site: Site

    init() throws { site = try Site() }

    private func lines(_ range: Range<Int>) -> String {
        range.map { "{\"n\": \($0)}\n" }.joined()
    }

    private func texts(_ range: Range<Int>) -> [String] { range.map(String.init) }

    @Test func `files that are dropped become rows, each line once, whoever was started when`()
        throws
    {
        try site.drop("a", lines(0..<100))
        // It takes the file and stops before anything is landed.
        let first = try site.files()
        first.look(taking: true)
        first.look(taking: true)
        #expect(first.report.taken == 1)
        try site.drop("b", lines(100..<130) + "\n\nno json\n" + lines(130..<150))
        let lane = site.lane(try site.files())
        #expect(site.run(lane) { site.committed($0) == 151 })
        #expect(site.numbers == texts(0..<150))
        #expect(site.tables.table("t__dead_letters")?.rows.map(\.offset) == [130])
        try site.remove("a")
        try site.drop("c", lines(150..<160))
        #expect(site.run(site.lane(try site.files())) { site.committed($0) == 161 })
        #expect(site.numbers == texts(0..<160))
    }

    @Test
    func `a file that is gone before it was landed stops the lane, with all before it landed`()
        throws
    {
        // A table that has begun; a new one begins behind what is gone.
        try site.drop("a", lines(0..<5))
        #expect(site.run(site.lane(try site.files())) { site.committed($0) == 5 })
        let files = try site.files()
        for (name, range) in [("b", 5..<10), ("c", 10..<20)] {
            try site.drop(name, lines(range))
            files.look(taking: true)
        }
        try site.remove("c")
        // Longer than the test: the commit is made because the lane cannot go on.
        let lane = site.lane(try site.files(), freshness: .seconds(3600))
        #expect(site.run(lane) { $0.state.name == "failed" })
        #expect(site.numbers == texts(0..<10) && site.committed(lane.status) == 10)
        #expect(
            lane.status.state.reason?.contains("records were removed before they were landed")
                == true
        )
    }

    @Test func `a line that is too long is a dead letter, and its reason says where it is`() throws
    {
        try site.drop(
            "a",
            lines(0..<2) + String(repeating: " ", count: 200) + "{}\n" + lines(2..<4)
        )
        let lane = site.lane(try site.files())
        #expect(site.run(lane) { site.committed($0) == 5 })
        #expect(site.numbers == texts(0..<4))
        let letter = site.tables.table("t__dead_letters")?.rows.first
        #expect(letter?.offset == 2 && letter?.cells["reason"] == "unreadable")
        #expect(letter?.cells["detail"]?.hasPrefix("line 3 of the file in/a is longer") == true)
        let count = try LogRecount(of: lane.definition, in: FileLog(try counted())).count(
            SourcePartition(topic: "p", index: 0),
            in: OffsetRanges([0..<5])
        )
        #expect(count.records == 5 && count.selected == 5)
    }

    private func counted() throws -> Dropped {
        let files = try site.files()
        files.look(taking: false)
        return files
    }

    @Test func `a run lands what is complete when it is asked for`() throws {
        let lane = site.lane(try site.files(), mode: .batch)
        try site.drop("a", lines(0..<10))
        let thread = Thread("lane") { lane.run() }
        lane.source.files.start()
        lane.source.files.complete()
        let job = LaneJob(.drain)
        lane.ask(job)
        guard case .done(let summary) = job.wait(timeout: .seconds(10)) else {
            Issue.record("the run did not end")
            return
        }
        #expect(summary.landed == 10)
        lane.stop()
        thread.join()
        lane.source.files.stop()
        #expect(site.numbers == texts(0..<10))
    }
}
