import Bytes
import Clocks
import Compression
import Files
import KafkaProtocol
import Pipelines
import Testing

@testable import FileSource

private let partition = SourcePartition(topic: "inbox", index: 0)

private func text(_ bytes: RawSpan?) -> String {
    guard let bytes else { return "" }
    return String(repairingUTF8: bytes)
}

/// Records as text, `key=value@seconds`; those that were refused with a mark before them.
private func read(
    _ log: TestLog,
    from start: Int64 = 0,
    to end: Int64? = nil,
    bytesMax: Int = 1 << 20
) throws -> [String] {
    var found: [String] = []
    var next = start
    let end = try end ?? log.bounds(of: partition).end
    while next < end {
        var buffer = ByteBuffer()
        _ = try log.read(partition, from: next, bytesMax: bytesMax, into: &buffer)
        var position = 0
        while position < buffer.count {
            let header = try RecordBatchHeader(buffer.bytes, at: position)
            let packed = buffer.bytes.extracting(
                (position + RecordBatchHeader.size)..<(position + header.totalSize)
            )
            var cursor = RecordCursor(packed, count: header.recordCount)
            position += header.totalSize
            while let record = try cursor.next() {
                let offset = header.baseOffset + Int64(record.offsetDelta)
                #expect(offset == next)
                next = offset + 1
                let key = text(record.key)
                let value = text(record.value)
                let time = (header.baseTimestamp + record.timestampDelta) / 1000 - 1_700_000_000
                let isRefused = header.attributes.contains(.refused)
                found.append(isRefused ? "!\(key)" : "\(key)=\(value)@\(time)")
            }
        }
    }
    return found
}

struct FileSourceTests {
    private let inbox: Inbox

    init() throws { inbox = try Inbox() }

    @Test func `files are taken once, in the order of their times, and their lines are offsets`()
        throws
    {
        try inbox.drop("in/b", "3\n4\n", at: 2)
        try inbox.drop("in/c", "1\n\n2", at: 1)
        try inbox.drop("in/a", "5\r\n", at: 2)
        try inbox.drop("in/empty", "\n", at: 0)
        let files = try inbox.source()
        inbox.takeAll(files)
        let log = TestLog(files)
        let expected = ["c=1@1", "c=2@1", "a=5@2", "b=3@2", "b=4@2"]
        #expect(try log.bounds(of: partition) == SourceBounds(start: 0, end: 5))
        #expect(try read(log) == expected)
        #expect(try read(log, from: 3) == Array(expected[3...]))
        #expect(try read(log, bytesMax: 1) == expected)
        #expect(inbox.register.all.map(\.path) == ["in/empty", "in/c", "in/a", "in/b"])
        // Another process over the same register, and more files.
        try inbox.drop("in/d", "6\n", at: 0)
        let again = try inbox.source()
        inbox.takeAll(again)
        #expect(try read(TestLog(again)) == expected + ["d=6@0"])
        #expect(again.report.taken == 5 && again.report.records == 6)
        #expect(try TestLog(again).offset(in: partition, atOrAfter: 1_700_000_002_000) == 2)
        #expect(try TestLog(again).offset(in: partition, atOrAfter: 1_700_000_003_000) == 6)
        #expect(TestLog(again).bytes(of: partition, from: 3) == 6)
    }

    @Test func `a file that grows is left alone until it stays as it is`() throws {
        let files = try inbox.source()
        try inbox.drop("in/a", "1\n", at: 0)
        // Times that nobody can know better; the machine's are of today.
        for second in 1...5 {
            files.look(taking: true)
            #expect(files.report.settling == ["in/a"])
            inbox.clock.advance(by: .seconds(1))
            try inbox.drop("in/a", String(repeating: "1\n", count: second + 1), at: second)
        }
        files.look(taking: true)
        inbox.clock.advance(by: .milliseconds(1999))
        files.look(taking: true)
        #expect(inbox.register.all.isEmpty)
        inbox.clock.advance(by: .milliseconds(1))
        files.look(taking: true)
        #expect(inbox.register.all.map(\.recordCount) == [6] && files.report.settling.isEmpty)
    }

