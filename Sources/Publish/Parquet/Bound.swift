/// Shortening of bounds, so that a table's metadata stays small whatever its values are.
///
/// A lower bound may be cut anywhere, since a prefix is never above the whole. An upper bound that
/// was cut must be raised: its last code point (or byte) is incremented, and where that is
/// impossible the one before it.
internal enum Bound {
    /// The first `length` code points of `text`; nil when it is not UTF-8.
    static func lower(text: [UInt8], length: Int) -> [UInt8]? {
        guard let cut = prefix(of: text, codePoints: length) else { return nil }
        return Array(text[..<cut])
    }

    /// `text` itself when it is short enough, else the least text of at most `length` code points
    /// above it, or nil.
    static func upper(text: [UInt8], length: Int) -> [UInt8]? {
        guard let cut = prefix(of: text, codePoints: length) else { return nil }
        if cut == text.count { return text }
        var scalars = Array(String(decoding: text[..<cut], as: UTF8.self).unicodeScalars)
        while let last = scalars.popLast() {
            // The code points that encode surrogates are not characters; the next one after them is
            // U+E000.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            if let raised = Unicode.Scalar(next) {
                scalars.append(raised)
                var bound = String.UnicodeScalarView()
                bound.append(contentsOf: scalars)
                return Array(String(bound).utf8)
            }
        }
        return nil
    }

    /// The first `length` bytes.
    static func lower(binary: [UInt8], length: Int) -> [UInt8] {
        Array(binary.prefix(length))
    }

    /// `binary` itself when it is short enough, else the least bytes, at most `length`, above it,
    /// or nil.
    static func upper(binary: [UInt8], length: Int) -> [UInt8]? {
        if binary.count <= length { return binary }
        var bound = Array(binary.prefix(length))
        while let last = bound.popLast() {
            if last < 0xFF { return bound + [last + 1] }
        }
        return nil
    }

    /// Where the first `codePoints` code points end; nil when the bytes are not UTF-8.
    private static func prefix(of text: [UInt8], codePoints: Int) -> Int? {
        guard String(validating: text, as: UTF8.self) != nil else { return nil }
        var count = 0
        for (index, byte) in text.enumerated() where byte & 0xC0 != 0x80 {
            if count == codePoints { return index }
            count += 1
        }
        return text.count
    }

    /// Decimals of up to that many digits are stored as integers.
    static let integerDigitsMax = 18

    /// A decimal's bound as Parquet has it, in Iceberg's form: big-endian, in as few bytes as hold
    /// it with its sign (specification, appendix D).
    static func decimal(_ stored: [UInt8], precision: Int) -> [UInt8] {
        var bytes = precision <= integerDigitsMax ? stored.reversed() : stored
        while bytes.count > 1,
            (bytes[0] == 0 && bytes[1] < 0x80) || (bytes[0] == 0xFF && bytes[1] >= 0x80)
        {
            bytes.removeFirst()
        }
        return bytes
    }
}
