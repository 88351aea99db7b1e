import Bytes
import Files
import Glibc
import Stores
import Testing

/// Arrow's file systems are one face: what is told of S3 in Interop/ is tried here with files.
struct BucketStoreTests {
    private let files = LocalFiles()
    private let folder: String

    init() throws {
        folder = "/tmp/millrace-buckets-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try files.createDirectories("\(folder)/in/deep")
        for (name, text) in [("in/a", "hello, world"), ("in/deep/b", "b"), ("in/empty", "")] {
            var bytes = ByteBuffer()
            bytes.append(utf8: text)
            try files.open("\(folder)/\(name)", .create).write(bytes.bytes, at: 0)
        }
    }

    private func removeAll() {
        for name in ["in/a", "in/deep/b", "in/empty", "in/deep", "in", ""] {
            try? files.remove("\(folder)/\(name)")
        }
    }

    @Test func `objects are listed, looked at and read in ranges`() throws {
        defer { removeAll() }
        let store = try BucketStore("file:///tmp")
        #expect(
            try store.list("\(folder)/in", isDeep: false).map(\.path).sorted()
                == ["\(folder)/in/a", "\(folder)/in/empty"]
        )
        let all = try store.list("\(folder)/in", isDeep: true).sorted { $0.path < $1.path }
        #expect(all.map(\.bytes) == [12, 1, 0])
        #expect(try store.list("\(folder)/nowhere", isDeep: true) == [])
        #expect(try store.head("\(folder)/nowhere") == nil)
        #expect(try store.head("\(folder)/in")?.bytes == -1)
        #expect(try store.head("\(folder)/in/a") == all.first)
        let status = try files.status(of: "\(folder)/in/a", followingLinks: false)
        #expect(all.first?.modifiedNanoseconds == status.modifiedNanoseconds)
        let object = try store.open("\(folder)/in/a")
        var buffer = ByteBuffer()
        #expect(try object.read(at: 7, count: 3, into: &buffer) == 3)
        #expect(try object.read(at: 10, count: 100, into: &buffer) == 2)
        #expect(try object.read(at: 12, count: 100, into: &buffer) == 0)
        #expect(String(repairingUTF8: buffer.bytes) == "world")
        #expect(throws: StoreError.self) { try store.open("\(folder)/nowhere") }
        #expect(try store.size("\(folder)/nowhere") == nil)
        #expect(try store.size("\(folder)/in/a") == 12)
    }

    @Test func `what cannot be a store is said`() {
        removeAll()
        var options = StoreOptions()
        options.endpoint = "localhost:9000"
        #expect(throws: StoreError.self) { try BucketStore("s3://b", options) }
        #expect(throws: StoreError.self) { try BucketStore("nonsense://b") }
    }
}
