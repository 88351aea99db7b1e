import Glibc

/// Standard output and error, written whole.
enum Terminal {
    /// Writes to standard output; ends the program quietly when the reader has gone (`| head`).
    static func write(_ text: String) {
        if !writeAll(text, to: STDOUT_FILENO), errno == EPIPE { exit(0) }
    }

    /// Writes to standard error.
    static func writeError(_ text: String) {
        _ = writeAll(text, to: STDERR_FILENO)
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        // SAFETY: the bytes are only read, inside the closure.
        return text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count {
                let rest = unsafe UnsafeRawBufferPointer(
                    rebasing: UnsafeRawBufferPointer(bytes)[offset...]
                )
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
}
