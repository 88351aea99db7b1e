/// What the program was asked to do.
enum Request: Equatable {
    case help
    case serve(ServeOptions)
    case load(LoadOptions)

    /// Reads the words behind the program's name.
    init(_ words: [String]) throws(UsageError) {
        var rest = words[...]
        guard let command = rest.popFirst() else {
            throw UsageError("say what to do: serve or load")
        }
        if command == "--help" || command == "-h" || command == "help" || rest.contains("--help") {
            self = .help
            return
        }
        switch command {
        case "serve":
            var options = ServeOptions()
            try Self.read(&rest) { name, value throws(UsageError) in
                switch name {
                case "listen": options.listen = try HostAndPort(value, option: name)
                case "brokers": options.brokers = value
                case "topic": options.topic = value
                default: return false
                }
                return true
            }
            self = .serve(options)
        case "load":
            var options = LoadOptions()
            try Self.read(&rest) { name, value throws(UsageError) in
                switch name {
                case "target": options.target = try HostAndPort(url: value)
                case "connections": options.connections = try Self.number(value, 1...256, name)
                default: return false
                }
                return true
            }
            self = .load(options)
        default:
            throw UsageError("there is no command '\(command)'; there are serve and load")
        }
    }

    private static func read(
        _ rest: inout ArraySlice<String>,
        _ take: (String, String) throws(UsageError) -> Bool
    ) throws(UsageError) {
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else { throw UsageError("'\(word)' means nothing here") }
            let halves = word.dropFirst(2).split(separator: "=", maxSplits: 1)
            guard let name = halves.first.map({ String($0) }) else {
                throw UsageError("'\(word)' means nothing here")
            }
            let value: String
            if halves.count == 2 {
                value = String(halves[1])
            } else if let next = rest.popFirst() {
                value = next
            } else {
                throw UsageError("--\(name) needs a value")
            }
            guard try take(name, value) else { throw UsageError("there is no option --\(name)") }
        }
    }

    private static func number(
        _ text: String,
        _ range: ClosedRange<Int>,
        _ option: String
    ) throws(UsageError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            let (low, high) = (range.lowerBound, range.upperBound)
            throw UsageError("--\(option) is a number from \(low) to \(high), not '\(text)'")
        }
        return number
    }

    static let helpText = """
        The game of the demo: an HTTP API whose requests become events in a Kafka log.

        Usage:
          game-api serve [--listen ADDRESS:PORT] [--brokers LIST] [--topic NAME]
          game-api load [--target URL] [--connections N]

        serve answers the game's seven addresses. Each request is one event, which is in the log,
        acknowledged by all replicas, before the player reads the answer.
          --listen ADDRESS:PORT  where to listen (127.0.0.1:5000; port 0 takes any)
          --brokers LIST         Kafka brokers, host:port,host:port (127.0.0.1:9092)
          --topic NAME           where events go (events)

        load plays the eleven runs of players against a game that is being served.
          --target URL           the game (http://127.0.0.1:5000)
          --connections N        connections at a time (8)

        Exit codes: 0 done, 1 something failed, 2 the command line was not understood.

        """
}

/// Options of `serve`.
struct ServeOptions: Equatable {
    var listen = HostAndPort(host: "127.0.0.1", port: 5000)
    var brokers = "127.0.0.1:9092"
    var topic = "events"
}

/// Options of `load`.
struct LoadOptions: Equatable {
    var target = HostAndPort(host: "127.0.0.1", port: 5000)
    var connections = 8
}

/// An address with a port.
struct HostAndPort: Equatable, CustomStringConvertible {
    var host: String
    var port: UInt16

    var description: String { "\(host):\(port)" }

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init(_ text: String, option: String) throws(UsageError) {
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty, let port = UInt16(halves[1]) else {
            throw UsageError("--\(option) is ADDRESS:PORT, like 127.0.0.1:5000, not '\(text)'")
        }
        self.init(host: String(halves[0]), port: port)
    }

    init(url: String) throws(UsageError) {
        var rest = url[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst("http://".count) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        try self.init(rest.contains(":") ? String(rest) : "\(rest):80", option: "target")
    }
}

/// The command line was not understood; says what is wrong.
struct UsageError: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
}
