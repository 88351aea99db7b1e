public import IcebergModel

/// Between which places the rows of a data file lie, as its manifest says.
///
/// A file without bounds may have anything.
public struct PlaceBounds: Equatable, Sendable {
    /// The partitions, at most.
    public let partitions: ClosedRange<Int32>
    /// The offsets, at most.
    public let offsets: ClosedRange<Int64>
    /// The topic that all rows have; nil when there may be several.
    public let topic: String?
    /// True when both ranges are known, and every row has a place.
    let isKnown: Bool

    /// What is said of `file`, whose rows tell their places in `fields`.
    public init(of file: DataFile, _ fields: PlaceFields) {
        func bounds(_ field: Int) -> ClosedRange<Int64>? {
            guard let lower = file.lowerBounds[field].flatMap(Self.number),
                let upper = file.upperBounds[field].flatMap(Self.number), lower <= upper
            else { return nil }
            return lower...upper
        }
        let partitions = bounds(fields.partition).map {
            Int32(clamping: $0.lowerBound)...Int32(clamping: $0.upperBound)
        }
        let offsets = bounds(fields.offset)
        self.partitions = partitions ?? Int32.min...Int32.max
        self.offsets = offsets ?? Int64.min...Int64.max
        let nulls = [fields.partition, fields.offset].contains { id in
            file.nullValueCounts[id] ?? 0 > 0
        }
        isKnown = partitions != nil && offsets != nil && !nulls
        topic = fields.topic.flatMap { id in
            // A long text is cut in bounds, and its upper one is raised then: equal ones are whole.
            guard let lower = file.lowerBounds[id], lower == file.upperBounds[id] else {
                return nil
            }
            return String(validating: lower, as: UTF8.self)
        }
    }

    /// A bound of an int or a long: little-endian, 4 bytes or 8 (specification, appendix D).
    private static func number(_ bytes: [UInt8]) -> Int64? {
        guard bytes.count == 4 || bytes.count == 8 else { return nil }
        var pattern: UInt64 = 0
        for (index, byte) in bytes.enumerated() { pattern |= UInt64(byte) << UInt64(8 * index) }
        return bytes.count == 4
            ? Int64(Int32(truncatingIfNeeded: pattern)) : Int64(bitPattern: pattern)
    }

    /// True when the file may have rows of `topic`, nil in tables of one, with this partition and
    /// one of these offsets.
    public func mayHave(topic: String?, partition: Int32, offsets range: Range<Int64>) -> Bool {
        if let topic, let only = self.topic, topic != only { return false }
        return partitions.contains(partition) && !range.isEmpty
            && offsets.lowerBound < range.upperBound && range.lowerBound <= offsets.upperBound
    }
}
