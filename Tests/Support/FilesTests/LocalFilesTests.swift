import Bytes
import Glibc
import Testing

@testable import Files

/// A directory that is removed with everything in it when the test ends.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/millrace-test-XXXXXX".utf8CString)
        // SAFETY: mkdtemp overwrites the six X in place; the array ends with a zero.
        path = try unsafe template.withUnsafeMutableBufferPointer { block in
            guard let start = block.baseAddress, let made = unsafe mkdtemp(start) else {
                throw FileError(operation: "mkdtemp", path: "/tmp", code: errno)
            }
            return unsafe String(cString: made)
        }
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        let files = LocalFiles()
        for name in (try? files.list(path)) ?? [] { remove("\(path)/\(name)") }
        try? files.remove(path)
    }
}

func slab(_ text: String) -> SlabSlice {
    var buffer = ByteBuffer()
    buffer.append(utf8: text)
    return SlabSlice(Slab(buffer))
}

func text(of file: some OpenFile, from position: Int64 = 0, count: Int = 1 << 20) throws -> String {
    var buffer = ByteBuffer()
    _ = try file.read(at: position, count: count, into: &buffer)
    return String(repairingUTF8: buffer.bytes)
}

struct LocalFilesTests {
    let files = LocalFiles()

    @Test func `bytes come back from where they were written`() throws {
        let directory = try TemporaryDirectory()
        let file = try files.open("\(directory.path)/a", .createNew)
        try file.write(slab("hello world").bytes, at: 0)
        try file.write([slab("W"), slab("ORL"), slab(""), slab("D!")], at: 6)
        try file.sync()
        #expect(try text(of: file) == "hello WORLD!")
        #expect(try text(of: file, from: 6, count: 3) == "WOR")
        #expect(try text(of: file, from: 100) == "")
        #expect(try file.size() == 12)
    }

    @Test func `more slices than one system call takes are all written`() throws {
        let directory = try TemporaryDirectory()
        let file = try files.open("\(directory.path)/a", .createNew)
        let slices = (0..<1_300).map { slab("\($0),") }
        try file.write(slices, at: 0)
        #expect(try text(of: file) == (0..<1_300).map { "\($0)," }.joined())
    }

    @Test func `a cut file is short and an allocated one reads as zeros`() throws {
        let directory = try TemporaryDirectory()
        let file = try files.open("\(directory.path)/a", .createNew)
        try file.write(slab("hello").bytes, at: 0)
        try file.truncate(to: 2)
        try file.allocate(at: 0, length: 4_096, keepingSize: true)
        #expect(try file.size() == 2)
        try file.allocate(at: 0, length: 4, keepingSize: false)
        #expect(try text(of: file) == "he\0\0")
    }

    @Test func `errors name the call, the path and the reason`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/missing"
        let error = #expect(throws: FileError.self) { _ = try files.open(path, .read) }
        #expect(error?.isNotFound == true)
        #expect(error?.description == "open of \(path) failed: No such file or directory (2)")
        _ = try files.open(path, .createNew)
        let second = #expect(throws: FileError.self) { _ = try files.open(path, .createNew) }
        #expect(second?.isExisting == true)
    }

    @Test func `directories are made with their parents and listed in order`() throws {
        let directory = try TemporaryDirectory()
        let deep = "\(directory.path)/x/y/z"
        try files.createDirectories(deep)
        try files.createDirectories(deep)
        _ = try files.open("\(deep)/b", .create)
        _ = try files.open("\(deep)/a", .create)
        #expect(try files.list(deep) == ["a", "b"])
        try files.rename("\(deep)/b", to: "\(deep)/c")
        try files.remove("\(deep)/a")
        try files.syncDirectory(deep)
        #expect(try files.list(deep) == ["c"])
        #expect(files.exists(deep) && !files.exists("\(deep)/a"))
    }

    @Test func `only one holder at a time has a lock`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/lock"
        var lock: FileLock? = try files.lock(path)
        let error = #expect(throws: FileError.self) { _ = try files.lock(path) }
        #expect(error?.isLocked == true)
        _ = lock
        lock = nil
        _ = try files.lock(path)
    }

    @Test func `a replaced file is the new one and leaves nothing beside it`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a"
        let first = slab("one, the longer")
        try files.replace(path, with: first.bytes)
        let second = slab("two")
        try files.replace(path, with: second.bytes)
        let buffer = try files.contents(of: path, bytesMax: 10)
        let text = String(repairingUTF8: buffer.bytes)
        #expect(text == "two")
        #expect(try files.list(directory.path) == ["a"])
        #expect(throws: FileError.self) { _ = try files.contents(of: path, bytesMax: 2) }
    }

    @Test func `the directory of a path`() {
        #expect(directoryName(of: "a/b/c") == "a/b")
        #expect(directoryName(of: "/c") == "/")
        #expect(directoryName(of: "c") == ".")
    }
}
