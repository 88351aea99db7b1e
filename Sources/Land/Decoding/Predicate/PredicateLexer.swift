/// The words of a predicate.
internal enum PredicateToken: Equatable {
    /// A name, in double quotation marks or not.
    case name(String, isQuoted: Bool)
    /// A text in single quotation marks, without them.
    case text(String)
    /// A number as it was written.
    case number(String)
    /// Punctuation: `( ) , = != <> < <= > >=`.
    case symbol(String)
    case end

    /// How an error message calls it.
    var quoted: String {
        switch self {
        case .name(let name, let isQuoted): isQuoted ? "\"\(name)\"" : name
        case .text(let text): "'\(text)'"
        case .number(let text), .symbol(let text): text
        case .end: "the end"
        }
    }
}

/// Cuts a predicate into words.
internal struct PredicateLexer {
    private let characters: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { characters = Array(text.unicodeScalars) }

    /// The next word and the number of its first character, from 1.
    mutating func next() throws(PredicateError) -> (token: PredicateToken, column: Int) {
        while position < characters.count, characters[position].properties.isWhitespace {
            position += 1
        }
        let column = position + 1
        guard position < characters.count else { return (.end, column) }
        let first = characters[position]
        switch first {
        case "'":
            return (.text(try quoted("'", "text", column)), column)
        case "\"":
            let name = try quoted("\"", "name", column)
            return (.name(name, isQuoted: true), column)
        case "(", ")", ",", "=":
            position += 1
            return (.symbol(String(first)), column)
        case "!", "<", ">":
            return (.symbol(try comparison(first, column)), column)
        default:
            if first == "-" || first == "." || first.isASCIIDigit {
                return (.number(try number(column)), column)
            }
            return (.name(try name(column), isQuoted: false), column)
        }
    }

    private mutating func comparison(
        _ first: Unicode.Scalar,
        _ column: Int
    ) throws(PredicateError) -> String {
        position += 1
        if position < characters.count {
            let pair = "\(first)\(characters[position])"
            if ["!=", "<>", "<=", ">="].contains(pair) {
                position += 1
                return pair
            }
        }
        if first == "!" {
            throw PredicateError("expected != here; write not for negation", at: column)
        }
        return String(first)
    }

    /// What stands between two `mark`s; a doubled one stands for itself.
    private mutating func quoted(
        _ mark: Unicode.Scalar,
        _ what: String,
        _ column: Int
    ) throws(PredicateError) -> String {
        var text = String.UnicodeScalarView()
        position += 1
        while position < characters.count {
            let character = characters[position]
            position += 1
            if character != mark {
                text.append(character)
            } else if position < characters.count, characters[position] == mark {
                text.append(mark)
                position += 1
            } else {
                return String(text)
            }
        }
        throw PredicateError("this \(what) has no closing \(mark)", at: column)
    }

    private mutating func number(_ column: Int) throws(PredicateError) -> String {
        var digits = String.UnicodeScalarView()
        while position < characters.count {
            let character = characters[position]
            let isSign = character == "-" || character == "+"
            guard
                character.isASCIIDigit || character == "." || character == "e" || character == "E"
                    || (isSign && (digits.isEmpty || digits.last == "e" || digits.last == "E"))
            else { break }
            digits.append(character)
            position += 1
        }
        let text = String(digits)
        let first = digits.first == "-" ? digits.dropFirst().first : digits.first
        guard first?.isASCIIDigit == true, Double(text)?.isFinite == true else {
            throw PredicateError("\(text) is not a number", at: column)
        }
        return text
    }

    private mutating func name(_ column: Int) throws(PredicateError) -> String {
        var name = String.UnicodeScalarView()
        while position < characters.count {
            let character = characters[position]
            guard character.properties.isAlphabetic || character == "_" || character.isASCIIDigit
            else { break }
            name.append(character)
            position += 1
        }
        if name.isEmpty {
            throw PredicateError("\(characters[position]) cannot stand here", at: column)
        }
        if position < characters.count, "-.$".unicodeScalars.contains(characters[position]) {
            throw PredicateError(
                "a name with \(characters[position]) in it goes into double quotation marks",
                at: column
            )
        }
        return String(name)
    }
}

extension Unicode.Scalar {
    fileprivate var isASCIIDigit: Bool { self >= "0" && self <= "9" }
}
