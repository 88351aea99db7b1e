import Bytes
import Clocks
import Compression
import Files
import Glibc
import Telemetry

@testable import FileSource

typealias TestFiles = FileSource<FolderStore<LocalFiles>, MemoryRegister, ManualClocks>
typealias TestLog = FileLog<FolderStore<LocalFiles>, MemoryRegister, ManualClocks>

/// A folder that files are dropped in, removed with everything in it when the test ends.
final class Inbox {
    let path: String
    let clock = ManualClocks(at: Timestamp(milliseconds: 1_600_000_000_000))
    let register = MemoryRegister()

    init() throws {
        path = "/tmp/millrace-files-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(path)
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        let files = LocalFiles()
        for name in (try? files.list(path)) ?? [] { remove("\(path)/\(name)") }
        try? files.remove(path)
    }

    /// Puts a file there, last changed `second` seconds after the beginning.
    func drop(_ name: String, _ bytes: [UInt8], at second: Int = 0) throws {
        let files = LocalFiles()
        let file = "\(path)/\(name)"
        try files.createDirectories(directoryName(of: file))
        let open = try files.open(file, .create)
        try open.truncate(to: 0)
        // SAFETY: the span is used only for the call.
        try unsafe open.write(bytes.span.bytes, at: 0)
        try touch(name, at: second)
    }

    func drop(_ name: String, _ text: String, at second: Int = 0) throws {
        try drop(name, Array(text.utf8), at: second)
    }

    func touch(_ name: String, at second: Int) throws {
        let time = timespec(tv_sec: 1_700_000_000 + second, tv_nsec: 0)
        var times = (time, time)
        // SAFETY: the call reads two times.
        let code = unsafe withUnsafePointer(to: &times) { pointer in
            unsafe pointer.withMemoryRebound(to: timespec.self, capacity: 2) {
                unsafe utimensat(AT_FDCWD, "\(path)/\(name)", $0, 0)
            }
        }
        guard code == 0 else {
            throw FileError(operation: "utimensat", path: name, code: errno)
        }
    }

    func remove(_ name: String) throws { try LocalFiles().remove("\(path)/\(name)") }

    /// A source of its own over the folder, as a process that has just started has it.
    func source(
        _ patterns: [String] = ["in/*"],
        framing: RecordFraming = .lines,
        recordBytesMax: Int = 1000
    ) throws -> TestFiles {
        var options = FileSourceOptions()
        options.recordBytesMax = recordBytesMax
        return try TestFiles(
            name: "inbox",
            store: FolderStore(
                LocalFiles(),
                root: path,
                patterns: patterns.compactMap { PathPattern($0) }
            ),
            register: register,
            framing: framing,
            options: options,
            clock: clock,
            logger: .silent
        )
    }

    /// Looks, and looks again when everything has settled.
    func takeAll(_ files: TestFiles) {
        files.look(taking: true)
        clock.advance(by: .seconds(2))
        files.look(taking: true)
    }
}

func packed(_ text: String, _ codec: CompressionCodec) throws -> [UInt8] {
    var buffer = ByteBuffer()
    let bytes = Array(text.utf8)
    // SAFETY: the span is used only for the call.
    try unsafe codec.compress(bytes.span.bytes, into: &buffer)
    return [UInt8](copying: buffer.bytes)
}
