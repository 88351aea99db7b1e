import CLinux
import Glibc
import Threads

/// SIGINT and SIGTERM as something to wait for. The second signal of a kind ends the process at
/// once.
struct StopSignals {
    private let reader: Int32

    /// Catches both from now on. Make one, early.
    init() throws(CommandError) {
        var ends: [Int32] = [0, 0]
        // SAFETY: pipe fills the two numbers of the array.
        guard unsafe pipe(&ends) == 0, c_linux_catch_stop_signals(ends[1]) == 0 else {
            throw CommandError("signals cannot be caught: error \(errno)")
        }
        reader = ends[0]
    }

    /// True when one of them comes within `timeout`.
    func arrive(within timeout: Duration) -> Bool {
        var watched = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        let (seconds, attoseconds) = timeout.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        // SAFETY: poll reads and writes the one entry.
        return unsafe poll(&watched, 1, Int32(clamping: milliseconds)) > 0
    }

    /// Waits for one of them and says which.
    func wait() async -> Int32 {
        let reader = reader
        return await withCheckedContinuation { continuation in
            _ = Thread("signals") {
                var byte: UInt8 = 0
                // SAFETY: one byte is read into one byte.
                while unsafe read(reader, &byte, 1) != 1 {}
                continuation.resume(returning: Int32(byte))
            }
        }
    }
}
