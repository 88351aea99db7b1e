/// Which rows are to be taken out of a table.
protocol RowChoice {
    /// True when some of the rows within `bounds` may be chosen.
    func mayHave(_ bounds: PlaceBounds) -> Bool

    /// True when every row within `bounds` is chosen for certain.
    func hasAll(_ bounds: PlaceBounds) -> Bool

    /// True when a row of any topic with this partition and offset may be chosen.
    func mayHave(partition: Int32, offset: Int64) -> Bool

    /// True when that row is chosen; its place is noted where somebody wants to know.
    func takes(
        topic: String?,
        partition: Int32,
        offset: Int64,
        _ found: inout FoundRows
    ) -> Bool
}