    @Test func `a file that nobody has touched for long is taken at once`() throws {
        try inbox.drop("in/a", "1\n")
        inbox.clock.set(Timestamp(milliseconds: 4_000_000_000_000))
        let files = try inbox.source()
        files.look(taking: true)
        #expect(try read(TestLog(files)) == ["a=1@0"])
    }

    @Test func `a file that was changed is not landed again, and not read as if it were whole`()
        throws
    {
        try inbox.drop("in/a", "1\n2\n", at: 0)
        try inbox.drop("in/b", "3\n4\n", at: 1)
        try inbox.drop("in/c", "5\n6\n", at: 2)
        let files = try inbox.source()
        inbox.takeAll(files)
        let log = TestLog(files)
        // Touched only: its bytes are the same.
        try inbox.touch("in/a", at: 50)
        files.look(taking: true)
        #expect(try log.bounds(of: partition).start == 0 && files.report.changed.isEmpty)
        #expect(try read(log).count == 6)
        try inbox.drop("in/b", "3\n4\n5\n", at: 60)
        #expect(throws: (any Error).self) { try read(TestLog(files), from: 2) }
        inbox.takeAll(files)
        #expect(try log.bounds(of: partition) == SourceBounds(start: 4, end: 6))
        #expect(files.report.changed.map(\.path) == ["in/b"])
        #expect(try read(log, from: 4) == ["c=5@2", "c=6@2"])
        do {
            _ = try read(TestLog(files), from: 2)
            Issue.record("a changed file was read")
        } catch LogSourceError.corrupt(_, let offset, let reason) {
            #expect(offset == 2 && reason.contains("in/b was changed"))
        }
        // The same length, other bytes.
        try inbox.drop("in/c", "7\n8\n", at: 61)
        inbox.takeAll(files)
        #expect(try log.bounds(of: partition).start == 6)
        // As it was before.
        try inbox.drop("in/c", "5\n6\n", at: 62)
        try inbox.drop("in/b", "3\n4\n", at: 62)
        inbox.takeAll(files)
        #expect(try log.bounds(of: partition).start == 0 && files.report.changed.isEmpty)
        #expect(inbox.register.all.count == 3)
    }

    @Test func `what can be read begins behind the last file that was removed`() throws {
        for index in 0..<4 { try inbox.drop("in/\(index)", "\(index)\n", at: index) }
        let files = try inbox.source()
        inbox.takeAll(files)
        let log = TestLog(files)
        try inbox.remove("in/1")
        let bounds = SourceBounds(start: 2, end: 4)
        do {
            _ = try read(log, from: 1)
            Issue.record("a file that is gone was read")
        } catch LogSourceError.outOfRange(_, let offset, let told) {
            #expect(offset == 1 && told == bounds)
        }
        files.look(taking: true)
        #expect(try log.bounds(of: partition) == bounds)
        // What is there is read, wherever it is.
        #expect(try read(log, from: 0, to: 1) == ["0=0@0"])
        let again = try inbox.source()
        again.look(taking: false)
        #expect(try TestLog(again).bounds(of: partition) == bounds)
        try inbox.drop("in/1", "1\n", at: 1)
        again.look(taking: false)
        #expect(try TestLog(again).bounds(of: partition).start == 0)
    }

