import Bytes
import Testing

@testable import Files

struct LocalFilesTests {
    let files = LocalFiles()

    @Test func `more slices than one system call takes are all written`() throws {
        let directory = try TemporaryDirectory()
        let file = try files.open("\(directory.path)/a", .createNew)
        let slices = (0..<1_300).map { slab("\($0),") }
        try file.write(slices, at: 0)
        #expect(try text(of: file) == (0..<1_300).map { "\($0)," }.joined())
    }

    @Test func `errors name the call, the path and the reason`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/missing"
        let error = #expect(throws: FileError.self) { _ = try files.open(path, .read) }
        #expect(error?.isNotFound == true)
        #expect(error?.description == "open of \(path) failed: No such file or directory (2)")
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
