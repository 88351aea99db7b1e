public import Clocks

/// What a field of a log line can hold, as the line writes it.
public enum LoggedValue: Sendable, Equatable {
    /// Text; escaped where the format needs it.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case real(Double)
    /// True or false.
    case boolean(Bool)
    /// Nothing: an optional without a value.
    case absent
}

/// A type whose values can stand in a field of a log line.
public protocol LogValue {
    /// The value as the line writes it.
    var logged: LoggedValue { get }
}

extension LogValue where Self: BinaryInteger {
    /// Numbers beyond 64 signed bits are written as text, so that no digit is lost.
    public var logged: LoggedValue {
        Int64(exactly: self).map(LoggedValue.integer) ?? .text(String(self))
    }
}

extension Int: LogValue {}
extension Int8: LogValue {}
extension Int16: LogValue {}
extension Int32: LogValue {}
extension Int64: LogValue {}
extension UInt: LogValue {}
extension UInt8: LogValue {}
extension UInt16: LogValue {}
extension UInt32: LogValue {}
extension UInt64: LogValue {}

extension String: LogValue {
    /// The text itself.
    public var logged: LoggedValue { .text(self) }
}

extension Substring: LogValue {
    /// The text itself.
    public var logged: LoggedValue { .text(String(self)) }
}

extension Double: LogValue {
    /// The number itself.
    public var logged: LoggedValue { .real(self) }
}

extension Bool: LogValue {
    /// The truth itself.
    public var logged: LoggedValue { .boolean(self) }
}

extension Duration: LogValue {
    /// Seconds as a number.
    public var logged: LoggedValue {
        let (seconds, attoseconds) = components
        return .real(Double(seconds) + Double(attoseconds) / 1e18)
    }
}

extension Timestamp: LogValue {
    /// ISO 8601 in UTC.
    public var logged: LoggedValue { .text(iso8601) }
}

extension Optional: LogValue where Wrapped: LogValue {
    /// The wrapped value, or nothing.
    public var logged: LoggedValue { self?.logged ?? .absent }
}

extension Array: LogValue where Element: LogValue {
    /// The elements with commas between them.
    public var logged: LoggedValue {
        .text(map { $0.logged.plain }.joined(separator: ","))
    }
}

extension LoggedValue: LogValue {
    /// The value itself.
    public var logged: LoggedValue { self }

    /// The value as bare text.
    var plain: String {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .real(let number): number.description
        case .boolean(let truth): truth ? "true" : "false"
        case .absent: "null"
        }
    }
}

/// A password, token or key: usable where it is needed, masked wherever it would be shown.
///
/// Interpolation, `description`, `dump` and log fields all show `***`; only `revealed` gives the
/// text.
public struct Secret: Sendable, Equatable, LogValue, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    /// The secret itself, for the one place that hands it to a peer.
    public let revealed: String

    /// Wraps `revealed`.
    public init(_ revealed: String) { self.revealed = revealed }

    /// Always `***`.
    public var description: String { "***" }
    /// Always `***`.
    public var debugDescription: String { "***" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
    /// Always `***`.
    public var logged: LoggedValue { .text("***") }
}
