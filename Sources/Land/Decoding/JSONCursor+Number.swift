/// A number as it stands in the record, taken apart.
internal struct JSONNumber {
    /// Its first byte.
    var start: Int
    /// The byte after it.
    var end: Int
    /// True when it has neither fraction nor exponent.
    var isInteger: Bool
    var isNegative: Bool
    /// Up to 19 significant digits.
    var digits: UInt64
    /// The power of ten that `digits` are multiplied by.
    var exponent: Int
    /// True when there were more than 19 significant digits, so that `digits` are only the first.
    var isCut: Bool

    /// The value, when it is an integer that 64 bits hold.
    @inline(__always)
    var int64: Int64? {
        guard isInteger, exponent == 0, !isCut else { return nil }
        if digits <= UInt64(Int64.max) {
            return isNegative ? 0 &- Int64(bitPattern: digits) : Int64(bitPattern: digits)
        }
        return isNegative && digits == 1 << 63 ? .min : nil
    }
}

extension JSONCursor {
    /// Moves over a number and takes it apart. The byte at the position is a digit or a minus.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func scanNumber() throws(JSONFault) -> JSONNumber {
        let start = position
        let isNegative = byte(start) == UInt8(ascii: "-")
        var cursor = start &+ (isNegative ? 1 : 0)
        let first = cursor
        var digits: UInt64 = 0
        // Up to 19 digits cannot overflow; numbers with more are rare and read again below.
        while cursor < end {
            let digit = byte(cursor) &- UInt8(ascii: "0")
            if digit > 9 { break }
            digits = digits &* 10 &+ UInt64(digit)
            cursor &+= 1
        }
        let count = cursor &- first
        guard count == 1 || (count > 1 && byte(first) != UInt8(ascii: "0")) else {
            throw badNumber(at: cursor, hasDigits: count > 0)
        }
        let follower = cursor < end ? byte(cursor) : 0
        if follower != UInt8(ascii: "."), follower | 0x20 != UInt8(ascii: "e"), count <= 19 {
            position = cursor
            return JSONNumber(
                start: start,
                end: cursor,
                isInteger: true,
                isNegative: isNegative,
                digits: digits,
                exponent: 0,
                isCut: false
            )
        }
        return try scanRestOfNumber(start: start, first: first, wholeEnd: cursor, digits: digits)
    }

    private func badNumber(at offset: Int, hasDigits: Bool) -> JSONFault {
        if !hasDigits && offset >= end { return JSONFault(.truncated, at: end) }
        return JSONFault(.invalidNumber, at: position)
    }

    /// Fraction and exponent, and numbers with many digits.
    @_lifetime(self: copy self)
    private mutating func scanRestOfNumber(
        start: Int,
        first: Int,
        wholeEnd: Int,
        digits wholeDigits: UInt64
    ) throws(JSONFault) -> JSONNumber {
        var cursor = wholeEnd
        var digits = wholeDigits
        var fractionEnd = wholeEnd
        if cursor < end, byte(cursor) == UInt8(ascii: ".") {
            cursor &+= 1
            while cursor < end {
                let digit = byte(cursor) &- UInt8(ascii: "0")
                if digit > 9 { break }
                digits = digits &* 10 &+ UInt64(digit)
                cursor &+= 1
            }
            fractionEnd = cursor
            guard fractionEnd > wholeEnd &+ 1 else {
                throw badNumber(at: cursor, hasDigits: false)
            }
        }
        let fractionDigits = max(fractionEnd &- wholeEnd &- 1, 0)
        var number = JSONNumber(
            start: start,
            end: cursor,
            isInteger: fractionEnd == wholeEnd,
            isNegative: first > start,
            digits: digits,
            exponent: 0 &- fractionDigits,
            isCut: false
        )
        if wholeEnd &- first &+ fractionDigits > 19 {
            takeLeadingDigits(of: &number, from: first, wholeEnd: wholeEnd, to: fractionEnd)
        }
        if cursor < end, byte(cursor) | 0x20 == UInt8(ascii: "e") {
            position = cursor &+ 1
            let exponent = try scanExponent()
            number.exponent = number.exponent &+ exponent
            number.isInteger = false
            number.end = position
        }
        position = number.end
        return number
    }

    /// The first 19 significant digits, where the whole number has more digits than that.
    private func takeLeadingDigits(
        of number: inout JSONNumber,
        from first: Int,
        wholeEnd: Int,
        to last: Int
    ) {
        var taken = 0
        number.digits = 0
        number.exponent = 0
        for cursor in first..<last where cursor != wholeEnd {
            let digit = byte(cursor) &- UInt8(ascii: "0")
            if taken == 19 {
                if digit != 0 { number.isCut = true }
                if cursor < wholeEnd { number.exponent &+= 1 }
                continue
            }
            number.digits = number.digits &* 10 &+ UInt64(digit)
            if number.digits > 0 { taken &+= 1 }
            if cursor > wholeEnd { number.exponent &-= 1 }
        }
    }

    /// The signed number after the `e`, held within what no double reaches.
    @_lifetime(self: copy self)
    private mutating func scanExponent() throws(JSONFault) -> Int {
        let sign = next
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position &+= 1 }
        let first = position
        var exponent = 0
        while position < end {
            let digit = byte(position) &- UInt8(ascii: "0")
            if digit > 9 { break }
            exponent = min(exponent &* 10 &+ Int(digit), 1_000_000)
            position &+= 1
        }
        if position == first {
            throw JSONFault(position < end ? .invalidNumber : .truncated, at: position)
        }
        return sign == UInt8(ascii: "-") ? 0 &- exponent : exponent
    }
}
