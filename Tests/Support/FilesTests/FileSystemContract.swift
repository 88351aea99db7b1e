import Bytes
import Testing

@testable import Files

/// What every file system must do, real or bent.
struct FileSystemContract {
    @Test func `the machine's file system keeps the contract`() throws {
        let directory = try TemporaryDirectory()
        try contract(LocalFiles(), in: directory.path)
    }

    @Test func `the file system in memory keeps the contract`() throws {
        let files = CrashFiles()
        try files.createDirectories("/x")
        try contract(files, in: "/x")
    }

    private func contract(_ files: some FileSystem, in directory: String) throws {
        try bytes(files, in: directory)
        try names(files, in: directory)
        try locks(files, in: directory)
    }

    private func bytes(_ files: some FileSystem, in directory: String) throws {
        let path = "\(directory)/bytes"
        #expect(error { _ = try files.open(path, .readWrite) }?.isNotFound == true)
        let file = try files.open(path, .createNew)
        #expect(error { _ = try files.open(path, .createNew) }?.isExisting == true)
        let hello = slab("hello")
        try file.write(hello.bytes, at: 2)
        try file.write([slab("12"), slab(""), slab("3")], at: 7)
        try file.sync()
        #expect(try text(of: file) == "\0\0hello123")
        #expect(try text(of: file, from: 3, count: 2) == "el")
        #expect(try text(of: file, from: 50) == "")
        try file.truncate(to: 4)
        try file.allocate(at: 0, length: 100, keepingSize: true)
        #expect(try file.size() == 4)
        try file.allocate(at: 2, length: 4, keepingSize: false)
        #expect(try text(of: file) == "\0\0he\0\0")
        #expect(try text(of: files.open(path, .create)) == "\0\0he\0\0")
    }

    private func names(_ files: some FileSystem, in directory: String) throws {
        let deep = "\(directory)/a/b"
        #expect(error { _ = try files.open("\(deep)/c", .create) }?.isNotFound == true)
        #expect(error { _ = try files.list(deep) }?.isNotFound == true)
        try files.createDirectories(deep)
        try files.createDirectories(deep)
        _ = try files.open("\(deep)/y", .create)
        _ = try files.open("\(deep)/x", .create)
        #expect(try files.list(deep) == ["x", "y"])
        #expect(try files.status(of: deep, followingLinks: true).kind == .directory)
        #expect(try files.status(of: "\(deep)/x", followingLinks: false).kind == .file)
        #expect(
            error { _ = try files.status(of: "\(deep)/z", followingLinks: true) }?.isNotFound
                == true
        )
        try files.rename("\(deep)/x", to: "\(deep)/y")
        #expect(try files.list(deep) == ["y"])
        #expect(error { try files.remove(deep) } != nil)
        try files.remove("\(deep)/y")
        try files.syncDirectory(deep)
        try files.remove(deep)
        #expect(!files.exists(deep) && files.exists("\(directory)/a"))
        #expect(error { try files.remove(deep) }?.isNotFound == true)
    }

    private func locks(_ files: some FileSystem, in directory: String) throws {
        var lock: FileLock? = try files.lock("\(directory)/lock")
        #expect(error { _ = try files.lock("\(directory)/lock") }?.isLocked == true)
        _ = lock
        lock = nil
        _ = try files.lock("\(directory)/lock")
    }

    private func error(_ body: () throws -> Void) -> FileError? {
        do { try body() } catch { return error as? FileError }
        return nil
    }
}
