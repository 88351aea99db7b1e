internal import Columns
internal import IcebergModel

/// The names that one struct column's objects have, or the objects at one place that is flattened.
internal struct NestedKeys {
    var reader = FieldReader()
    /// Keys that stand for columns or objects; those behind them are unknown names.
    var bound: Int
    /// The struct column; -1 for objects that are flattened.
    let column: Int
    /// The way to such an object, as `columns` writes it behind `from`: `a.b`.
    let path: String
    /// What the names of its columns begin with: `a_b_`.
    let prefix: String
    /// True when the struct has fields that may not be null.
    var hasRequired = false
    /// Counts objects, so that a name that stands twice in one is noticed.
    var object = 0

    /// The names of a struct column's fields.
    init(_ layout: ColumnLayout, column: Int) {
        self.column = column
        path = ""
        prefix = ""
        for child in layout.columns[column].children {
            let inside = layout.columns[child]
            let number = inside.kind.isNested ? JSONRowDecoder.Code.nested(child) : child
            _ = reader.table.add(name: inside.field.name.utf8, number: number)
            if inside.field.required { hasRequired = true }
        }
        bound = reader.table.keys.count
    }

    /// No names yet, of objects at `path`.
    init(path: String, prefix: String) {
        column = -1
        self.path = path
        self.prefix = prefix
        bound = 0
    }

    /// Begins with another object.
    mutating func begin() {
        object &+= 1
        if reader.table.keys.count > bound &+ DecodeLimits.rememberedMax {
            reader.table.truncate(to: bound)
        }
    }
}
