/// A condition on a record's fields, in SQL's words:
///
///     event_type like 'purchase%' and strength is not null
///
/// - comparisons `= != <> < <= > >=` of a field with a value or another field; `[not] in ('a',
/// 'b')`;
///   `[not] like 'a%b_' [escape '\']`; `is [not] null`; `and`, `or`, `not`, parentheses;
/// - texts in single quotation marks (doubled inside), numbers, `true`, `false`;
/// - names as they are in the JSON, upper and lower case apart, in double quotation marks if they
///   have other characters than letters, digits and `_`, or are one of the words above.
///
/// Logic has three values as in SQL: a comparison with null, with a missing field or with a value
/// of another kind (a number with a text, anything with an object or array) is unknown, and only
/// what is true passes. Texts compare by code point, numbers by value. Keywords may be in any case.
public struct Predicate: Equatable, Sendable, CustomStringConvertible {
    /// What it was parsed from.
    public let description: String
    /// The fields it looks at, in the order they are named.
    public let fields: [String]
    internal let expression: PredicateExpression

    /// Parses `text`.
    public init(parsing text: String) throws(PredicateError) {
        var parser = try PredicateParser(text)
        expression = try parser.whole()
        fields = parser.fields
        description = text
    }
}

/// Reads a predicate word by word: `or` binds loosest, then `and`, then `not`.
private struct PredicateParser {
    private var lexer: PredicateLexer
    private var token: PredicateToken
    private var column: Int
    private(set) var fields: [String] = []
    private var depth = 0

    private static let depthMax = 100
    private static let words: Set<String> = [
        "and", "or", "not", "in", "like", "escape", "is", "null", "true", "false",
    ]

    init(_ text: String) throws(PredicateError) {
        lexer = PredicateLexer(text)
        (token, column) = try lexer.next()
    }

    mutating func whole() throws(PredicateError) -> PredicateExpression {
        let expression = try disjunction()
        guard token == .end else { throw unexpected("and, or, or the end") }
        return expression
    }

    private mutating func disjunction() throws(PredicateError) -> PredicateExpression {
        var parts = [try conjunction()]
        while try take("or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func conjunction() throws(PredicateError) -> PredicateExpression {
        var parts = [try negation()]
        while try take("and") { parts.append(try negation()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func negation() throws(PredicateError) -> PredicateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else {
            throw PredicateError("nested deeper than \(Self.depthMax)", at: column)
        }
        if try take("not") { return .not(try negation()) }
        if token == .symbol("(") {
            try advance()
            let inside = try disjunction()
            guard token == .symbol(")") else { throw unexpected("and, or, or )") }
            try advance()
            return inside
        }
        return try condition()
    }

    private mutating func condition() throws(PredicateError) -> PredicateExpression {
        let start = column
        let left = try operand("a field, a value, not or (")
        if case .symbol(let symbol) = token, let comparison = PredicateComparison(symbol: symbol) {
            try advance()
            let right = try operand("a value or a field")
            return .comparison(left, comparison, right)
        }
        guard case .field(let field) = left else {
            if case .literal(.boolean(let value)) = left { return .constant(value) }
            throw PredicateError("a value alone is no condition; compare it", at: start)
        }
        if try take("is") {
            let isNegated = try take("not")
            guard try take("null") else { throw unexpected(isNegated ? "null" : "null or not") }
            return isNegated ? .not(.isNull(field: field)) : .isNull(field: field)
        }
        let isNegated = try take("not")
        let tested: PredicateExpression
        if try take("in") {
            tested = .oneOf(field: field, try list())
        } else if try take("like") {
            tested = .like(field: field, try pattern())
        } else if isNegated {
            throw unexpected("in or like")
        } else {
            return .truth(field: field)
        }
        return isNegated ? .not(tested) : tested
    }

    private mutating func list() throws(PredicateError) -> [PredicateLiteral] {
        guard token == .symbol("(") else { throw unexpected("( and values") }
        var values: [PredicateLiteral] = []
        repeat {
            try advance()
            let start = column
            guard case .literal(let value) = try operand("a value") else {
                throw PredicateError("expected a value; texts go into '…'", at: start)
            }
            values.append(value)
        } while token == .symbol(",")
        guard token == .symbol(")") else { throw unexpected(", or )") }
        try advance()
        return values
    }

    private mutating func pattern() throws(PredicateError) -> LikePattern {
        guard case .text(let text) = token else { throw unexpected("a pattern in '…'") }
        try advance()
        guard try take("escape") else { return LikePattern(text, escape: nil) }
        guard case .text(let escape) = token, escape.unicodeScalars.count == 1 else {
            throw unexpected("one character in '…'")
        }
        try advance()
        return LikePattern(text, escape: escape.unicodeScalars.first)
    }

    private mutating func operand(_ expected: String) throws(PredicateError) -> PredicateOperand {
        let value: PredicateOperand
        switch token {
        case .text(let text):
            value = .literal(.text(Array(text.utf8)))
        case .number(let digits):
            value = .literal(Int64(digits).map { .integer($0) } ?? .double(Double(digits) ?? 0))
        case .name(let name, let isQuoted):
            let word = name.lowercased()
            if !isQuoted, word == "true" || word == "false" {
                value = .literal(.boolean(word == "true"))
            } else if !isQuoted, word == "null" {
                throw PredicateError("nothing equals null; write is null", at: column)
            } else if !isQuoted, Self.words.contains(word) {
                throw unexpected(expected)
            } else {
                value = .field(number(of: name))
            }
        case .symbol, .end:
            throw unexpected(expected)
        }
        try advance()
        return value
    }

    private mutating func number(of field: String) -> Int {
        if let number = fields.firstIndex(of: field) { return number }
        fields.append(field)
        return fields.count - 1
    }

    private mutating func advance() throws(PredicateError) {
        (token, column) = try lexer.next()
    }

    /// Moves over `word` if it comes next.
    private mutating func take(_ word: String) throws(PredicateError) -> Bool {
        guard case .name(let name, isQuoted: false) = token, name.lowercased() == word else {
            return false
        }
        try advance()
        return true
    }

    private func unexpected(_ expected: String) -> PredicateError {
        PredicateError("expected \(expected), found \(token.quoted)", at: column)
    }
}
