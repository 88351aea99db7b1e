import Bytes
import Testing

@testable import Files

struct CrashFilesTests {
    /// Runs `body` on a fresh file system for many seeds and returns what it gave.
    private func outcomes<T: Hashable>(
        seeds: Range<UInt64> = 0..<200,
        _ body: (CrashFiles, UInt64) throws -> T
    ) rethrows -> Set<T> {
        var found: Set<T> = []
        for seed in seeds { found.insert(try body(CrashFiles(), seed)) }
        return found
    }

    private func file(_ files: CrashFiles, _ content: String) throws -> CrashFile {
        let file = try files.open("a", .create)
        let bytes = slab(content)
        try file.write(bytes.bytes, at: 0)
        try file.sync()
        try files.syncDirectory(".")
        return file
    }

    @Test func `what was synced survives every crash`() throws {
        let found = try outcomes { files, seed in
            _ = try file(files, "synced")
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        #expect(found == ["synced"])
    }

    @Test func `an unsynced write is kept, lost or leaves zeros`() throws {
        let found = try outcomes { files, seed in
            let open = try file(files, "12")
            let more = slab("34")
            try open.write(more.bytes, at: 2)
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        #expect(found.isSuperset(of: ["12", "1234", "12\0\0"]))
    }

    @Test func `a large unsynced write can be torn between sectors`() throws {
        let found = try outcomes { files, seed in
            let open = try file(files, "")
            let big = slab(String(repeating: "x", count: 2_048))
            try open.write(big.bytes, at: 0)
            files.crash(seed: seed)
            let content = try text(of: files.open("a", .read))
            return content.utf8.contains(UInt8(ascii: "x")) && content.utf8.contains(0)
        }
        #expect(found == [true, false])
    }

    @Test func `later writes can survive earlier ones`() throws {
        let found = try outcomes { files, seed in
            let open = try file(files, "....")
            let first = slab("1")
            let second = slab("2")
            try open.write(first.bytes, at: 0)
            try open.write(second.bytes, at: 3)
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        #expect(found.isSuperset(of: ["....", "1..2", "1...", "...2"]))
    }

    @Test func `a name is durable only when its directory was synced`() throws {
        let found = try outcomes { files, seed in
            let file = try files.open("b", .create)
            let bytes = slab("b")
            try file.write(bytes.bytes, at: 0)
            try file.sync()
            files.crash(seed: seed)
            return files.exists("b")
        }
        #expect(found == [true, false])
    }

    @Test func `a rename happens wholly or not at all`() throws {
        let found = try outcomes { files, seed in
            try files.replace("a", with: slab("old").bytes)
            files.cutPower(afterOperations: Int(seed % 6))
            let new = slab("new")
            try? files.replace("a", with: new.bytes)
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        #expect(found == ["old", "new"])
    }

    @Test func `after the power is cut nothing works until the crash`() throws {
        let files = CrashFiles()
        let open = try file(files, "a")
        files.cutPower(afterOperations: 1)
        let bytes = slab("b")
        try open.write(bytes.bytes, at: 0)
        #expect(throws: FileError.self) { try open.sync() }
        #expect(throws: FileError.self) { _ = try text(of: open) }
        #expect(throws: FileError.self) { _ = try files.open("a", .read) }
        files.crash(seed: 1)
        #expect(throws: FileError.self) { _ = try open.size() }
        _ = try files.open("a", .read)
    }

    @Test func `a full device takes what fits and says so`() throws {
        let files = CrashFiles()
        let open = try file(files, "12")
        files.limit(toBytes: 4)
        let bytes = slab("3456")
        let error = #expect(throws: FileError.self) { try open.write(bytes.bytes, at: 2) }
        #expect(error?.isNoSpace == true)
        #expect(try text(of: open) == "1234")
        try open.truncate(to: 2)
        let fits = slab("34")
        try open.write(fits.bytes, at: 2)
        #expect(files.bytesUsed == 4)
    }

    @Test func `a failed sync loses its bytes though the next one succeeds`() throws {
        let found = try outcomes { files, seed in
            let open = try file(files, "old")
            let bytes = slab("new")
            try open.write(bytes.bytes, at: 0)
            files.fail(.sync, of: "a")
            #expect(throws: FileError.self) { try open.sync() }
            try open.sync()
            #expect(try text(of: open) == "new")
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        #expect(found == ["old"])
    }

    @Test func `the same seed crashes the same way`() throws {
        func run(_ seed: UInt64) throws -> String {
            let files = CrashFiles()
            let open = try file(files, "")
            for number in 0..<40 {
                let bytes = slab(String(repeating: "\(number % 10)", count: 300))
                try open.write(bytes.bytes, at: Int64(number * 300))
            }
            files.crash(seed: seed)
            return try text(of: files.open("a", .read))
        }
        for seed in 0..<50 as Range<UInt64> { #expect(try run(seed) == run(seed)) }
    }
}
