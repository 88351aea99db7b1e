import Glibc
import Synchronization
import Testing
import Threads

/// Ends a wait that goes on for too long.
struct Deadline {
    private let end: Int

    init(seconds: Int) {
        end = time(nil) + seconds
    }

    struct Passed: Error {}

    /// Waits a moment.
    func step() throws {
        if time(nil) > end { throw Passed() }
        usleep(20_000)
    }
}

/// A pipe, both ends in this process. What is written must fit into it.
final class Pipe {
    let reading: Int32
    let writing: Int32

    init(holding text: String? = nil) throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        reading = ends[0]
        writing = ends[1]
        if let text {
            _ = unsafe write(writing, text, text.utf8.count)
            close(writing)
        }
    }

    /// Closes the writing end and reads everything.
    func contents() -> String {
        close(writing)
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(reading, &block, block.count)
            if count <= 0 { break }
            all += block[..<count]
        }
        close(reading)
        return String(decoding: all, as: UTF8.self)
    }
}

/// A terminal without a screen: a person's end and a program's end.
final class PseudoTerminal: Sendable {
    private let master: Int32
    /// The program's end.
    let device: Int32
    private let seen = Mutex<[UInt8]>([])
    private let reader = Mutex<Thread?>(nil)

    init(width: UInt16, height: UInt16) throws {
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(master >= 0)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not import.
        var unlocked: Int32 = 0
        try #require(unsafe ioctl(master, 0x4004_5431, &unlocked) == 0)
        var number: Int32 = 0
        try #require(unsafe ioctl(master, 0x8004_5430, &number) == 0)
        device = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(device >= 0)
        var size = winsize(ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(device, UInt(TIOCSWINSZ), &size)
    }

    /// Runs a program on the device, and keeps what it writes.
    func start(_ program: @escaping @Sendable () -> Void) -> Thread {
        let reading = Thread("test-pty") { [self] in
            var block = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = unsafe read(master, &block, block.count)
                if count <= 0 { return }
                seen.withLock { $0 += block[..<count] }
            }
        }
        reader.withLock { $0 = reading }
        return Thread("test-program") { program() }
    }

    /// Everything written so far.
    var text: String { seen.withLock { String(decoding: $0, as: UTF8.self) } }

    func type(_ keys: String) {
        _ = unsafe write(master, keys, keys.utf8.count)
    }

    func wait(for part: String) throws {
        let deadline = Deadline(seconds: 60)
        while !text.contains(part) {
            do {
                try deadline.step()
            } catch {
                Issue.record("\(part) did not come; there is: \(text)")
                throw error
            }
        }
    }

    /// Hangs up, once the program has ended.
    func finish() {
        close(device)
        // The reader ends when the last user of the device is gone.
        reader.withLock { $0 }?.join()
        close(master)
    }
}
