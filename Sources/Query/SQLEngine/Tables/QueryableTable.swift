public import IcebergModel

/// A table as SQL sees it: the snapshot that was current when the engine asked.
public struct QueryableTable: Sendable {
    /// What a snapshot consists of.
    public struct Contents: Equatable, Sendable {
        /// The columns, with the field ids by which files are read.
        public var columns: [NestedField]
        /// The data files.
        public var files: [TableFile]
        /// Files that name rows of the data files by position: those are deleted.
        public var deletes: [TableFile]
        /// Which fields the columns of files without field ids are.
        public var nameMapping: NameMapping?
        /// True when there may be files in which fields inside of structures have other names, or
        /// names of other fields.
        public var mayNameFieldsDifferently = false

        /// Columns, data files and files of deletes.
        public init(columns: [NestedField], files: [TableFile], deletes: [TableFile] = []) {
            self.columns = columns
            self.files = files
            self.deletes = deletes
        }

        /// Columns, and data files of which no row is deleted.
        public init(columns: [NestedField], files: [String]) {
            self.init(columns: columns, files: files.map { TableFile($0) })
        }

        /// Every file, also those of deletes.
        var paths: [String] { files.map(\.path) + deletes.map(\.path) }
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
    /// Reads an earlier snapshot, or the one that has a name; nil where there are none. Throws
    /// `NoSuchSnapshot` when the table has none like that.
    public var past: (@Sendable (TableMoment) throws -> Contents)?

    /// A table whose contents are read when they are needed.
    public init(
        namespace: String = "default",
        name: String,
        revision: String,
        isElsewhere: Bool = false,
        past: (@Sendable (TableMoment) throws -> Contents)? = nil,
        contents: @escaping @Sendable () throws -> Contents
    ) {
        self.namespace = namespace
        self.name = name
        self.revision = revision
        self.isElsewhere = isElsewhere
        self.past = past
        self.contents = contents
    }
}

/// A file of a snapshot.
public struct TableFile: Equatable, Sendable {
    /// An absolute path or `file:` URI inside the lake, or the URI of a store, whose files are
    /// brought here when a statement names the table. Files of deletes name data files so.
    public var path: String
    /// Data files whose rows a file of deletes may name have its number; nil for a data file of
    /// which no row is deleted.
    public var division: Int?
    /// A file of deletes concerns data files with this number and lower ones.
    public var sequenceNumber: Int64
    /// Values of all rows, by field id, for columns that the file may not hold.
    public var constants: [Int: IcebergValue] = [:]

    /// A file.
    public init(_ path: String, division: Int? = nil, sequenceNumber: Int64 = 0) {
        self.path = path
        self.division = division
        self.sequenceNumber = sequenceNumber
    }
}

/// Which snapshot of a table a statement means.
public enum TableMoment: Hashable, Sendable {
    /// The one with that id.
    case snapshot(Int64)
    /// That of a branch or tag; also an id written as a text.
    case named(String)
    /// The one that was current then, in microseconds since 1970-01-01T00:00Z.
    case time(microseconds: Int64)
}

/// A table does not have the snapshot that a statement asks for.
public struct NoSuchSnapshot: Error, CustomStringConvertible {
    /// Which, and what there is instead.
    public let description: String

    /// `reason` says which, and what there is instead.
    public init(_ reason: String) { description = reason }
}