    @Test func `a folder that is away as a whole is waited for`() throws {
        try inbox.drop("in/a", "1\n")
        let files = try inbox.source()
        inbox.takeAll(files)
        try inbox.remove("in/a")
        try LocalFiles().remove("\(inbox.path)/in")
        files.look(taking: true)
        #expect(files.trouble?.contains("there is no folder in") == true)
        #expect(try TestLog(files).bounds(of: partition) == SourceBounds(start: 0, end: 1))
        #expect(throws: LogSourceError.self) { try read(TestLog(files)) }
        #expect(throws: LogSourceError.self) {
            let new = try inbox.source()
            new.look(taking: true)
            _ = try TestLog(new).bounds(of: partition)
        }
        try inbox.drop("in/a", "1\n")
        files.look(taking: true)
        #expect(try files.trouble == nil && read(TestLog(files)) == ["a=1@0"])
    }

    @Test func `a damaged file is named, and stops no other`() throws {
        let good = try packed("1\n2\n", .gzip)
        try inbox.drop("in/a.gz", good.dropLast(3) + [], at: 0)
        try inbox.drop("in/b.gz", good, at: 1)
        try inbox.drop("in/c.gz", "no gzip", at: 2)
        let files = try inbox.source()
        inbox.takeAll(files)
        #expect(try read(TestLog(files)) == ["b.gz=1@1", "b.gz=2@1"])
        #expect(files.report.refused.map(\.path) == ["in/a.gz", "in/c.gz"])
        inbox.takeAll(files)
        #expect(inbox.register.all.count == 1)
        // Somebody brings it again, whole.
        try inbox.drop("in/a.gz", good, at: 9)
        inbox.takeAll(files)
        #expect(try read(TestLog(files), from: 2) == ["a.gz=1@9", "a.gz=2@9"])
        #expect(files.report.refused.map(\.path) == ["in/c.gz"])
    }

    @Test func `a line without end is refused and named`() throws {
        let long = String(repeating: "x", count: 3000)
        try inbox.drop("in/a", "1\n\(long)\n2\n")
        let files = try inbox.source()
        inbox.takeAll(files)
        let log = TestLog(files)
        let found = try read(log)
        #expect(found.count == 3 && found[0] == "a=1@0" && found[2] == "a=2@0")
        #expect(found[1].hasPrefix("!line 2 of the file in/a is longer than the 1000 bytes"))
        #expect(try log.describe(2) == FilePlace(path: "in/a", line: 3))
        #expect(try log.describe(3) == nil)
        try inbox.remove("in/a")
        #expect(try log.describe(0) == FilePlace(path: "in/a", line: nil))
    }

    @Test func `news come when files were taken`() throws {
        let files = try inbox.source()
        files.look(taking: true)
        let woken = ManualClocks()
        let log = TestLog(files)
        let first = log.notify(when: [partition: 0]) { woken.advance(by: .seconds(1)) }
        try inbox.drop("in/a", "1\n")
        files.look(taking: true)
        let before: MonotonicInstant = woken.now()
        #expect(before.nanoseconds == 0)
        inbox.takeAll(files)
        let after: MonotonicInstant = woken.now()
        #expect(after.nanoseconds == 1_000_000_000)
        log.cancel(first)
        // There is something already.
        log.cancel(log.notify(when: [partition: 0]) { woken.advance(by: .seconds(1)) })
        let last: MonotonicInstant = woken.now()
        #expect(last.nanoseconds == 2_000_000_000)
    }

    @Test(arguments: 0..<12)
    func `the lines of all files are the offsets, wherever one begins to read`(seed: UInt64) throws
    {
        var random = SeededRandom(seed: seed)
        var expected: [String] = []
        let files = try inbox.source(recordBytesMax: 1 << 20)
        for round in 0..<3 {
            for index in 0..<Int.random(in: 0...5, using: &random) {
                let name = "f\(round)-\(index)"
                let second = round * 10 + index
                let lines = (0..<Int.random(in: 0...400, using: &random)).map { line in
                    String(repeating: "x", count: Int.random(in: 0...50, using: &random))
                        + "\(line)"
                }
                let text = lines.joined(separator: Bool.random(using: &random) ? "\n" : "\r\n")
                let isPacked = Bool.random(using: &random)
                let file = isPacked ? "\(name).zst" : name
                let bytes = isPacked ? try packed(text, .zstd) : Array(text.utf8)
                try inbox.drop("in/\(file)", bytes, at: second)
                expected += lines.map { "\(file)=\($0)@\(second)" }
            }
            inbox.takeAll(files)
        }
        let log = TestLog(files)
        let end = Int64(expected.count)
        #expect(try log.bounds(of: partition) == SourceBounds(start: 0, end: end))
        #expect(try read(log) == expected)
        for _ in 0..<6 {
            let start = Int64.random(in: 0...end, using: &random)
            let bytesMax = Int.random(in: 1...5000, using: &random)
            #expect(
                try read(log, from: start, bytesMax: bytesMax) == Array(expected[Int(start)...])
            )
        }
    }
}
