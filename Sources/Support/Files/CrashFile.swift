public import Bytes
internal import Glibc
internal import Synchronization

/// An open file of a `CrashFiles`. Of no use after a crash.
public final class CrashFile: OpenFile {
    /// The path it was opened with.
    public let path: String
    private let files: CrashFiles
    private let node: CrashNode
    private let epoch: Int

    internal init(_ files: CrashFiles, _ node: CrashNode, _ path: String, epoch: Int) {
        self.files = files
        self.node = node
        self.path = path
        self.epoch = epoch
    }

    /// See `OpenFile.read`.
    public func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(FileError) -> Int {
        let bytes = try files.state.withLock { state throws(FileError) in
            if state.isDown || state.epoch != epoch { throw state.error("pread", path, EIO) }
            return node.bytes
        }
        let start = min(Int(position), bytes.count)
        let end = min(start + count, bytes.count)
        // SAFETY: the span is used only for the copy.
        unsafe buffer.append(bytes.span.bytes.extracting(start..<end))
        return end - start
    }

    /// See `OpenFile.write`.
    public func write(_ bytes: RawSpan, at position: Int64) throws(FileError) {
        try write(Array(copying: bytes), at: Int(position))
    }

    /// See `OpenFile.write`; one change, which a crash may tear anywhere.
    public func write(_ slices: [SlabSlice], at position: Int64) throws(FileError) {
        var joined = ByteBuffer()
        for slice in slices { joined.append(slice.bytes) }
        try write(Array(copying: joined.bytes), at: Int(position))
    }

    private func write(_ bytes: [UInt8], at position: Int) throws(FileError) {
        try change(.write, "pwrite") { state throws(FileError) in
            let growth = max(0, position + bytes.count - node.bytes.count)
            let room = (state.capacity ?? .max) - state.used
            if growth > room {
                // As much as there is room for, as the kernel does.
                let kept = max(0, bytes.count - (growth - max(room, 0)))
                if kept > 0 {
                    node.write(Array(bytes[..<kept]), at: position)
                    state.used += max(room, 0)
                }
                throw state.error("pwrite", path, ENOSPC)
            }
            state.used += growth
            node.write(bytes, at: position)
        }
    }

    /// See `OpenFile.sync`. When it fails, what it should have written is lost for good.
    public func sync() throws(FileError) {
        do throws(FileError) {
            try change(.sync, "fdatasync") { _ throws(FileError) in node.sync() }
        } catch {
            files.state.withLock { state in
                if !state.isDown && state.epoch == epoch { node.forgetPending() }
            }
            throw error
        }
    }

    /// See `OpenFile.truncate`.
    public func truncate(to size: Int64) throws(FileError) {
        try change(.truncate, "ftruncate") { state throws(FileError) in
            state.used += Int(size) - node.bytes.count
            node.resize(to: Int(size))
        }
    }

    /// See `OpenFile.allocate`. Space reserved beyond the end of the file is not counted.
    public func allocate(
        at position: Int64,
        length: Int64,
        keepingSize: Bool
    ) throws(FileError) {
        try change(.allocate, "fallocate") { state throws(FileError) in
            let growth = Int(position + length) - node.bytes.count
            if keepingSize || growth <= 0 { return }
            if let capacity = state.capacity, state.used + growth > capacity {
                throw state.error("fallocate", path, ENOSPC)
            }
            state.used += growth
            node.resize(to: Int(position + length))
        }
    }

    /// Bytes in the file.
    public func size() throws(FileError) -> Int64 {
        try files.state.withLock { state throws(FileError) in
            if state.isDown || state.epoch != epoch { throw state.error("fstat", path, EIO) }
            return Int64(node.bytes.count)
        }
    }

    private func change(
        _ kind: CrashFiles.Operation,
        _ operation: String,
        _ body: (inout CrashState) throws(FileError) -> Void
    ) throws(FileError) {
        try files.state.withLock { state throws(FileError) in
            if state.epoch != epoch { throw state.error(operation, path, EIO) }
            let wasUp = !state.isDown
            do throws(FileError) {
                try state.begin(kind, operation, path)
            } catch {
                // The change during which the power fails may still have begun.
                if state.isDown && wasUp && kind != .sync { try? body(&state) }
                throw error
            }
            try body(&state)
        }
    }
}
