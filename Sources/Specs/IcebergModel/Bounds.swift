/// Cuts text and bytes for use as bounds: `write.metadata.metrics.default` = `truncate(16)`.
public enum Bounds {
    /// Code points of text, or bytes of binary, that a bound keeps.
    public static let truncateLengthDefault = 16

    /// The lower bound's bytes: the beginning of the value, which is never above it.
    public static func lower(
        _ value: IcebergValue,
        truncateLength: Int = truncateLengthDefault
    ) -> [UInt8]? {
        if value.isNaN { return nil }
        switch value {
        case .string(let text):
            return Array(String(text.unicodeScalars.prefix(truncateLength)).utf8)
        case .binary(let bytes):
            return Array(bytes.prefix(truncateLength))
        default:
            return value.singleValueBytes
        }
    }

    /// The upper bound's bytes: a beginning of the value with its last code point or byte raised,
    /// so that it is never below it. Nil when nothing can be raised.
    public static func upper(
        _ value: IcebergValue,
        truncateLength: Int = truncateLengthDefault
    ) -> [UInt8]? {
        if value.isNaN { return nil }
        switch value {
        case .string(let text):
            let scalars = Array(text.unicodeScalars.prefix(truncateLength + 1))
            if scalars.count <= truncateLength { return Array(text.utf8) }
            return raised(scalars.dropLast()).map { Array(String($0).utf8) }
        case .binary(let bytes):
            if bytes.count <= truncateLength { return bytes }
            return raised(bytes.prefix(truncateLength))
        default:
            return value.singleValueBytes
        }
    }

    private static func raised(_ scalars: ArraySlice<Unicode.Scalar>)
        -> String.UnicodeScalarView?
    {
        var prefix = scalars
        while let last = prefix.popLast() {
            // U+D800…U+DFFF are no characters: the one behind U+D7FF is U+E000.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            if let scalar = Unicode.Scalar(next) {
                var view = String.UnicodeScalarView(prefix)
                view.append(scalar)
                return view
            }
        }
        return nil
    }

    private static func raised(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var prefix = bytes
        while let last = prefix.popLast() {
            if last < UInt8.max { return prefix + [last + 1] }
        }
        return nil
    }
}
