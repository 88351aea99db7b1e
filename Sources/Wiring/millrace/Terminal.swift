import Glibc

/// Standard output and error, written whole.
enum Terminal {
    /// Writes to standard output; ends the program quietly when the reader has gone (`| head`).
    static func write(_ text: String) {
        if !writeAll(text, to: STDOUT_FILENO), errno == EPIPE { exit(0) }
    }

    /// Writes bytes to standard output as they are.
    static func write(_ bytes: RawSpan) {
        // SAFETY: the bytes are only read, inside the closure.
        let isWritten = unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: STDOUT_FILENO) }
        if !isWritten { exit(errno == EPIPE ? 0 : 1) }
    }

    /// Writes to standard error.
    static func writeError(_ text: String) {
        _ = writeAll(text, to: STDERR_FILENO)
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        // SAFETY: the bytes are only read, inside the closure.
        return text.withUTF8 { bytes in
            unsafe writeAll(UnsafeRawBufferPointer(bytes), to: descriptor)
        }
    }

    private static func writeAll(
        _ bytes: UnsafeRawBufferPointer,
        to descriptor: Int32
    ) -> Bool {
        var offset = 0
        while offset < bytes.count {
            // SAFETY: the caller's bytes live through the call; the rest lies in them.
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            offset += count
        }
        return true
    }
}
