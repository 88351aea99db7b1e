import Pipelines

/// One offset of a partition, or a range of them, as people write it: `events/0@1234`,
/// `events/0@1200..1300` without the last one, `events/0@1200..` to the end of the log.
struct OffsetPlaces: CustomStringConvertible {
    let partition: SourcePartition
    let first: Int64
    /// The offset behind the last one; nil for the end of the log.
    let end: Int64?
    /// True when one offset was named.
    let isOne: Bool

    /// Reads it; a dead letter's place, `events/0/1234`, does as well. Nil when it is no place.
    init?(_ text: String) {
        if let place = RecordPlace(text: text) {
            (partition, first, end, isOne) = (place.partition, place.offset, place.offset + 1, true)
            return
        }
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count == 2, let slash = halves[0].lastIndex(of: "/"),
            let index = Int32(halves[0][halves[0].index(after: slash)...]), index >= 0
        else { return nil }
        let topic = String(halves[0][..<slash])
        guard !topic.isEmpty else { return nil }
        partition = SourcePartition(topic: topic, index: index)
        guard let dots = Self.dots(in: halves[1]) else {
            guard let offset = Int64(halves[1]), offset >= 0, offset < Int64.max else { return nil }
            (first, end, isOne) = (offset, offset + 1, true)
            return
        }
        guard let low = Int64(halves[1][..<dots.lowerBound]), low >= 0 else { return nil }
        let rest = halves[1][dots.upperBound...]
        let high = Int64(rest)
        guard rest.isEmpty || high ?? -1 >= low else { return nil }
        (first, end, isOne) = (low, high, false)
    }

    private static func dots(in text: Substring) -> Range<String.Index>? {
        guard let dot = text.firstIndex(of: ".") else { return nil }
        let next = text.index(after: dot)
        guard next < text.endIndex, text[next] == "." else { return nil }
        return dot..<text.index(after: next)
    }

    var description: String {
        let range = isOne ? "\(first)" : "\(first)..\(end.map(String.init) ?? "")"
        return "\(partition.topic)/\(partition.index)@\(range)"
    }

    /// What to say of a text that is none.
    static func complaint(_ text: String) -> String {
        "'\(text)' is no place; write TOPIC/PARTITION@OFFSET, such as events/0@1234, or a range "
            + "such as events/0@1200..1300"
    }
}
