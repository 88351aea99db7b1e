extension Duration {
    /// Whole milliseconds, rounded towards zero and held within an Int64.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product &+ attoseconds / 1_000_000_000_000_000
    }

    /// Whole nanoseconds, rounded towards zero and held within an Int64.
    public var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// Reads a whole number and a unit: `250ms`, `10s`, `5m`, `2h`, `7d`, also `15us`; `0` needs no
    /// unit.
    ///
    /// Nil when the text is anything else, negative, or too large for an Int64 of microseconds.
    public init?(text: String) {
        let digits = text.prefix(while: { $0.isASCII && $0.isNumber })
        guard let number = Int64(digits) else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "us": unit = 1
        case "ms": unit = 1_000
        case "s": unit = 1_000_000
        case "m": unit = 60_000_000
        case "h": unit = 3_600_000_000
        case "d": unit = 86_400_000_000
        case "" where number == 0: unit = 1
        default: return nil
        }
        let (microseconds, overflow) = number.multipliedReportingOverflow(by: unit)
        if overflow { return nil }
        self = .microseconds(microseconds)
    }

    /// The shortest text that `init(text:)` reads back, to the microsecond: `90s`, `2m`, `1500ms`.
    public var text: String {
        let (seconds, attoseconds) = components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        if microseconds == 0 { return "0s" }
        let units: [(String, Int64)] = [
            ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000),
            ("ms", 1_000),
        ]
        for (name, unit) in units where microseconds % unit == 0 {
            return "\(microseconds / unit)\(name)"
        }
        return "\(microseconds)us"
    }
}
