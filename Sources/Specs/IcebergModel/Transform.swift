/// How a partition or sort value is made from a column's value (specification, "Partition
/// Transforms").
public enum Transform: Hashable, Sendable {
    /// The value itself.
    case identity
    /// Hash of the value, modulo `buckets`.
    case bucket(buckets: Int)
    /// The value cut to `width` (text: code points, binary: bytes, numbers: down to a multiple).
    case truncate(width: Int)
    /// Years since 1970.
    case year
    /// Months since 1970-01.
    case month
    /// Days since 1970-01-01.
    case day
    /// Hours since 1970-01-01T00.
    case hour
    /// Always null: a dropped partition field.
    case void
    /// Something a newer specification defines; kept as it is written, never computed.
    case unknown(String)

    /// The transform of that name in metadata.
    public init(name: String) {
        switch name {
        case "identity": self = .identity
        case "year": self = .year
        case "month": self = .month
        case "day": self = .day
        case "hour": self = .hour
        case "void": self = .void
        default:
            let buckets = IcebergType.numbers(in: name, after: "bucket[", before: "]")
            let width = IcebergType.numbers(in: name, after: "truncate[", before: "]")
            if let buckets, buckets.count == 1, buckets[0] > 0 {
                self = .bucket(buckets: buckets[0])
            } else if let width, width.count == 1, width[0] > 0 {
                self = .truncate(width: width[0])
            } else {
                self = .unknown(name)
            }
        }
    }

    /// The transform's name in metadata.
    public var name: String {
        switch self {
        case .identity: "identity"
        case .bucket(let buckets): "bucket[\(buckets)]"
        case .truncate(let width): "truncate[\(width)]"
        case .year: "year"
        case .month: "month"
        case .day: "day"
        case .hour: "hour"
        case .void: "void"
        case .unknown(let name): name
        }
    }

    /// Type of the values made from values of `source`; nil when the transform does not apply to
    /// it.
    ///
    /// `day` gives `date`, as Iceberg's tools write it; the specification allows `int` too.
    public func resultType(of source: IcebergType) -> IcebergType? {
        guard source.isPrimitive else { return nil }
        switch (self, source) {
        case (.identity, _), (.void, _): return source
        case (.bucket, .boolean), (.bucket, .float), (.bucket, .double): return nil
        case (.bucket, _): return .int
        case (.truncate, .int), (.truncate, .long), (.truncate, .decimal), (.truncate, .string),
            (.truncate, .binary):
            return source
        case (.year, .date), (.year, .timestamp), (.year, .timestamptz): return .int
        case (.month, .date), (.month, .timestamp), (.month, .timestamptz): return .int
        case (.day, .date), (.day, .timestamp), (.day, .timestamptz): return .date
        case (.hour, .timestamp), (.hour, .timestamptz): return .int
        case (.unknown, _): return .string
        default: return nil
        }
    }
}
