internal import Bytes

extension Predicate {
    /// What a predicate demands of one field whatever else it says: that it is one of some texts.
    ///
    /// Of many predicates on one log, most have one, and usually on the same field: the kind of the
    /// event. So one look at that field tells which few of them are worth asking.
    internal struct Discriminator: Equatable, Sendable {
        /// Number of the field.
        let field: Int
        /// What it must be one of.
        let texts: [[UInt8]]
        /// True when the predicate demands nothing else.
        let isWhole: Bool

        /// True when the field may be `text`.
        func allows(_ text: RawSpan) -> Bool {
            texts.contains { known in
                // SAFETY: the array outlives the comparison.
                unsafe known.count == text.byteCount && areEqual(known.span.bytes, text)
            }
        }

        private func areEqual(_ known: RawSpan, _ text: RawSpan) -> Bool {
            for index in 0..<known.byteCount where known.byte(index) != text.byte(index) {
                return false
            }
            return true
        }
    }

    /// The first demand of that kind; nil when there is none.
    internal var discriminator: Discriminator? {
        if case .all(let parts) = expression {
            return parts.lazy.compactMap { Self.discriminator($0, isWhole: false) }.first
        }
        return Self.discriminator(expression, isWhole: true)
    }

    private static func discriminator(
        _ expression: PredicateExpression,
        isWhole: Bool
    ) -> Discriminator? {
        switch expression {
        case .comparison(.field(let field), .equal, .literal(.text(let text))),
            .comparison(.literal(.text(let text)), .equal, .field(let field)):
            return Discriminator(field: field, texts: [text], isWhole: isWhole)
        case .oneOf(let field, let literals):
            var texts: [[UInt8]] = []
            for literal in literals {
                guard case .text(let text) = literal else { return nil }
                texts.append(text)
            }
            return Discriminator(field: field, texts: texts, isWhole: isWhole)
        default:
            return nil
        }
    }
}
