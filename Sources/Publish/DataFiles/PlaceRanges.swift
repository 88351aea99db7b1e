/// Ranges of places: rows that are to be taken out, however many they are.
public struct PlaceRanges: Sendable {
    /// A partition of a table's rows.
    public struct Partition: Hashable, Sendable {
        /// The topic; nil in tables whose rows do not tell it.
        public let topic: String?
        /// The topic's partition.
        public let number: Int32

        /// Partition `number` of `topic`.
        public init(topic: String?, number: Int32) {
            self.topic = topic
            self.number = number
        }
    }

    private let ranges: [Partition: [Range<Int64>]]
    private let numbers: Set<Int32>

    /// Ranges of offsets, ascending and without overlaps, by partition.
    public init(_ ranges: [Partition: [Range<Int64>]]) {
        self.ranges = ranges.mapValues { $0.filter { !$0.isEmpty } }
        numbers = Set(ranges.keys.map(\.number))
    }

    /// The last range that begins at or before `offset`.
    private static func range(of offset: Int64, in ranges: [Range<Int64>]) -> Range<Int64>? {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lowerBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? ranges[low - 1] : nil
    }
}

extension PlaceRanges: RowChoice {
    func mayHave(_ bounds: PlaceBounds) -> Bool {
        ranges.contains { partition, ranges in
            ranges.contains {
                bounds.mayHave(topic: partition.topic, partition: partition.number, offsets: $0)
            }
        }
    }

    func hasAll(_ bounds: PlaceBounds) -> Bool {
        guard bounds.isKnown else { return false }
        let hasTopics = ranges.keys.contains { $0.topic != nil }
        if hasTopics, bounds.topic == nil { return false }
        let topic = hasTopics ? bounds.topic : nil
        // A file has rows of a handful of partitions; one that may have many is read instead.
        guard bounds.partitions.count <= ranges.count else { return false }
        return bounds.partitions.allSatisfy { number in
            let ranges = ranges[Partition(topic: topic, number: number)] ?? []
            return Self.range(of: bounds.offsets.lowerBound, in: ranges)
                .map { bounds.offsets.upperBound < $0.upperBound } ?? false
        }
    }

    func mayHave(partition: Int32, offset: Int64) -> Bool { numbers.contains(partition) }

    func takes(
        topic: String?,
        partition: Int32,
        offset: Int64,
        _ found: inout FoundRows
    ) -> Bool {
        let ranges = ranges[Partition(topic: topic, number: partition)] ?? []
        return Self.range(of: offset, in: ranges)?.contains(offset) ?? false
    }
}
