extension JSONCursor {
    /// Moves over one value of any kind, checking it. `depth` levels are open around it.
    @_lifetime(self: copy self)
    mutating func skipValue(depth: Int) throws(JSONFault) {
        switch next {
        case UInt8(ascii: "\""):
            position &+= 1
            _ = try scanString()
        case UInt8(ascii: "{"): try skipObject(depth: depth &+ 1)
        case UInt8(ascii: "["): try skipArray(depth: depth &+ 1)
        case UInt8(ascii: "t"): try skipLiteral(.true)
        case UInt8(ascii: "f"): try skipLiteral(.false)
        case UInt8(ascii: "n"): try skipLiteral(.null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try scanNumber()
        default: throw unexpected()
        }
    }

    /// The three words of JSON.
    enum Literal {
        case `true`, `false`, null
    }

    /// Moves over `true`, `false` or `null`.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func skipLiteral(_ literal: Literal) throws(JSONFault) {
        let (letters, count): (UInt32, Int) =
            switch literal {
            case .true: (0x6575_7274, 4)
            case .false: (0x736C_6166, 5)
            case .null: (0x6C6C_756E, 4)
            }
        guard position &+ count <= end else { throw cutLiteral(count) }
        // SAFETY: four bytes are there, as was just checked.
        let found = unsafe span.unsafeLoadUnaligned(
            fromUncheckedByteOffset: position,
            as: UInt32.self
        )
        guard UInt32(littleEndian: found) == letters,
            count == 4 || byte(position &+ 4) == UInt8(ascii: "e")
        else { throw JSONFault(.syntax, at: position) }
        position &+= count
    }

    /// A word that is longer than what is left: cut off, or something else altogether.
    @inline(never)
    private func cutLiteral(_ count: Int) -> JSONFault {
        let isLetters = (position..<end).allSatisfy {
            byte($0) >= UInt8(ascii: "a") && byte($0) <= UInt8(ascii: "z")
        }
        return JSONFault(isLetters ? .truncated : .syntax, at: isLetters ? end : position)
    }

    @_lifetime(self: copy self)
    private mutating func skipObject(depth: Int) throws(JSONFault) {
        guard depth <= DecodeLimits.depthMax else { throw JSONFault(.tooDeep, at: position) }
        position &+= 1
        skipWhitespace()
        if next == UInt8(ascii: "}") {
            position &+= 1
            return
        }
        while true {
            guard next == UInt8(ascii: "\"") else { throw unexpected() }
            position &+= 1
            _ = try scanString()
            skipWhitespace()
            guard next == UInt8(ascii: ":") else { throw unexpected() }
            position &+= 1
            skipWhitespace()
            try skipValue(depth: depth)
            if try !continues(until: UInt8(ascii: "}")) { return }
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipArray(depth: Int) throws(JSONFault) {
        guard depth <= DecodeLimits.depthMax else { throw JSONFault(.tooDeep, at: position) }
        position &+= 1
        skipWhitespace()
        if next == UInt8(ascii: "]") {
            position &+= 1
            return
        }
        while true {
            try skipValue(depth: depth)
            if try !continues(until: UInt8(ascii: "]")) { return }
        }
    }

    /// After a member or element: true at a comma, false at `closing`; either is consumed.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func continues(until closing: UInt8) throws(JSONFault) -> Bool {
        skipWhitespace()
        let byte = next
        guard byte == UInt8(ascii: ",") || byte == closing else { throw unexpected() }
        position &+= 1
        if byte == closing { return false }
        skipWhitespace()
        return true
    }
}
