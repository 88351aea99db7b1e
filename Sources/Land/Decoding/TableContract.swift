/// What happens to a record that does not fit the table as it is.
public enum ContractRule: String, CaseIterable, Sendable {
    /// The table changes so that it fits.
    case evolve
    /// The pipeline stops at the record, and a person decides.
    case freeze
    /// The value is dropped, the rest of the record is landed.
    case discardValue = "discard_value"
    /// The record is dropped.
    case discardRow = "discard_row"
    /// The record is a dead letter.
    case quarantine
}

/// What becomes of records that cannot be rows.
public enum ErrorPolicy: String, CaseIterable, Sendable {
    /// They go into the dead-letter table.
    case quarantine
    /// They are counted and left out.
    case skip
    /// The lane stops at the first of them, and a person decides.
    case pause
}

/// What a table may become without anybody being asked.
public struct TableContract: Hashable, Sendable {
    /// The table itself: `evolve` makes it, `freeze` wants it to be there.
    public var tables = ContractRule.evolve
    /// Fields that no column is for.
    public var columns = ContractRule.evolve
    /// Values that do not fit their column; nil leaves them to the pipeline's error policy.
    public var types: ContractRule?

    /// True when some record may stop the pipeline.
    public var mayFreeze: Bool { columns == .freeze || types == .freeze }

    /// Tables and columns come into being as records need them.
    public init() {}
}
