import Bytes
import Glibc
import SQLEngine

/// Standard output and error, written whole.
enum Terminal {
    /// Writes to standard output; ends the program quietly when the reader has gone (`| head`).
    static func write(_ text: String) {
        if !writeAll(text, to: STDOUT_FILENO), errno == EPIPE { exit(0) }
    }

    /// Writes bytes to standard output.
    static func write(_ bytes: RawSpan) {
        write(String(repairingUTF8: bytes))
    }

    /// How answers to a person are drawn here.
    static var tableFormat: SQLOutputFormat {
        guard isInteractive else { return .table(.plain) }
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return .table(.terminal(width: isKnown ? Int(size.ws_col) : 80))
    }

    /// Writes to standard error.
    static func writeError(_ text: String) {
        _ = writeAll(text, to: STDERR_FILENO)
    }

    /// True when a person reads standard output.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

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
