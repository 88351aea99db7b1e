import Bytes
import Files
import Synchronization
import Testing

@testable import Stores

private func slab(_ text: String) -> Slab {
    var buffer = ByteBuffer()
    buffer.append(utf8: text)
    return Slab(buffer)
}

struct RemoteStoreTests {
    private let folder: TemporaryFolder
    private let objects = MemoryObjects()
    private let work: StoreWork
    private let store: RemoteStore

    init() throws {
        let folder = try TemporaryFolder()
        let work = try StoreWork(inside: folder.path, copyBytesMax: 100)
        self.folder = folder
        self.work = work
        store = RemoteStore(try StoreURI("s3://b"), objects) { work }
    }

    private func text(_ uri: String) throws -> String {
        let found = try store.read(uri, bytesMax: 100)
        return String(repairingUTF8: found.bytes)
    }

    /// Writes a draft and says that it is whole.
    private func finish(_ uri: String, _ text: String) throws {
        write(Array(text.utf8), to: try store.draft(uri))
        store.finish(uri)
    }

    @Test func `an object is made once and read as it was made`() throws {
        try store.create("s3://b/t/a", slab("one"))
        #expect(try text("s3://b/t/a") == "one")
        #expect(throws: StoreError.existing(uri: "s3://b/t/a")) {
            try store.create("s3://b/t/a", slab("two"))
        }
        #expect(try text("s3://b/t/a") == "one")
        #expect(try store.list("s3://b/t") == ["s3://b/t/a"])
        #expect(try store.exists("s3://b/t/a"))
        try store.delete("s3://b/t/a")
        try store.delete("s3://b/t/a")
        #expect(try store.exists("s3://b/t/a") == false)
        #expect(throws: StoreError.notFound(uri: "b/t/a")) { try text("s3://b/t/a") }
    }

    @Test
    func `nothing is left of an object whose making failed, even if only the answer was lost`()
        throws
    {
        objects.loseAnswer(of: "put")
        #expect(throws: StoreError.self) { try store.create("s3://b/a", slab("one")) }
        #expect(objects.bytes("b/a") == nil)
        try store.create("s3://b/a", slab("two"))
        #expect(try text("s3://b/a") == "two")
    }

    @Test func `a draft is seen when it is durable, with the size that was said`() throws {
        write(Array("rows".utf8), to: try store.draft("s3://b/d"))
        #expect(objects.bytes("b/d") == nil)
        store.finish("s3://b/d")
        try store.makeDurable(written: [("s3://b/d", 4)], names: [], below: "s3://b")
        #expect(objects.bytes("b/d") == Array("rows".utf8))
        // Its file stays as a copy: who reads it need not fetch it.
        let copies = try store.copies(of: ["s3://b/d"])
        #expect(try contents(copies.paths[0]) == Array("rows".utf8))
        #expect(objects.calls("download") == 0)
        try finish("s3://b/e", "rows")
        #expect(throws: StoreError.wrongSize(uri: "s3://b/e", expected: 5, found: 4)) {
            try store.makeDurable(written: [("s3://b/e", 5)], names: [], below: "s3://b")
        }
        #expect(throws: StoreError.notFound(uri: "s3://b/none")) {
            try store.makeDurable(written: [("s3://b/none", 5)], names: [], below: "s3://b")
        }
    }

    @Test func `what did not arrive is said, and sent again when it is asked for again`() throws {
        objects.failNext("upload", times: 1_000)
        try finish("s3://b/x", "rows")
        try finish("s3://b/y", "more")
        let files = [(uri: "s3://b/x", bytes: Int64(4)), (uri: "s3://b/y", bytes: Int64(4))]
        #expect(throws: StoreError.self) {
            try store.makeDurable(written: files, names: [], below: "s3://b")
        }
        objects.failNext("upload", times: 0)
        try store.makeDurable(written: files, names: [], below: "s3://b")
        #expect(objects.bytes("b/x") == Array("rows".utf8))
        #expect(objects.bytes("b/y") == Array("more".utf8))
        #expect(try LocalFiles().list("\(folder.path)/0/drafts") == [])
    }

    @Test func `a file that is given up leaves nothing, wherever it was on its way`() throws {
        write([1], to: try store.draft("s3://b/draft"))
        try store.delete("s3://b/draft")
        objects.failNext("upload", times: 1_000)
        try finish("s3://b/failed", "x")
        #expect(throws: StoreError.self) {
            try store.makeDurable(written: [("s3://b/failed", 1)], names: [], below: "s3://b")
        }
        try store.delete("s3://b/failed")
        objects.failNext("upload", times: 0)
        try finish("s3://b/sent", "x")
        try store.makeDurable(written: [("s3://b/sent", 1)], names: [], below: "s3://b")
        try store.delete("s3://b/sent")
        #expect(objects.state.withLock { $0.objects.isEmpty })
        #expect(WorkFolder.all(below: "\(folder.path)/0/drafts", LocalFiles()).isEmpty)
        #expect(WorkFolder.all(below: "\(folder.path)/0/copies", LocalFiles()).isEmpty)
    }

    @Test func `many files go at the same time`() throws {
        let uris = (0..<50).map { "s3://b/\($0)" }
        for uri in uris { try finish(uri, uri) }
        try store.makeDurable(
            written: uris.map { ($0, Int64($0.utf8.count)) },
            names: [],
            below: "s3://b"
        )
        #expect(objects.calls("upload") == 50)
        for uri in uris { #expect(try text(uri) == uri) }
    }

    @Test func `a folder has one process at a time, and the next finds the copies`() throws {
        let other = try StoreWork(inside: folder.path, copyBytesMax: 100)
        #expect(other.newDraft().hasPrefix("\(folder.path)/1/"))
        #expect(work.newDraft().hasPrefix("\(folder.path)/0/"))
        objects.set("b/c", "copied")
        let path = try store.copies(of: ["s3://b/c"]).paths[0]
        let copies = String(path.prefix(path.utf8.count - "/s3/b/c".utf8.count))
        let next = CopyShelf(copies, bytesMax: 100, LocalFiles())
        let found = try next.copies(of: [
            CopyShelf.Wanted(
                uri: try StoreURI("s3://b/c"),
                size: { () throws(StoreError) in throw .notFound(uri: "asked for") },
                fetch: { (_) throws(StoreError) in throw .notFound(uri: "fetched") }
            )
        ])
        #expect(found.paths == [path])
    }
}
