public import IcebergModel

/// A table as SQL sees it: the snapshot that was current when the engine asked.
public struct QueryableTable: Sendable {
    /// What a snapshot consists of.
    public struct Contents: Equatable, Sendable {
        /// The columns, with the field ids by which files are read.
        public var columns: [NestedField]
        /// The data files: absolute paths or `file:` URIs inside the lake, or URIs of stores, whose
        /// files are brought here when a statement names the table.
        public var files: [String]

        /// Columns and files.
        public init(columns: [NestedField], files: [String]) {
            self.columns = columns
            self.files = files
        }
    }

    /// Iceberg's namespace, levels joined by dots; `default` becomes DuckDB's schema `main`.
    public var namespace: String
    /// The table's name.
    public var name: String
    /// Anything that changes whenever the table does, such as the location of its metadata.
    /// Contents are asked for only when it differs from what the engine saw before.
    public var revision: String
    /// True when the files lie elsewhere: then contents are only read for statements that name the
    /// table, and for the first.
    public var isElsewhere: Bool
    /// Reads the snapshot. An error makes this table unreadable, with its text, and leaves the
    /// others alone.
    public var contents: @Sendable () throws -> Contents

    /// A table whose contents are read when they are needed.
    public init(
        namespace: String = "default",
        name: String,
        revision: String,
        isElsewhere: Bool = false,
        contents: @escaping @Sendable () throws -> Contents
    ) {
        self.namespace = namespace
        self.name = name
        self.revision = revision
        self.isElsewhere = isElsewhere
        self.contents = contents
    }
}
