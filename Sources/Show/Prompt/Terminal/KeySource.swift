import Glibc

/// Reads keys from a terminal, and can wait for keys and for something else at once.
struct KeySource {
    private let descriptor: Int32
    private var parser = KeyParser()
    private var queue: [Key] = []

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// The next key; waits for it. After it as many as came with it can be had without waiting.
    mutating func next() -> Key {
        while queue.isEmpty {
            // A lone Escape is one when nothing follows it for a moment.
            if Self.waitForInput(descriptor, milliseconds: parser.isWaiting ? 50 : -1) {
                read()
            } else {
                queue += parser.flush()
            }
        }
        return queue.removeFirst()
    }

    /// True when a key is there without waiting.
    var hasMore: Bool { !queue.isEmpty }

    /// Waits until `other` can be read and returns; calls `interrupted` for every Ctrl-C until
    /// then. Other keys wait for `next`.
    mutating func wait(for other: Int32, interrupted: () -> Void) {
        var isAtEnd = false
        while true {
            var files = [
                pollfd(fd: other, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isAtEnd ? -1 : descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // SAFETY: the array holds two entries and lives during the call.
            let count = unsafe poll(&files, 2, -1)
            if count < 0 { continue }
            if files[1].revents != 0 {
                let before = queue.count
                read()
                let new = queue[before...]
                isAtEnd = new.contains(.endOfInput)
                if new.contains(.control("c")) {
                    // What was typed before it was meant to be thrown away too.
                    queue.removeAll()
                    interrupted()
                }
            }
            if files[0].revents != 0 { return }
        }
    }

    private mutating func read() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // SAFETY: the kernel writes at most as many bytes as the array has.
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        if count > 0 {
            queue += parser.parse(bytes[..<count])
        } else if count == 0 || errno != EINTR {
            queue.append(.endOfInput)
        }
    }

    private static func waitForInput(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var file = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // SAFETY: one entry, which lives during the call.
        let count = unsafe poll(&file, 1, milliseconds)
        return count > 0 || (count < 0 && milliseconds < 0)
    }
}
