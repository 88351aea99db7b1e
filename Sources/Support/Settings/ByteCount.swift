/// Sizes in bytes, as people write them.
public enum ByteCount {
    private static let units: [(name: String, factor: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
        ("KB", 1000), ("B", 1),
    ]

    /// Bytes of `64MiB`, `1GB`, `500 kB` or `1024`; nil for anything else and for what does not
    /// fit.
    public static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits) else { return nil }
        guard let factor = unit.isEmpty ? 1 : units.first(where: { $0.name == unit })?.factor
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// The shortest exact text with a binary unit: `64MiB`, `1536KiB`, `1000`.
    public static func text(_ bytes: Int) -> String {
        for (name, factor) in units.prefix(4) where bytes != 0 && bytes % factor == 0 {
            return "\(bytes / factor)\(name)"
        }
        return String(bytes)
    }
}
