/// How much a line matters, from least to most.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
    /// For somebody who looks for a fault in Millrace itself.
    case debug
    /// What a person who watches the process wants to know: started, created, committed.
    case info
    /// Something is wrong and was handled; somebody should look at it some time.
    case warning
    /// Something failed and somebody must act.
    case error

    /// The name as settings and log lines write it.
    public var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// The level with this name, or nil.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Orders by importance.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
