/// Finds where an expression for a moment ends: constants, calls and casts, joined by arithmetic.
///
/// It holds no columns, because words are only taken where they cannot be one.
struct MomentExpression {
    private let tokens: [SQLToken]

    /// Expressions among these tokens, comments left out.
    init(_ tokens: [SQLToken]) { self.tokens = tokens }

    /// The index behind the expression that begins at `start`; nil when none does.
    func end(from start: Int) -> Int? {
        guard var next = operand(start) else { return nil }
        while true {
            if isSymbol(next, ":"), isSymbol(next + 1, ":") {
                guard let type = type(next + 2) else { return nil }
                next = type
            } else if isSymbol(next, "+") || isSymbol(next, "-") || isSymbol(next, "*") {
                guard let other = operand(next + 1) else { return nil }
                next = other
            } else if word(next) == "at", word(next + 1) == "time", word(next + 2) == "zone" {
                guard let zone = operand(next + 3) else { return nil }
                next = zone
            } else {
                break
            }
        }
        let words = tokens[start..<next].filter { $0.kind == .word }.map(\.value)
        return words.contains("select") || words.contains("from") && !words.contains("extract")
            ? nil : next
    }

    private func word(_ index: Int) -> String? {
        index < tokens.count && tokens[index].kind == .word ? tokens[index].value : nil
    }

    private func isSymbol(_ index: Int, _ value: String) -> Bool {
        index < tokens.count && tokens[index].kind == .symbol && tokens[index].value == value
    }

    private func isText(_ index: Int) -> Bool {
        index < tokens.count && tokens[index].kind == .text
    }

    private func operand(_ start: Int) -> Int? {
        guard start < tokens.count else { return nil }
        switch tokens[start].kind {
        case .text, .number: return start + 1
        case .symbol where tokens[start].value == "-" || tokens[start].value == "+":
            return operand(start + 1)
        case .symbol: return parentheses(start)
        case .word:
            let name = tokens[start].value
            if name == "interval" { return interval(start + 1) }
            if isText(start + 1), Self.types.contains(name) { return start + 2 }
            if name == "timestamp", let text = zone(start + 1), isText(text) { return text + 1 }
            if let end = parentheses(start + 1) { return end }
            return Self.constants.contains(name) ? start + 1 : nil
        default: return nil
        }
    }

    private static let types: Set<String> = ["timestamp", "timestamptz", "date", "datetime"]
    private static let constants: Set<String> = [
        "current_timestamp", "current_date", "localtimestamp",
    ]
    private static let units: Set<String> = [
        "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter",
        "year",
    ]

    private func parentheses(_ start: Int) -> Int? {
        guard isSymbol(start, "(") else { return nil }
        var depth = 0
        for index in start..<tokens.count {
            if isSymbol(index, "(") { depth += 1 }
            if isSymbol(index, ")") { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return nil
    }

    /// `'1 hour'`, `1 hour`, `'1' hour`, `(n) hours`.
    private func interval(_ start: Int) -> Int? {
        guard start < tokens.count else { return nil }
        let kind = tokens[start].kind
        let isAmount = kind == .text || kind == .number
        guard let amount = isAmount ? start + 1 : parentheses(start) else { return nil }
        guard let unit = word(amount) else { return amount }
        let singular = unit.hasSuffix("s") ? String(unit.dropLast()) : unit
        return Self.units.contains(singular) ? amount + 1 : amount
    }

    private func type(_ start: Int) -> Int? {
        guard word(start) != nil else { return nil }
        return zone(start + 1) ?? parentheses(start + 1) ?? start + 1
    }

    /// The index behind `with time zone`.
    private func zone(_ start: Int) -> Int? {
        word(start) == "with" && word(start + 1) == "time" && word(start + 2) == "zone"
            ? start + 3 : nil
    }
}
