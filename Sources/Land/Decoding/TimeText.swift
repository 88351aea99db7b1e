/// Dates and times in ISO 8601's extended form, as JSON strings hold them.
///
///     2026-11-21
///     2026-11-21T14:33:00.123456Z      (also a space for T, and an offset +01:00 for Z)
///
/// Years have four digits; seconds may be left out, and have up to nine digits of fraction, of
/// which six are kept. There is no second 60 and no hour 24.
internal struct TimeText: ~Escapable {
    private let cursor: JSONCursor
    private var position: Int
    private let end: Int

    /// The text of `string`, which has no escapes.
    @_lifetime(copy cursor)
    init(_ cursor: borrowing JSONCursor, _ string: JSONString) {
        self.cursor = copy cursor
        position = string.start
        end = string.end
    }

    var isAtEnd: Bool { position == end }

    /// Days since 1970-01-01.
    @_lifetime(self: copy self)
    mutating func date() -> Int32? {
        guard let year = number(4), take("-"), let month = number(2), take("-"),
            let day = number(2), (1...12).contains(month),
            day >= 1, day <= Self.length(ofMonth: month, year)
        else { return nil }
        return Int32(Self.days(year, month, day))
    }

    /// Microseconds since 1970-01-01T00:00, in UTC when the text must have a zone, else as written.
    @_lifetime(self: copy self)
    mutating func timestamp(hasZone: Bool) -> Int64? {
        if hasZone, let instant = usualInstant() { return instant }
        return unusualTimestamp(hasZone: hasZone)
    }

    /// `2026-11-21T14:33:00.123Z`, the form that most programs write, or the same without fraction;
    /// nil for any other.
    private func usualInstant() -> Int64? {
        let length = end - position
        guard length == 24 || length == 20, position + 24 <= cursor.end,
            cursor.byte(end - 1) == UInt8(ascii: "Z")
        else { return nil }
        // Digits become their values, marks zero.
        let date = cursor.word(position) ^ 0x2D30_302D_3030_3030
        let time = cursor.word(position + 8) ^ 0x3030_3A30_3054_3030
        var rest = cursor.word(position + 16) ^ 0x5A30_3030_2E30_303A
        if length == 20 { rest &= 0xFF_FFFF }
        guard Self.areDigits(date, marks: 0xFF00_00FF_0000_0000),
            Self.areDigits(time, marks: 0x0000_FF00_00FF_0000),
            Self.areDigits(rest, marks: 0xFF00_0000_FF00_00FF)
        else { return nil }
        let year = Self.pair(date, 0) * 100 + Self.pair(date, 2)
        let (month, day) = (Self.pair(date, 5), Self.pair(time, 0))
        let (hour, minute, second) = (Self.pair(time, 3), Self.pair(time, 6), Self.pair(rest, 1))
        guard month >= 1, month <= 12, day >= 1, day <= Self.length(ofMonth: month, year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let millis = Self.pair(rest, 4) * 10 + Int(rest >> 48 & 0xF)
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Int64((seconds * 1000 + millis) * 1000)
    }

    /// True when every byte is at most 9, and those under `marks` are zero.
    @inline(__always)
    private static func areDigits(_ values: UInt64, marks: UInt64) -> Bool {
        let isLow = (values | (values &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 == 0
        return isLow && values & marks == 0
    }

    /// The two digits at bytes `place` and `place + 1`.
    @inline(__always)
    private static func pair(_ values: UInt64, _ place: Int) -> Int {
        let shifted = values >> UInt64(place * 8)
        return Int(shifted & 0xF) * 10 + Int(shifted >> 8 & 0xF)
    }

    @_lifetime(self: copy self)
    private mutating func unusualTimestamp(hasZone: Bool) -> Int64? {
        guard let days = date(), take("T") || take(" ") || take("t"), let hour = number(2),
            hour < 24, take(":"), let minute = number(2), minute < 60
        else { return nil }
        var micros = Int64(days) * 86_400 + Int64(hour) * 3600 + Int64(minute) * 60
        var fraction: Int64 = 0
        if take(":") {
            guard let second = number(2), second < 60 else { return nil }
            micros += Int64(second)
            if take(".") {
                guard let digits = fractionMicros() else { return nil }
                fraction = digits
            }
        }
        if hasZone {
            guard let offset = zoneSeconds() else { return nil }
            micros -= offset
        }
        return isAtEnd ? micros * 1_000_000 + fraction : nil
    }

    @_lifetime(self: copy self)
    private mutating func zoneSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), hours < 24 else { return nil }
        _ = take(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return isWest ? -seconds : seconds
    }

    @_lifetime(self: copy self)
    private mutating func fractionMicros() -> Int64? {
        let start = position
        var micros: Int64 = 0
        while position < end, let digit = digit() {
            if position - start < 6 { micros = micros * 10 + Int64(digit) }
            position += 1
        }
        let count = position - start
        guard count >= 1, count <= 9 else { return nil }
        for _ in min(count, 6)..<6 { micros *= 10 }
        return micros
    }

    private func digit() -> Int? {
        let value = cursor.byte(position) &- UInt8(ascii: "0")
        return value <= 9 ? Int(value) : nil
    }

    @_lifetime(self: copy self)
    private mutating func number(_ digits: Int) -> Int? {
        guard end - position >= digits else { return nil }
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    @_lifetime(self: copy self)
    private mutating func take(_ letter: Unicode.Scalar) -> Bool {
        guard position < end, UInt32(cursor.byte(position)) == letter.value else { return false }
        position += 1
        return true
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the Gregorian calendar, with years that begin in March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
