public import Bytes
import CLinux
import Glibc

/// A file of the machine's file system. Closed when the last reference goes.
public final class LocalFile: OpenFile {
    /// The path it was opened with.
    public let path: String
    private let descriptor: Int32

    /// Takes over `descriptor`.
    internal init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// See `OpenFile.read`; repeats short reads until the file ends.
    public func read(
        at position: Int64,
        count: Int,
        into buffer: inout ByteBuffer
    ) throws(FileError) -> Int {
        var total = 0
        while total < count {
            let start = total
            // SAFETY: the buffer gives a block of the capacity asked for; pread writes at most that
            // much.
            try unsafe buffer.appendUninitialized(capacity: count - start) {
                (block) throws(FileError) -> Int in
                let got = try systemCall("pread", path) {
                    unsafe pread(
                        descriptor,
                        block.baseAddress,
                        count - start,
                        Int(position) + start
                    )
                }
                total += got
                return got
            }
            if total == start { break }
        }
        return total
    }

    /// See `OpenFile.write`; repeats short writes.
    public func write(_ bytes: RawSpan, at position: Int64) throws(FileError) {
        var written = 0
        while written < bytes.byteCount {
            let rest = bytes.extracting(written..<bytes.byteCount)
            let offset = position + Int64(written)
            // SAFETY: the pointer is used only inside the closure.
            written += try unsafe rest.withUnsafeBytes { (block) throws(FileError) -> Int in
                try systemCall("pwrite", path) {
                    unsafe pwrite(descriptor, block.baseAddress, block.count, Int(offset))
                }
            }
        }
    }

    /// See `OpenFile.write`; one pwritev for up to 512 slices.
    public func write(_ slices: [SlabSlice], at position: Int64) throws(FileError) {
        if slices.count == 1 {
            let only = slices[0]
            return try write(only.bytes, at: position)
        }
        var first = 0
        var offset = position
        while first < slices.count {
            let last = min(first + Self.vectorMax, slices.count)
            try writeVector(slices[first..<last], at: offset)
            for slice in slices[first..<last] { offset += Int64(slice.count) }
            first = last
        }
    }

    /// Slices per system call; the kernel takes at most 1024.
    private static let vectorMax = 512

    private func writeVector(_ slices: ArraySlice<SlabSlice>, at position: Int64) throws(FileError)
    {
        var total = 0
        for slice in slices { total += slice.count }
        // SAFETY: the pointers stay valid because `slices` holds every slab until after the call.
        let written = try unsafe withUnsafeTemporaryAllocation(
            of: iovec.self,
            capacity: slices.count
        ) {
            (vector) throws(FileError) -> Int in
            var filled = 0
            for slice in slices {
                unsafe slice.bytes.withUnsafeBytes { block in
                    unsafe vector[filled] = iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: block.baseAddress),
                        iov_len: block.count
                    )
                }
                filled += 1
            }
            let count = Int32(filled)
            return try systemCall("pwritev", path) {
                unsafe pwritev(descriptor, vector.baseAddress, count, Int(position))
            }
        }
        if written == total { return }
        // A short write: finish slice by slice. Rare, and nearly always followed by the error that
        // caused it.
        var skip = written
        var offset = position + Int64(written)
        for slice in slices {
            if skip >= slice.count {
                skip -= slice.count
                continue
            }
            try write(slice.bytes.extracting(skip..<slice.count), at: offset)
            offset += Int64(slice.count - skip)
            skip = 0
        }
    }

    /// See `OpenFile.sync`: fdatasync.
    public func sync() throws(FileError) {
        _ = try systemCall("fdatasync", path) { fdatasync(descriptor) }
    }

    /// See `OpenFile.truncate`.
    public func truncate(to size: Int64) throws(FileError) {
        _ = try systemCall("ftruncate", path) { ftruncate(descriptor, Int(size)) }
    }

    /// See `OpenFile.allocate`; where the file system cannot reserve space, only the size is set.
    public func allocate(
        at position: Int64,
        length: Int64,
        keepingSize: Bool
    ) throws(FileError) {
        let mode: Int32 = keepingSize ? 1 : 0  // FALLOC_FL_KEEP_SIZE
        do throws(FileError) {
            _ = try systemCall("fallocate", path) {
                c_linux_fallocate(descriptor, mode, position, length)
            }
        } catch {
            // A file system that cannot reserve space still works: only the size must be right.
            guard error.code == EOPNOTSUPP else { throw error }
            if !keepingSize, try size() < position + length { try truncate(to: position + length) }
        }
    }

    /// Bytes in the file.
    public func size() throws(FileError) -> Int64 {
        var status = stat()
        // SAFETY: the call writes one stat structure, which outlives it.
        _ = try systemCall("fstat", path) { unsafe fstat(descriptor, &status) }
        return Int64(status.st_size)
    }
}
