/// Why a table's schema cannot be built in columns.
public enum ColumnError: Error, Equatable, Sendable {
    /// A column's type is one that rows cannot be built of.
    case unsupportedType(column: String, type: String)
    /// `_log` has another shape than struct<partition int, offset long, timestamp timestamptz>, all
    /// required.
    case logColumnShape
    /// Two columns have one name.
    case duplicateColumn(String)
    /// The new schema does not begin with the columns of the old one.
    case notAnExtension(column: String)
}

extension ColumnError: CustomStringConvertible {
    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .unsupportedType(let column, let type):
            "column \"\(column)\" is a \(type), which Millrace cannot write; use another type"
        case .logColumnShape:
            "column \"_log\" is reserved for the position in the log and has another shape"
        case .duplicateColumn(let name):
            "two columns are called \"\(name)\""
        case .notAnExtension(let column):
            "column \"\(column)\" was dropped or changed while rows were being built; "
                + "finish them first"
        }
    }
}
