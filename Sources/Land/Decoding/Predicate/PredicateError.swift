/// Why a `where` text is no predicate.
public struct PredicateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where it goes wrong: the character's number, from 1.
    public let column: Int
    /// What was expected there, or what is wrong with what stands there.
    public let message: String

    internal init(_ message: String, at column: Int) {
        self.column = column
        self.message = message
    }

    /// The place and what is wrong there.
    public var description: String { "where, character \(column): \(message)" }
}
