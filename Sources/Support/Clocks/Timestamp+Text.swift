extension Timestamp: CustomStringConvertible {
    /// ISO 8601 in UTC with milliseconds: `2026-11-21T14:33:00.000Z`.
    public var description: String { iso8601 }

    /// ISO 8601 in UTC with milliseconds: `2026-11-21T14:33:00.000Z`.
    ///
    /// Years outside 0 to 9999 carry a sign and as many digits as they need.
    public var iso8601: String {
        let date = CalendarDate(dayNumber: dayNumber)
        let rest = Int(milliseconds - dayNumber * 86_400_000)
        var text: [UInt8] = []
        text.reserveCapacity(26)
        if (0...9999).contains(date.year) {
            Self.append(date.year, digits: 4, to: &text)
        } else {
            text.append(UInt8(ascii: date.year < 0 ? "-" : "+"))
            Self.append(abs(date.year), digits: 6, to: &text)
        }
        text.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        Self.append(rest / 3_600_000, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(rest / 60_000 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        Self.append(rest / 1_000 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: "."))
        Self.append(rest % 1_000, digits: 3, to: &text)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        // A six-digit field holds what is larger, too: the first digit then stands for all leading
        // ones.
        for digit in String(value / divisor).utf8 { text.append(digit) }
        while divisor > 1 {
            divisor /= 10
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        }
    }

    /// Reads ISO 8601: `2026-11-21`, `2026-11-21T14:33`, `…:00`, `….5`, with `Z`, `+01:00` or
    /// nothing (then UTC).
    ///
    /// A blank may stand for the `T`. Digits of the fraction beyond the third are dropped. Nil when
    /// the text is anything else.
    public init?(iso8601 text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2)
        else { return nil }
        let date = CalendarDate(year: year, month: month, day: day)
        guard date.isValid else { return nil }
        var total = date.dayNumber * 86_400_000
        if !scanner.isAtEnd {
            guard scanner.skip("T") || scanner.skip(" "),
                let time = Self.timeOfDay(&scanner), let shift = Self.zoneShift(&scanner),
                scanner.isAtEnd
            else { return nil }
            total += Int64(time - shift)
        }
        self.init(milliseconds: total)
    }

    private static func timeOfDay(_ scanner: inout DigitScanner) -> Int? {
        guard let hour = scanner.number(digits: 2), hour < 24, scanner.skip(":"),
            let minute = scanner.number(digits: 2), minute < 60
        else { return nil }
        var total = (hour * 60 + minute) * 60_000
        guard scanner.skip(":") else { return total }
        guard let second = scanner.number(digits: 2), second < 60 else { return nil }
        total += second * 1_000
        guard scanner.skip(".") else { return total }
        guard let fraction = scanner.fraction() else { return nil }
        return total + fraction
    }

    private static func zoneShift(_ scanner: inout DigitScanner) -> Int? {
        if scanner.isAtEnd || scanner.skip("Z") { return 0 }
        let sign: Int
        if scanner.skip("+") {
            sign = 1
        } else if scanner.skip("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = scanner.number(digits: 2), hours < 24 else { return nil }
        _ = scanner.skip(":")
        let minutes = scanner.isAtEnd ? 0 : scanner.number(digits: 2)
        guard let minutes, minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes) * 60_000
    }
}

/// A cursor over short text made of digits and marks.
internal struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    /// Moves over `mark` if it comes next.
    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == mark.value else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly `digits` digits.
    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One or more digits behind a decimal point, as thousandths.
    mutating func fraction() -> Int? {
        guard let first = digit() else { return nil }
        var value = first * 100
        var weight = 10
        while let next = digit() {
            value += next * weight
            weight /= 10
        }
        return value
    }

    private mutating func digit() -> Int? {
        guard let first = rest.first, (48...57).contains(first) else { return nil }
        rest.removeFirst()
        return Int(first) - 48
    }
}
