import Catalogs
import Testing

struct FileBookTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func book(_ source: String = "p", identity: String = "i") throws -> FileBook {
        try FileBook(path: "\(folder.path)/catalog.db", source: source, newIdentity: identity)
    }

    private func entry(_ path: String, _ records: Int64, modified: Int64 = 0) -> FileBook.Entry {
        FileBook.Entry(
            sequence: 0,
            path: path,
            name: "n" + path,
            bytes: 10,
            modifiedNanoseconds: modified,
            tag: "t",
            checksum: .max,
            framing: "lines",
            firstOffset: 0,
            recordCount: records
        )
    }

    @Test func `files get numbers and offsets one after the other, each path once`() throws {
        let book = try book()
        #expect(try book.totals() == (0, 0))
        let first = try book.append([entry("a", 3), entry("b", 0), entry("a", 7), entry("c", 2)])
        #expect(first.map(\.path) == ["a", "b", "c"] && first.map(\.sequence) == [1, 2, 3])
        #expect(first.map(\.firstOffset) == [0, 3, 3])
        let second = try book.append([entry("c", 9), entry("it's \"d\"", 4, modified: 5)])
        #expect(second.map(\.firstOffset) == [5] && second.map(\.sequence) == [4])
        #expect(try book.totals() == (4, 9))
        #expect(try book.file(at: "c") == first[2])
        #expect(try book.file(at: "it's \"d\"") == second[0])
        #expect(try book.file(at: "e") == nil)
        #expect(try book.files(before: 4, limit: 2).map(\.path) == ["c", "b"])
        #expect(try book.files(before: .max, limit: 9).count == 4)
    }

    @Test func `an offset has its file`() throws {
        let book = try book()
        _ = try book.append([
            entry("a", 0), entry("b", 2, modified: 3), entry("c", 0, modified: 9),
            entry("d", 1, modified: 7), entry("e", 20, modified: 5),
        ])
        let paths = try (0..<24).map { try book.file(holding: $0)?.path }
        let last = Array(repeating: String?.some("e"), count: 20)
        #expect(paths == ["b", "b", "d"] + last + [nil])
        #expect(try book.file(holding: -1) == nil)
        #expect(try book.offset(notOlderThan: 4, from: 0) == 2)
        #expect(try book.offset(notOlderThan: 4, from: 10) == 10)
        #expect(try book.offset(notOlderThan: 8, from: 0) == nil)
        #expect(try book.offset(notOlderThan: -5, from: 1) == 1)
        #expect(try book.bytes(from: 0) == 30 && book.bytes(from: 2) == 20)
        #expect(try book.bytes(from: 23) == 0)
    }

    @Test func `a book is found again, with its identity, beside those of others`() throws {
        _ = try book(identity: "first").append([entry("a", 3)])
        let again = try book(identity: "second")
        #expect(again.identity == "first")
        #expect(try again.totals() == (1, 3))
        let other = try book("q", identity: "third")
        #expect(try other.identity == "third" && other.totals() == (0, 0))
        #expect(try other.append([entry("a", 5)]).map(\.firstOffset) == [0])
        // Two at the same time, as two processes would.
        #expect(try again.append([entry("b", 1)]).map(\.firstOffset) == [3])
        #expect(try book().append([entry("c", 1), entry("b", 8)]).map(\.firstOffset) == [4])
        #expect(try again.totals() == (3, 5))
        // The catalog itself is as it was.
        let catalog = try SQLiteCatalog(
            path: "\(folder.path)/catalog.db",
            name: "lake",
            warehouse: "file:///x"
        )
        #expect(try catalog.listNamespaces().isEmpty)
    }
}
