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
