/// How far a pipeline is in a partition with all of its tables, for those who watch it from
/// outside.
public struct Standing: Equatable, Sendable {
    /// The last offset up to which every table accounts for everything that it is to account for;
    /// −1 when there is none.
    public var lastOffset: Int64
    /// Records that are accounted for up to there, in the table that is furthest behind.
    public var records: Int64
}

extension Standing {
    /// A table's part: its checkpoint, nil before there is one, and which partitions this process
    /// lands.
    public typealias Table = (marker: CommitMarker?, ownership: Ownership?)

    /// Where a pipeline stands in each partition that this process lands into all of `tables`.
    public static func all(_ tables: [Table]) -> [SourcePartition: Standing] {
        var standings: [SourcePartition: Standing] = [:]
        let partitions = Set(tables.flatMap { $0.marker.map { Array($0.positions.keys) } ?? [] })
        for partition in partitions {
            let parts = tables.map { table -> Standing? in
                guard table.ownership?.contains(partition) == true, let marker = table.marker else {
                    return nil
                }
                return Standing(marker.progress(in: partition))
            }
            // A table that has not begun, or whose partition another process lands, is unknown.
            guard parts.allSatisfy({ $0 != nil }) else { continue }
            standings[partition] = parts.compactMap(\.self).min { $0.lastOffset < $1.lastOffset }
        }
        return standings
    }

    private init(_ progress: PartitionProgress?) {
        lastOffset = (progress?.next ?? 0) - 1
        records =
            (progress?.landed ?? 0) + (progress?.filtered ?? 0) + (progress?.deadLettered ?? 0)
            + (progress?.discards.records ?? 0)
    }
}
