/// A predicate taken apart. Fields are numbers into the predicate's list of names.
internal indirect enum PredicateExpression: Equatable, Sendable {
    case any([PredicateExpression])
    case all([PredicateExpression])
    case not(PredicateExpression)
    case comparison(PredicateOperand, PredicateComparison, PredicateOperand)
    case like(field: Int, LikePattern)
    case oneOf(field: Int, [PredicateLiteral])
    case isNull(field: Int)
    /// A field that is itself true or false.
    case truth(field: Int)
    /// `true` or `false`.
    case constant(Bool)
}

/// `= != < <= > >=`
internal enum PredicateComparison: String, Sendable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// The comparison of that spelling; `<>` is `!=`.
    init?(symbol: String) {
        self.init(rawValue: symbol == "<>" ? "!=" : symbol)
    }

    /// Whether it holds for two values in this order; `order` is negative, zero or positive.
    func holds(_ order: Int) -> Bool {
        switch self {
        case .equal: order == 0
        case .unequal: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }
}

/// One side of a comparison.
internal enum PredicateOperand: Equatable, Sendable {
    case field(Int)
    case literal(PredicateLiteral)
}

/// A value written in a predicate.
internal enum PredicateLiteral: Equatable, Sendable {
    case text([UInt8])
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
}

/// A `like` pattern: `%` stands for any text, `_` for one character.
internal struct LikePattern: Equatable, Sendable {
    private enum Piece: Equatable, Sendable {
        case bytes([UInt8])
        case one
        case many
    }

    private let pieces: [Piece]

    /// The pattern of `text`, in which `escape` takes away the meaning of the character after it.
    init(_ text: String, escape: Unicode.Scalar?) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var isEscaped = false
        func endLiteral() {
            if !literal.isEmpty { pieces.append(.bytes(literal)) }
            literal = []
        }
        for character in text.unicodeScalars {
            if isEscaped {
                literal.append(
                    contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter
                )
                isEscaped = false
            } else if character == escape {
                isEscaped = true
            } else if character == "%" {
                endLiteral()
                if pieces.last != .many { pieces.append(.many) }
            } else if character == "_" {
                endLiteral()
                pieces.append(.one)
            } else {
                literal.append(
                    contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter
                )
            }
        }
        endLiteral()
        self.pieces = pieces
    }

    /// True when the whole of `text`, which is UTF-8, fits.
    ///
    /// When the pieces behind a `%` do not fit, it takes one byte more and they are tried again; an
    /// earlier `%` need never be reconsidered, so the time is bounded by the product of both
    /// lengths.
    func matches(_ text: RawSpan) -> Bool {
        var piece = 0
        var place = 0
        var retry: (piece: Int, place: Int)?
        while true {
            if piece < pieces.count, pieces[piece] == .many {
                retry = (piece + 1, place)
                piece += 1
            } else if piece < pieces.count, let end = end(of: pieces[piece], text, place) {
                piece += 1
                place = end
            } else if piece == pieces.count, place == text.byteCount {
                return true
            } else if let last = retry, last.place < text.byteCount {
                retry = (last.piece, last.place + 1)
                piece = last.piece
                place = last.place + 1
            } else {
                return false
            }
        }
    }

    /// Where `piece` ends when it stands at `place`; nil when it does not.
    private func end(of piece: Piece, _ text: RawSpan, _ place: Int) -> Int? {
        switch piece {
        case .many:
            return place
        case .one:
            // A character's first byte; between the bytes of one there is no character.
            guard place < text.byteCount, text.byte(place) & 0xC0 != 0x80 else { return nil }
            var end = place + 1
            while end < text.byteCount, text.byte(end) & 0xC0 == 0x80 { end += 1 }
            return end
        case .bytes(let bytes):
            guard text.byteCount - place >= bytes.count else { return nil }
            for (index, byte) in bytes.enumerated() where text.byte(place + index) != byte {
                return nil
            }
            return place + bytes.count
        }
    }
}

extension RawSpan {
    /// The byte at `offset`.
    @inline(__always)
    internal func byte(_ offset: Int) -> UInt8 {
        // SAFETY: the load is checked against the span's bounds; any byte is a UInt8.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
