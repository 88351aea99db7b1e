internal import Bytes

/// Decides by a predicate which records become rows, on their bytes, before anything is built.
///
/// It looks only for the fields that the predicate names and stops at the last of them, or at the
/// one that decides (`Predicate.Discriminator`): what stands behind is not checked, since a record
/// that passes is decoded anyway. A field that stands twice counts the first time. Belongs to one
/// thread.
public struct RecordFilter: ~Copyable {
    /// What is to become of a record.
    public enum Verdict: Equatable, Sendable {
        /// The predicate is true.
        case passes
        /// It is false or unknown.
        case filtered
        /// The bytes are not a JSON object, as far as they were looked at.
        case rejected(DecodeIssue)
    }

    /// The predicate.
    public let predicate: Predicate
    private var fields: FieldCollector
    private let discriminator: Predicate.Discriminator?

    /// A filter by `predicate`.
    public init(_ predicate: Predicate) {
        self.predicate = predicate
        fields = FieldCollector(predicate.fields)
        discriminator = predicate.discriminator
    }

    /// Judges the record in `value`.
    public mutating func judge(_ value: RawSpan) -> Verdict {
        var cursor = JSONCursor(value)
        let discriminator = discriminator
        do throws(JSONFault) {
            let isWhole = try fields.collect(&cursor) { number, found, cursor in
                guard let discriminator, number == discriminator.field else { return true }
                return found.isText(cursor) { discriminator.allows($0) }
            }
            if !isWhole { return .filtered }
        } catch {
            return .rejected(DecodeIssue(error.reason, offset: error.offset))
        }
        return truth(of: predicate.expression, cursor) == true ? .passes : .filtered
    }
}

extension RecordFilter {
    /// True, false, or nil for unknown.
    private func truth(
        of expression: PredicateExpression,
        _ cursor: borrowing JSONCursor
    ) -> Bool? {
        switch expression {
        case .constant(let value):
            return value
        case .not(let inside):
            return truth(of: inside, cursor).map { !$0 }
        case .all(let parts):
            var result: Bool? = true
            for part in parts {
                let truth = truth(of: part, cursor)
                if truth == false { return false }
                if truth == nil { result = nil }
            }
            return result
        case .any(let parts):
            var result: Bool? = false
            for part in parts {
                let truth = truth(of: part, cursor)
                if truth == true { return true }
                if truth == nil { result = nil }
            }
            return result
        case .isNull(let field):
            return fields.values[field] == .missing || fields.values[field] == .null
        case .truth(let field):
            if case .boolean(let value) = fields.values[field] { return value }
            return nil
        case .like(let field, let pattern):
            return fields.values[field].withText(cursor) { pattern.matches($0) }
        case .oneOf(let field, let literals):
            var result: Bool? = false
            for literal in literals {
                let order = order(fields.values[field], literal, cursor)
                if order == 0 { return true }
                if order == nil { result = nil }
            }
            return result
        case .comparison(let left, let comparison, let right):
            return order(left, right, cursor).map { comparison.holds($0) }
        }
    }

    /// Negative, zero or positive as `left` comes before, with or after `right`; nil when unknown.
    private func order(
        _ left: PredicateOperand,
        _ right: PredicateOperand,
        _ cursor: borrowing JSONCursor
    ) -> Int? {
        switch (left, right) {
        case (.field(let field), .literal(let literal)):
            return order(fields.values[field], literal, cursor)
        case (.literal(let literal), .field(let field)):
            return order(fields.values[field], literal, cursor).map { -$0 }
        case (.literal(let left), .literal(let right)):
            return Self.order(Self.value(of: left), Self.value(of: right))
                ?? Self.order(texts: left, right)
        case (.field(let left), .field(let right)):
            if let order = Self.order(fields.values[left], fields.values[right]) { return order }
            let right = fields.values[right]
            return fields.values[left].withText(cursor) { left in
                right.withText(cursor) { Self.order(bytes: left, $0) }
            } ?? nil
        }
    }

    private func order(
        _ value: FieldValue,
        _ literal: PredicateLiteral,
        _ cursor: borrowing JSONCursor
    ) -> Int? {
        guard case .text(let text) = literal else {
            return Self.order(value, Self.value(of: literal))
        }
        // SAFETY: the array outlives the call.
        return value.withText(cursor) { unsafe Self.order(bytes: $0, text.span.bytes) }
    }

    private static func value(of literal: PredicateLiteral) -> FieldValue {
        switch literal {
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        case .boolean(let value): .boolean(value)
        case .text: .other
        }
    }

    private static func order(texts left: PredicateLiteral, _ right: PredicateLiteral) -> Int? {
        guard case .text(let left) = left, case .text(let right) = right else { return nil }
        // SAFETY: the arrays outlive the call.
        return unsafe order(bytes: left.span.bytes, right.span.bytes)
    }

    /// The order of two numbers or two truth values (false first).
    private static func order(_ left: FieldValue, _ right: FieldValue) -> Int? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): order(left, right)
        case (.integer(let left), .double(let right)): order(Double(left), right)
        case (.double(let left), .integer(let right)): order(left, Double(right))
        case (.double(let left), .double(let right)): order(left, right)
        case (.boolean(let left), .boolean(let right)): order(left ? 1 : 0, right ? 1 : 0)
        default: nil
        }
    }

    private static func order<T: Comparable>(_ left: T, _ right: T) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }

    /// The order of two texts by their bytes, which for UTF-8 is the order by code points.
    private static func order(bytes left: RawSpan, _ right: RawSpan) -> Int {
        for index in 0..<min(left.byteCount, right.byteCount) {
            let (one, other) = (left.byte(index), right.byte(index))
            if one != other { return one < other ? -1 : 1 }
        }
        return order(left.byteCount, right.byteCount)
    }
}
