public import ArrowData
public import IcebergModel

/// Changes batches of rows on their way from records to the table.
///
/// Belongs to one lane's thread. The rows that come out carry `_log` as it came in, each at most
/// once; rows may be left out.
public protocol RowTransform {
    /// Gives the rows that `batch` becomes to `write`, in parts whose columns are `fields`.
    func apply(
        _ batch: consuming ArrowBatch,
        as fields: [ArrowField],
        _ write: (consuming ArrowBatch) throws(TableCommitterError) -> Void
    ) throws(TableCommitterError)
}

/// How a lane's rows are changed.
public struct LaneTransform: Sendable {
    /// The columns that rows are made with, before they are changed; those of the table are the
    /// lane's `columns`.
    public let inputColumns: [NewColumn]
    /// Makes the transform for one run of the lane.
    public let make: @Sendable () throws(TableCommitterError) -> any RowTransform

    /// A change of rows with `inputColumns`.
    public init(
        inputColumns: [NewColumn],
        make: @escaping @Sendable () throws(TableCommitterError) -> any RowTransform
    ) {
        self.inputColumns = inputColumns
        self.make = make
    }
}
