/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong at the place the error names.
    public enum Reason: Equatable, Sendable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// Something else stands where `expected` must come.
        case expected(String)
        /// A byte below 0x20 stands unescaped inside a string.
        case controlCharacter(UInt8)
        /// A backslash is followed by something that JSON does not know, or by a broken `\u`.
        case invalidEscape
        /// A `\u` escape is one half of a surrogate pair without the other.
        case loneSurrogate
        /// The bytes of a string are not UTF-8.
        case notUTF8
        /// A number breaks JSON's grammar: a leading zero or plus, a bare point, an empty exponent.
        case invalidNumber
        /// Objects and arrays are nested deeper than allowed.
        case tooDeep(limit: Int)
        /// An object names the same member twice.
        case duplicateKey(String)
        /// Another value follows where the text should end.
        case trailingBytes
    }

    /// What is wrong.
    public let reason: Reason
    /// Position of the offending byte, from 0.
    public let offset: Int
    /// Line of the offending byte, from 1.
    public let line: Int
    /// Column of the offending byte, from 1, in characters (Unicode scalars).
    public let column: Int

    /// An error at `offset` of `span`; line and column are counted here, once.
    public init(_ reason: Reason, at offset: Int, of span: RawSpan) {
        var line = 1
        var column = 1
        for index in 0..<min(offset, span.byteCount) {
            // SAFETY: the index is below the span's byte count.
            let byte = unsafe span.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.reason = reason
        self.offset = offset
        self.line = line
        self.column = column
    }

    /// What is wrong, without the place.
    public var message: String {
        switch reason {
        case .unexpectedEnd: "the text ends inside a value"
        case .expected(let what): "expected \(what)"
        case .controlCharacter(let byte):
            "a string holds the control character \(byte) unescaped; write it as \\u00"
                + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        case .invalidEscape: "a backslash starts an escape that JSON does not know"
        case .loneSurrogate: "a \\u escape is half of a surrogate pair without its other half"
        case .notUTF8: "a string is not UTF-8"
        case .invalidNumber: "a number is not written as JSON wants it"
        case .tooDeep(let limit): "objects and arrays are nested deeper than \(limit)"
        case .duplicateKey(let key): "the member \"\(key)\" stands twice in one object"
        case .trailingBytes: "something follows the value where the text should end"
        }
    }

    /// The place and what is wrong there.
    public var description: String { "line \(line), column \(column): \(message)" }
}
