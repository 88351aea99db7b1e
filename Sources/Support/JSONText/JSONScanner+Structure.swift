/// Walking through objects and arrays member by member.
///
///     var more = try scanner.beginObject()
///     while more {
///         let key = try scanner.scanKey()
///         try scanner.skipValue()
///         more = try scanner.endMember()
///     }
extension JSONScanner {
    /// Consumes `{`. True when a member follows; false when the object is empty and has been
    /// consumed.
    @_lifetime(self: copy self)
    public mutating func beginObject() throws(JSONError) -> Bool {
        guard take(UInt8(ascii: "{")) else { throw unexpected("an object") }
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return false }
        return true
    }

    /// Consumes a member's name, the colon and the white space around it.
    @_lifetime(self: copy self)
    public mutating func scanKey() throws(JSONError) -> StringToken {
        guard peek == UInt8(ascii: "\"") else {
            throw unexpected("a member name in quotation marks")
        }
        let key = try scanString()
        skipWhitespace()
        guard take(UInt8(ascii: ":")) else { throw unexpected("':' after the member name") }
        skipWhitespace()
        return key
    }

    /// Consumes what follows a member's value. True when another member follows.
    @_lifetime(self: copy self)
    public mutating func endMember() throws(JSONError) -> Bool {
        skipWhitespace()
        if take(UInt8(ascii: ",")) {
            skipWhitespace()
            return true
        }
        guard take(UInt8(ascii: "}")) else { throw unexpected("',' or '}' after a member") }
        return false
    }

    /// Consumes `[`. True when an element follows; false when the array is empty and has been
    /// consumed.
    @_lifetime(self: copy self)
    public mutating func beginArray() throws(JSONError) -> Bool {
        guard take(UInt8(ascii: "[")) else { throw unexpected("an array") }
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return false }
        return true
    }

    /// Consumes what follows an array's element. True when another element follows.
    @_lifetime(self: copy self)
    public mutating func endElement() throws(JSONError) -> Bool {
        skipWhitespace()
        if take(UInt8(ascii: ",")) {
            skipWhitespace()
            return true
        }
        guard take(UInt8(ascii: "]")) else { throw unexpected("',' or ']' after an element") }
        return false
    }

    /// What to say when something else stands where `what` must come: that the text, or the line,
    /// ended too early, or else what was expected.
    func unexpected(_ what: String) -> JSONError {
        let isAtLineEnd = staysOnLine && peek == 0x0A
        return failure(isAtEnd || isAtLineEnd ? .unexpectedEnd : .expected(what))
    }
}
