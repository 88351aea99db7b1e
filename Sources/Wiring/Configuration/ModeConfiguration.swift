public import Clocks
import Settings

/// When a pipeline lands by itself, and where it begins.
public struct ModeConfiguration: Sendable, Equatable {
    /// The words of `mode`.
    public enum Mode: String, CaseIterable, Sendable {
        /// Always, within the freshness target.
        case stream
        /// Only when it is run.
        case batch
        /// When enough waits.
        case watch
    }

    /// What a watching pipeline waits for; nil where it does not matter.
    public struct Watch: Sendable, Equatable {
        /// Records that wait.
        public var records: Int?
        /// Bytes that wait.
        public var bytes: Int?
        /// Age of the oldest record that waits.
        public var age: Duration?
        /// How often it looks.
        public var poll: Duration
    }

    /// Where a pipeline begins in what is in the log already.
    public enum Start: Sendable, Equatable {
        /// With the first record that is there.
        case earliest
        /// With the next one that comes.
        case latest
        /// With the first one that is not older.
        case time(Timestamp)
    }

    /// When it lands.
    public var mode: Mode
    /// Set for a watching pipeline.
    public var watch: Watch?
    /// Where it begins.
    public var start: Start

    init(_ section: SettingsSection) {
        mode = section.value("mode", .choice(Mode.self), default: .stream)
        start = section.value("start", .start, default: .earliest)
        guard let declared = section.section("watch") else {
            if mode == .watch {
                section.complain(
                    "watches without saying for what",
                    advice: "add watch with records, bytes or age, for example watch: {age: 10m}"
                )
            }
            return
        }
        let watch = Watch(
            records: declared.optional("records", .integer(in: 1...Int.max)),
            bytes: declared.optional("bytes", .bytes(in: 1...(1 << 50))),
            age: declared.optional("age", .duration(in: .seconds(1)...(.seconds(30 * 86_400)))),
            poll: declared.value(
                "poll",
                .duration(in: .milliseconds(100)...(.seconds(86_400))),
                default: .seconds(10)
            )
        )
        if watch.records == nil && watch.bytes == nil && watch.age == nil {
            declared.complain(
                "names nothing to wait for",
                advice: "set records, bytes or age; the first that holds starts a run"
            )
        }
        declared.finish()
        if mode != .watch {
            section.complain(
                at: "watch",
                "means nothing in the mode \(mode.rawValue)",
                advice: "add mode: watch, or leave watch away"
            )
        }
        self.watch = watch
    }
}

extension ValueType where Value == ModeConfiguration.Start {
    static var start: ValueType {
        ValueType(name: "beginning", example: "earliest") { (text) throws(SettingsComplaint) in
            switch text {
            case "earliest": return .earliest
            case "latest": return .latest
            default:
                guard let moment = Timestamp(iso8601: text) else {
                    throw SettingsComplaint(
                        "\"\(text)\" is no place to begin",
                        advice: "write earliest, latest or a moment such as 2026-11-21T08:00:00Z"
                    )
                }
                return .time(moment)
            }
        }
    }
}
