public import Clocks
import Glibc
import Synchronization

/// The form of log lines.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Text when the descriptor is a terminal, JSON otherwise.
    case auto
    /// For people: time, level, component, message, `key=value`.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Where log lines go. Shared by all loggers of a process.
///
/// Each line is one `write(2)`. When the kernel takes only a part (a pipe that is nearly full), the
/// rest follows under the same lock, so lines never mix. A line that the descriptor refuses for
/// more than a second, or for good, is dropped and counted: a stuck reader of the log must not stop
/// the server.
public final class LogSink: Sendable {
    private enum Target {
        case descriptor(Int32)
        case capture(LogCapture)
        case nowhere
    }

    private let target: Target
    private let form: LineForm
    private let now: @Sendable () -> Timestamp
    private let turn = Mutex<Void>(())
    private let dropped = Atomic<UInt64>(0)

    /// Writes to an open descriptor, which stays the caller's; 2 is standard error.
    public init(
        descriptor: Int32,
        format: LogFormat = .auto,
        clock: some WallClock
    ) {
        let terminal = isatty(descriptor) == 1
        target = .descriptor(descriptor)
        switch format {
        case .json: form = .json
        case .text: form = .text(colours: terminal)
        case .auto: form = terminal ? .text(colours: true) : .json
        }
        now = { clock.now() }
    }

    /// Keeps lines in memory, for tests.
    public init(
        capture: LogCapture,
        format: LogFormat = .json,
        clock: some WallClock
    ) {
        target = .capture(capture)
        form = format == .text ? .text(colours: false) : .json
        now = { clock.now() }
    }

    private init() {
        target = .nowhere
        form = .json
        now = { Timestamp(milliseconds: 0) }
    }

    /// Forgets every line.
    public static let nowhere = LogSink()

    /// Lines that could not be written.
    public var droppedLines: UInt64 { dropped.load(ordering: .relaxed) }

    var isOpen: Bool {
        if case .nowhere = target { return false }
        return true
    }

    func write(_ line: LogLine) {
        let bytes = form.bytes(of: line, time: now())
        switch target {
        case .nowhere: break
        case .capture(let capture): capture.append(bytes)
        case .descriptor(let descriptor):
            let done = turn.withLock { _ in Self.writeAll(bytes, to: descriptor) }
            if !done { dropped.add(1, ordering: .relaxed) }
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            // SAFETY: the range starts inside the array and ends at its end.
            let count = unsafe bytes.withUnsafeBytes { block in
                unsafe Glibc.write(
                    descriptor,
                    UnsafeRawBufferPointer(rebasing: block[written...]).baseAddress,
                    block.count - written
                )
            }
            if count > 0 {
                written += count
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: one entry, which lives through the call.
                guard unsafe Glibc.poll(&poll, 1, 1000) > 0 else { return false }
            } else {
                return false
            }
        }
        return true
    }
}

/// Log lines kept in memory, for tests.
public final class LogCapture: Sendable {
    private let kept = Mutex<[String]>([])

    /// An empty capture.
    public init() {}

    /// The lines so far, without their line ends.
    public var lines: [String] { kept.withLock { $0 } }

    func append(_ bytes: [UInt8]) {
        let text = String(decoding: bytes.dropLast(), as: UTF8.self)
        kept.withLock { $0.append(text) }
    }
}
