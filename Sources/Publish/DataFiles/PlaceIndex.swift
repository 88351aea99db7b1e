/// Places to be found, in a form in which files and rows are quickly told to have none of them.
struct PlaceIndex: RowChoice {
    /// Offsets by partition, ascending.
    private let offsets: [Int32: [Int64]]
    private let places: Set<RowPlace>
    private let hasTopic: Bool

    init(_ places: Set<RowPlace>, hasTopic: Bool) {
        // In a table of one topic a place's topic says nothing.
        self.places =
            hasTopic
            ? places
            : Set(places.map { RowPlace(topic: nil, partition: $0.partition, offset: $0.offset) })
        self.hasTopic = hasTopic
        offsets = Dictionary(grouping: places, by: \.partition).mapValues { places in
            places.map(\.offset).sorted()
        }
    }

    func mayHave(_ bounds: PlaceBounds) -> Bool {
        offsets.contains { partition, offsets in
            guard bounds.partitions.contains(partition) else { return false }
            let first = Self.firstIndex(in: offsets, from: bounds.offsets.lowerBound)
            return first < offsets.count && offsets[first] <= bounds.offsets.upperBound
        }
    }

    /// Nobody knows from bounds that a file has nothing but these places.
    func hasAll(_ bounds: PlaceBounds) -> Bool { false }

    func mayHave(partition: Int32, offset: Int64) -> Bool {
        guard let offsets = offsets[partition] else { return false }
        let index = Self.firstIndex(in: offsets, from: offset)
        return index < offsets.count && offsets[index] == offset
    }

    func takes(
        topic: String?,
        partition: Int32,
        offset: Int64,
        _ found: inout FoundRows
    ) -> Bool {
        let place = RowPlace(
            topic: hasTopic ? topic : nil,
            partition: partition,
            offset: offset
        )
        guard places.contains(place) else { return false }
        found.places.insert(place)
        return true
    }

    /// The first index whose offset is not below `offset`.
    private static func firstIndex(in offsets: [Int64], from offset: Int64) -> Int {
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
