import Bytes
import Files
import Glibc
import Synchronization

@testable import Stores

/// A store over the network, in memory, whose next calls can be made to fail.
final class MemoryObjects: RemoteObjects {
    struct State {
        var objects: [String: [UInt8]] = [:]
        /// Calls that fail, by name; each failure counts down.
        var failures: [String: Int] = [:]
        /// Calls that do what they should and then fail: the answer got lost.
        var lostAnswers: [String: Int] = [:]
        var calls: [String: Int] = [:]
    }

    let state = Mutex(State())

    func failNext(_ call: String, times: Int = 1) {
        state.withLock { $0.failures[call] = times }
    }

    func loseAnswer(of call: String, times: Int = 1) {
        state.withLock { $0.lostAnswers[call] = times }
    }

    func calls(_ call: String) -> Int { state.withLock { $0.calls[call] ?? 0 } }

    func bytes(_ path: String) -> [UInt8]? { state.withLock { $0.objects[path] } }

    func set(_ path: String, _ text: String) {
        state.withLock { $0.objects[path] = Array(text.utf8) }
    }

    private func change<R>(
        _ call: String,
        _ path: String,
        _ body: (inout State) throws(StoreError) -> R
    ) throws(StoreError) -> R {
        try state.withLock { (state) throws(StoreError) in
            state.calls[call, default: 0] += 1
            if let left = state.failures[call], left > 0 {
                state.failures[call] = left - 1
                throw .unavailable(uri: path, reason: "it was told to fail")
            }
            let result = try body(&state)
            if let left = state.lostAnswers[call], left > 0 {
                state.lostAnswers[call] = left - 1
                throw .unavailable(uri: path, reason: "its answer got lost")
            }
            return result
        }
    }

    private func object(_ path: String, _ bytes: Int) -> StoredObject {
        StoredObject(path: path, bytes: Int64(bytes), modifiedNanoseconds: 0, tag: "")
    }

    func list(
        _ folder: String,
        isDeep: Bool,
        withFolders: Bool
    ) throws(StoreError) -> [StoredObject] {
        try change("list", folder) { state in
            state.objects.filter { $0.key.hasPrefix(folder + "/") }
                .map { object($0.key, $0.value.count) }
        }
    }

    func head(_ path: String) throws(StoreError) -> StoredObject? {
        try change("head", path) { state in
            state.objects[path].map { object(path, $0.count) }
        }
    }

    func size(_ path: String) throws(StoreError) -> Int64? {
        try change("size", path) { state in state.objects[path].map { Int64($0.count) } }
    }

    func read(_ path: String, bytesMax: Int) throws(StoreError) -> ByteBuffer {
        let bytes = try change("read", path) { state in state.objects[path] }
        guard let bytes else { throw .notFound(uri: path) }
        var buffer = ByteBuffer()
        buffer.append(bytes)
        return buffer
    }

    func put(_ path: String, _ bytes: RawSpan) throws(StoreError) {
        var copy: [UInt8] = []
        for index in 0..<bytes.byteCount { copy.append(bytes[index]) }
        try change("put", path) { state in state.objects[path] = copy }
    }

    func upload(_ path: String, file: String) throws(StoreError) -> Int64 {
        let bytes = try contents(file)
        return try change("upload", path) { state in
            state.objects[path] = bytes
            return Int64(bytes.count)
        }
    }

    func download(_ path: String, file: String) throws(StoreError) -> Int64 {
        let bytes = try change("download", path) { state in state.objects[path] }
        guard let bytes else { throw .notFound(uri: path) }
        write(bytes, to: file)
        return Int64(bytes.count)
    }

    func delete(_ path: String) throws(StoreError) {
        try change("delete", path) { state in state.objects[path] = nil }
    }

    func deleteFolder(_ path: String) throws(StoreError) {
        try change("deleteFolder", path) { state in
            state.objects = state.objects.filter { !$0.key.hasPrefix(path + "/") }
        }
    }

    func read(
        _ path: String,
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(StoreError) -> Int {
        let bytes = try change("read", path) { state in state.objects[path] }
        guard let bytes else { throw .notFound(uri: path) }
        let part = Array(bytes.dropFirst(Int(position)).prefix(count))
        buffer.append(part)
        return part.count
    }

    func copy(_ path: String, to target: String) throws(StoreError) {
        try change("copy", path) { state in state.objects[target] = state.objects[path] }
    }

    func createFolder(_: String) throws(StoreError) {}
}

func contents(_ path: String) throws(StoreError) -> [UInt8] {
    do throws(FileError) {
        let buffer = try LocalFiles().contents(of: path, bytesMax: 1 << 20)
        var bytes: [UInt8] = []
        for index in 0..<buffer.count { bytes.append(buffer.bytes[index]) }
        return bytes
    } catch { throw .file(error) }
}

func write(_ bytes: [UInt8], to path: String) {
    var buffer = ByteBuffer()
    buffer.append(bytes)
    guard let file = try? LocalFiles().open(path, .createNew) else { return }
    try? file.write(buffer.bytes, at: 0)
}

extension RawSpan {
    subscript(index: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}

/// A folder that goes with this.
final class TemporaryFolder: Sendable {
    let path = "/tmp/millrace-stores-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"

    init() throws { try LocalFiles().createDirectories(path) }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        let files = LocalFiles()
        for name in (try? files.list(path)) ?? [] { remove("\(path)/\(name)") }
        try? files.remove(path)
    }
}
