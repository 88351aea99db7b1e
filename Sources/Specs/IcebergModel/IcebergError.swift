/// Why something is not valid Iceberg, or why a change of a table's metadata is not allowed.
public enum IcebergError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The document `document` says something the specification does not allow.
    case invalid(document: String, reason: String)
    /// The metadata are of a format version this code does not write or read.
    case unsupportedVersion(Int, document: String)
    /// A change of the schema that would break readers or data already written.
    case schemaChange(reason: String)
    /// A snapshot, spec, schema or field that the metadata do not have.
    case missing(what: String, id: Int64)

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .invalid(let document, let reason):
            "\(document) is not valid Iceberg metadata: \(reason)"
        case .unsupportedVersion(let version, let document):
            "\(document) has format version \(version); only version 2 is supported"
        case .schemaChange(let reason):
            "the schema cannot be changed this way: \(reason)"
        case .missing(let what, let id):
            "the table has no \(what) \(id); read its metadata again"
        }
    }
}
