import Glibc

/// Text for the person who started the program.
enum Output {
    /// Writes to standard output.
    static func write(_ text: String) { write(text, to: 1) }

    /// Writes a line to standard error.
    static func complain(_ text: String) { write(text + "\n", to: 2) }

    /// Replaces the last line on standard error, where that is a terminal.
    static func progress(_ text: String) {
        if isatty(2) == 1 { write("\r\u{1B}[K" + text, to: 2) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // SAFETY: the range lies inside the array.
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
