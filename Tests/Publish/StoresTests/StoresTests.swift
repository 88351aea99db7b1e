import Bytes
import Files
import Stores
import Testing

private func bytes(_ text: String) -> Slab {
    var buffer = ByteBuffer()
    buffer.append(utf8: text)
    return Slab(buffer)
}

private func text(_ store: LocalStore<CrashFiles>, _ uri: String) throws -> String {
    let found = try store.read(uri, bytesMax: 100)
    return String(repairingUTF8: found.bytes)
}

struct FileURITests {
    @Test(arguments: [
        ("file:///lake/t", "/lake/t"), ("file:/lake/t", "/lake/t"), ("/lake/t", "/lake/t"),
        ("file://localhost/lake/t", "/lake/t"), ("file:///lake//a b/", "/lake/a b"),
        ("file:///lake/100%25", "/lake/100%25"), ("file:///é/ü", "/é/ü"), ("file:///", "/"),
    ])
    func `a URI means the characters of its path`(uri: String, path: String) throws {
        #expect(try FileURI.path(ofURI: uri) == path)
    }

    @Test(arguments: [
        "s3://bucket/key", "lake/t", "file://host/lake", "", "file:", "file:relative",
    ])
    func `what is no local file is refused by name`(uri: String) {
        let error = #expect(throws: StoreError.self) { _ = try FileURI.path(ofURI: uri) }
        #expect(error?.description.contains(uri) == true)
    }

    @Test(arguments: ["/a b", "/ü", "/a%20b", "/a+b=c&d", "/a'b"])
    func `a path becomes a URI and comes back`(path: String) throws {
        let uri = try FileURI.uri(ofPath: path)
        #expect(uri == "file://" + path)
        #expect(try FileURI.path(ofURI: uri) == path)
    }

    @Test(arguments: ["/a?b", "/a#b", "/a\"b", "/a\nb", "relative"])
    func `paths Iceberg's readers cannot open are refused`(path: String) {
        #expect(throws: StoreError.self) { _ = try FileURI.uri(ofPath: path) }
    }

    @Test(arguments: [
        ("purchases", "purchases"), ("web-shop.v2", "web-shop.v2"), (".hidden", "_.hidden"),
        ("a/b", "a-2fb"), ("größe", "gr-f6-dfe"), ("", "_"), ("..", "_.."),
    ])
    func `a folder's name has nothing that troubles a reader`(text: String, name: String) {
        #expect(FileURI.folderName(for: text) == name)
    }
}

struct LocalStoreTests {
    private let files = CrashFiles()
    private var store: LocalStore<CrashFiles> { LocalStore(files) }

    @Test func `an object is there after a crash once it and its name are durable`() throws {
        try store.createFolder("file:///lake/t/metadata")
        try store.create("file:///lake/t/metadata/a", bytes("hello"))
        try store.makeDurable(
            written: [],
            names: ["file:///lake/t/metadata/a"],
            below: "file:///lake/t"
        )
        for seed in 0..<20 {
            files.crash(seed: UInt64(seed))
            #expect(try text(store, "file:///lake/t/metadata/a") == "hello")
        }
    }

    @Test func `without makeDurable some crash takes the name away`() throws {
        var lost = false
        for seed in 0..<50 {
            let files = CrashFiles()
            let store = LocalStore(files)
            try store.createFolder("file:///lake")
            try store.create("file:///lake/a", bytes("hello"))
            files.crash(seed: UInt64(seed))
            if try !store.exists("file:///lake/a") { lost = true }
        }
        #expect(lost)
    }

    @Test func `a file somebody else wrote is made durable with its folders`() throws {
        for seed in 0..<50 {
            let files = CrashFiles()
            let store = LocalStore(files)
            try store.createFolder("file:///lake/t/data")
            try files.createDirectories("/lake/t/data/day=1")
            let file = try files.open("/lake/t/data/day=1/f.parquet", .createNew)
            try file.write(bytes("rows").bytes, at: 0)
            try store.makeDurable(
                written: [("file:///lake/t/data/day=1/f.parquet", 4)],
                names: [],
                below: "file:///lake/t"
            )
            files.crash(seed: UInt64(seed))
            #expect(try text(store, "file:///lake/t/data/day=1/f.parquet") == "rows")
        }
    }

    @Test func `a file of another size than announced is refused`() throws {
        try store.createFolder("file:///lake")
        try store.create("file:///lake/f", bytes("rows"))
        #expect(throws: StoreError.wrongSize(uri: "file:///lake/f", expected: 5, found: 4)) {
            try store.makeDurable(
                written: [("file:///lake/f", 5)],
                names: [],
                below: "file:///lake"
            )
        }
        let error = #expect(throws: StoreError.self) {
            try store.makeDurable(
                written: [("file:///lake/gone", 5)],
                names: [],
                below: "file:///lake"
            )
        }
        #expect(error?.isNotFound == true)
    }

    @Test func `an object is made only once`() throws {
        try store.createFolder("file:///lake")
        try store.create("file:///lake/a", bytes("first"))
        let error = #expect(throws: StoreError.self) {
            try store.create("file:///lake/a", bytes("second"))
        }
        #expect(error?.isExisting == true)
        #expect(try text(store, "file:///lake/a") == "first")
    }

    @Test func `a full disk leaves nothing behind and says what to do`() throws {
        try store.createFolder("file:///lake")
        files.limit(toBytes: 3)
        let error = #expect(throws: StoreError.self) {
            try store.create("file:///lake/a", bytes("hello"))
        }
        #expect(error?.isNoSpace == true)
        #expect(error?.description.contains("free space") == true)
        files.limit(toBytes: nil)
        #expect(try !store.exists("file:///lake/a"))
        try store.create("file:///lake/a", bytes("hello"))
    }

    @Test func `a URI somebody encoded is found when its plain characters are not`() throws {
        try store.createFolder("file:///lake")
        try store.create("file:///lake/a b", bytes("plain"))
        #expect(try text(store, "file:///lake/a%20b") == "plain")
        try store.create("file:///lake/a%20b", bytes("literal"))
        #expect(try text(store, "file:///lake/a%20b") == "literal")
    }

    @Test func `a folder whose files others could not open is not made`() {
        let error = #expect(throws: StoreError.self) {
            try store.createFolder("file:///lake/what?")
        }
        #expect(error?.description.contains("/lake/what?") == true)
    }

    @Test func `deleting what is not there is no error`() throws {
        try store.createFolder("file:///lake")
        try store.create("file:///lake/a", bytes("x"))
        try store.delete("file:///lake/a")
        try store.delete("file:///lake/a")
        #expect(try !store.exists("file:///lake/a"))
    }

    @Test func `a folder lists the URIs in it`() throws {
        try store.createFolder("file:///lake/t")
        try store.create("file:///lake/b", bytes("x"))
        #expect(try store.list("file:///lake/") == ["file:///lake/b", "file:///lake/t"])
    }
}
