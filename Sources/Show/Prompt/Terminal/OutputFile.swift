internal import Bytes
import Glibc

/// Writes to a file descriptor somebody else owns.
struct OutputFile: Sendable {
    let descriptor: Int32

    /// The reader has gone, or the disk is full: nothing more can be shown.
    struct Closed: Error {}

    func write(_ text: String) throws(Closed) {
        // SAFETY: the span is used only inside the call, which `text` outlives.
        try unsafe write(text.utf8.span.bytes)
    }

    func write(_ bytes: RawSpan) throws(Closed) {
        var offset = 0
        while offset < bytes.byteCount {
            let rest = bytes.extracting(offset..<bytes.byteCount)
            // SAFETY: the pointer is used only inside the closure; `write` reads `count` bytes.
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written > 0 {
                offset += written
            } else if errno != EINTR {
                throw Closed()
            }
        }
    }

    /// True when a person looks at it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// How tables are drawn there: to the terminal's width and in colours, or everything plainly.
    func tableStyle(rowsMax: Int? = 40) -> (width: Int, height: Int, hasColor: Bool)? {
        guard isTerminal else { return nil }
        var size = winsize()
        // SAFETY: the kernel fills `size`, which lives during the call.
        let code = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size)
        let isKnown = code == 0 && size.ws_col > 0
        return (
            width: isKnown ? Int(size.ws_col) : 80,
            height: isKnown ? Int(size.ws_row) : 24,
            hasColor: Self.wantsColor
        )
    }

    /// https://no-color.org
    private static var wantsColor: Bool {
        // SAFETY: the pointers are read at once; nothing here changes the environment.
        let isRefused = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
        let kind = unsafe getenv("TERM").map { unsafe String(cString: $0) }
        return !isRefused && kind != "dumb"
    }
}
