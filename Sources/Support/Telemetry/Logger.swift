/// Writes lines about what happens: a message, who says it, and fields.
///
/// A value to be passed down, never a global: whoever makes a part of Millrace gives it a logger
/// with the part's name. Copies are cheap. Usable from any thread; whole lines never mix. Nothing
/// is made, not even the message, for a level that is off.
///
/// The message is a constant sentence and what varies is a field, so that lines can be counted and
/// searched: `log.info("topic created", ["topic": name, "partitions": count])`.
public struct Logger: Sendable {
    /// Who speaks: the room or the part of it, in lower case.
    public let component: String
    /// Lines below this level are not written.
    public let level: LogLevel
    private let sink: LogSink
    private let context: [LogField]

    /// A logger that writes lines of `level` and above to `sink`.
    public init(component: String, level: LogLevel = .info, sink: LogSink) {
        self.init(component: component, level: level, sink: sink, context: [])
    }

    private init(component: String, level: LogLevel, sink: LogSink, context: [LogField]) {
        self.component = component
        self.level = level
        self.sink = sink
        self.context = context
    }

    /// A logger that writes nothing, for tests and tools.
    public static let silent = Logger(component: "", level: .error, sink: .nowhere)

    /// The same logger under another name.
    public func named(_ component: String) -> Logger {
        Logger(component: component, level: level, sink: sink, context: context)
    }

    /// The same logger with fields that stand in all its lines.
    public func with(_ fields: KeyValuePairs<String, any LogValue>) -> Logger {
        let added = fields.map { LogField(key: $0.key, value: $0.value.logged) }
        return Logger(component: component, level: level, sink: sink, context: context + added)
    }

    /// Writes a line for somebody who looks for a fault in Millrace itself.
    public func debug(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, any LogValue> = [:]
    ) {
        log(.debug, message(), fields())
    }

    /// Writes a line about the normal course of things.
    public func info(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, any LogValue> = [:]
    ) {
        log(.info, message(), fields())
    }

    /// Writes a line about something that is wrong and was handled.
    public func warning(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, any LogValue> = [:]
    ) {
        log(.warning, message(), fields())
    }

    /// Writes a line about a failure that somebody must act on.
    public func error(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, any LogValue> = [:]
    ) {
        log(.error, message(), fields())
    }

    /// Writes a line of any level.
    public func log(
        _ level: LogLevel,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> KeyValuePairs<String, any LogValue> = [:]
    ) {
        guard level >= self.level, sink.isOpen else { return }
        let own = fields().map { LogField(key: $0.key, value: $0.value.logged) }
        sink.write(
            LogLine(
                level: level,
                component: component,
                message: message(),
                fields: context + own
            )
        )
    }
}

/// One key and its value.
struct LogField: Sendable {
    var key: String
    var value: LoggedValue
}

/// A line before it has a form and a time.
struct LogLine {
    var level: LogLevel
    var component: String
    var message: String
    var fields: [LogField]
}
