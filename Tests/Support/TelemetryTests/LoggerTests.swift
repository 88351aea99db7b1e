import Clocks
import Glibc
import Telemetry
import Testing
import Threads

/// 2026-11-21T14:33:00.007Z.
private let clock = ManualClocks(at: Timestamp(milliseconds: 1_795_271_580_007))

private func captured(
    _ format: LogFormat,
    level: LogLevel = .info,
    _ body: (Logger) -> Void
) -> [String] {
    let capture = LogCapture()
    let sink = LogSink(capture: capture, format: format, clock: clock)
    body(Logger(component: "log", level: level, sink: sink))
    return capture.lines
}

@Suite struct LoggerTests {
    @Test func `a line for machines is one JSON object with the fields behind the message`() {
        let lines = captured(.json) {
            $0.info(
                "topic created",
                ["topic": "orders", "partitions": 3, "share": 0.5, "new": true]
            )
        }
        #expect(
            lines == [
                #"{"time":"2026-11-21T14:33:00.007Z","level":"info","component":"log","#
                    + #""message":"topic created","topic":"orders","partitions":3,"#
                    + #""share":0.5,"new":true}"#
            ]
        )
    }

    @Test func `a line for people is time, level, component, message and key=value`() {
        let lines = captured(.text) {
            $0.warning("slow sync", ["took": Duration.milliseconds(1500), "file": "a b"])
        }
        #expect(
            lines == ["2026-11-21T14:33:00.007Z warning log: slow sync took=1.5 file=\"a b\""]
        )
    }

    @Test(arguments: [LogFormat.json, .text])
    func `a value from outside cannot start a line or steer the terminal`(format: LogFormat) {
        let lines = captured(format) {
            $0.info("bad\nname", ["topic": "x\r\n{\"level\":\"error\"}\u{1B}[2J\u{9B}1m\u{7F}"])
        }
        let line = lines.joined()
        #expect(lines.count == 1)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0 ~= $0.value) })
        #expect(line.contains(#"\n"#) && line.contains(#"\u001b"#) && line.contains(#"\u009b"#))
    }

    @Test func `levels below the logger's are not even made`() {
        var made = 0
        func message() -> String {
            made += 1
            return "x"
        }
        let lines = captured(.json, level: .warning) {
            $0.debug(message())
            $0.info(message())
            $0.error(message())
        }
        #expect(lines.count == 1)
        #expect(made == 1)
    }

    @Test(arguments: [LogFormat.json, .text])
    func `a secret is masked in every way of showing it`(format: LogFormat) {
        let secret = Secret("hunter2")
        let lines = captured(format) {
            $0.info("connecting with \(secret)", ["password": secret, "maybe": Optional(secret)])
        }
        var dumped = ""
        dump(secret, to: &dumped)
        let shown = lines.joined() + dumped + "\(secret)" + String(reflecting: [secret])
        #expect(!shown.contains("hunter2"))
        #expect(lines.joined().contains("***"))
        #expect(secret.revealed == "hunter2")
    }

    @Test func `context stands before a line's own fields, and reserved keys give way`() {
        let lines = captured(.json) {
            $0.named("pipeline").with(["table": "orders"]).info(
                "m",
                ["message": "y", "n": Int?.none]
            )
        }
        #expect(lines[0].contains(#""component":"pipeline""#))
        #expect(lines[0].hasSuffix(#""message":"m","table":"orders","message_":"y","n":null}"#))
    }

    @Test func `numbers beyond the formats stay whole`() {
        let lines = captured(.json) {
            $0.info("m", ["big": UInt64.max, "nan": Double.nan, "list": ["a", "b"]])
        }
        #expect(lines[0].contains(#""big":"18446744073709551615","nan":"nan","list":"a,b""#))
    }

    @Test func `an endless value is cut`() {
        let lines = captured(.json) { $0.info("m", ["v": String(repeating: "é", count: 100_000)]) }
        #expect(lines[0].utf8.count < 9000)
        #expect(lines[0].hasSuffix("…\"}"))
    }
}

@Suite struct LogSinkTests {
    /// Reads everything from a pipe until its writers are gone.
    private func drain(_ descriptor: Int32, slowly: Bool = false) -> [UInt8] {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: slowly ? 1000 : 65536)
        while true {
            let count = unsafe block.withUnsafeMutableBytes { block in
                unsafe read(descriptor, block.baseAddress, block.count)
            }
            guard count > 0 else { return all }
            all += block.prefix(count)
        }
    }

    private func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        let code = unsafe pipe(&ends)
        try #require(code == 0)
        return (ends[0], ends[1])
    }

    @Test(arguments: [false, true])
    func `lines of many threads never mix, even through a full pipe`(nonblocking: Bool) throws {
        let ends = try makePipe()
        if nonblocking { _ = fcntl(ends.write, F_SETFL, O_NONBLOCK) }
        let sink = LogSink(descriptor: ends.write, clock: clock)
        let log = Logger(component: "c", sink: sink)
        let padding = String(repeating: "p", count: 5000)
        // Threads, not tasks: writers block in a full pipe until the reader has taken something.
        let writers = (0..<4).map { writer in
            Thread("writer \(writer)") {
                for line in 0..<100 {
                    log.info("m", ["writer": writer, "line": line, "pad": padding])
                }
            }
        }
        let closer = Thread("closer") {
            for writer in writers { writer.join() }
            close(ends.write)
        }
        let lines = String(decoding: drain(ends.read, slowly: true), as: UTF8.self)
            .split(separator: "\n")
        closer.join()
        close(ends.read)
        #expect(lines.count == 400)
        #expect(lines.allSatisfy { $0.hasPrefix("{\"time\"") && $0.hasSuffix("p\"}") })
        #expect(sink.droppedLines == 0)
    }

    @Test func `a line that nobody can take is counted`() {
        let sink = LogSink(descriptor: -1, clock: clock)
        Logger(component: "c", sink: sink).info("m")
        #expect(sink.droppedLines == 1)
    }

    @Test func `a pipe is no terminal, so it gets JSON`() throws {
        let ends = try makePipe()
        Logger(component: "c", sink: LogSink(descriptor: ends.write, clock: clock)).info("m")
        close(ends.write)
        #expect(drain(ends.read).first == UInt8(ascii: "{"))
        close(ends.read)
    }
}
