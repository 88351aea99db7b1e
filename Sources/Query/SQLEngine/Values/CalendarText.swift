/// Dates and times as text, in the proleptic Gregorian calendar, as DuckDB writes them.
enum CalendarText {
    /// `2026-11-21`; years before the first with `(BC)`.
    static func date(_ days: Int32) -> String {
        if days == .max { return "infinity" }
        if days == -.max { return "-infinity" }
        let (text, isBeforeChrist) = day(Int64(days))
        return isBeforeChrist ? "\(text) (BC)" : text
    }

    /// `2026-11-21 14:33:00.123456`, with `separator` between date and time and `zone` behind.
    static func timestamp(
        _ count: Int64,
        _ unit: SQLTimestampUnit,
        separator: Character = " ",
        zone: String = ""
    ) -> String {
        if count == .max { return "infinity" }
        if count == -.max { return "-infinity" }
        let perDay = 86_400 * unit.perSecond
        let days = count.dividedRoundingDown(by: perDay)
        let rest = count - days * perDay
        let (dayText, isBeforeChrist) = day(days)
        let digits = unit == .nanoseconds ? 9 : 6
        let clock = time(nanoseconds: rest * (1_000_000_000 / unit.perSecond), digits: digits)
        return "\(dayText)\(separator)\(clock)\(zone)\(isBeforeChrist ? " (BC)" : "")"
    }

    /// `14:33:00`, and up to `digits` digits of the second's fraction, without zeros at its end.
    static func time(nanoseconds: Int64, digits: Int) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let clock = clock(seconds)
        let divisor: Int64 = digits == 9 ? 1 : 1_000
        return clock + fraction(nanoseconds % 1_000_000_000 / divisor, digits: digits)
    }

    /// `+02`, `-03:30`.
    static func offset(_ seconds: Int) -> String {
        let size = abs(seconds)
        var text = (seconds < 0 ? "-" : "+") + padded(Int64(size / 3600), 2)
        if size % 3600 != 0 { text += ":" + padded(Int64(size / 60 % 60), 2) }
        if size % 60 != 0 { text += ":" + padded(Int64(size % 60), 2) }
        return text
    }

    /// `1 year 2 months 3 days 04:05:06.5`.
    static func interval(months: Int32, days: Int32, microseconds: Int64) -> String {
        var parts: [String] = []
        for (count, unit) in [(months / 12, "year"), (months % 12, "month"), (days, "day")]
        where count != 0 {
            parts.append("\(count) \(unit)\(count == 1 || count == -1 ? "" : "s")")
        }
        if microseconds != 0 || parts.isEmpty {
            let size = microseconds.magnitude
            let seconds = Int64(size / 1_000_000)
            let clock = clock(seconds)
            let rest = fraction(Int64(size % 1_000_000), digits: 6)
            parts.append((microseconds < 0 ? "-" : "") + clock + rest)
        }
        return parts.joined(separator: " ")
    }

    private static func clock(_ seconds: Int64) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
            .joined(separator: ":")
    }

    private static func fraction(_ value: Int64, digits: Int) -> String {
        guard value != 0 else { return "" }
        var text = padded(value, digits)
        while text.hasSuffix("0") { text.removeLast() }
        return "." + text
    }

    private static func day(_ days: Int64) -> (text: String, isBeforeChrist: Bool) {
        // Howard Hinnant's civil_from_days: years begin in March, so that the leap day is the last
        // of its year.
        let shifted = days + 719_468
        let era = shifted.dividedRoundingDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let shown = year > 0 ? year : 1 - year
        return ("\(padded(shown, 4))-\(padded(month, 2))-\(padded(day, 2))", year <= 0)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return text.count >= width
            ? text : String(repeating: "0", count: width - text.count) + text
    }
}

extension Int64 {
    /// The quotient towards negative infinity.
    fileprivate func dividedRoundingDown(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
