extension IcebergType {
    /// The primitive types' names in metadata, such as `decimal(9, 2)`; nil for nested types.
    public var primitiveName: String? {
        switch self {
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision), \(scale))"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestamptz: "timestamptz"
        case .string: "string"
        case .uuid: "uuid"
        case .fixed(let length): "fixed[\(length)]"
        case .binary: "binary"
        case .struct, .list, .map: nil
        }
    }

    /// The primitive type of that name, or nil.
    public init?(primitiveName name: String) {
        switch name {
        case "boolean": self = .boolean
        case "int": self = .int
        case "long": self = .long
        case "float": self = .float
        case "double": self = .double
        case "date": self = .date
        case "time": self = .time
        case "timestamp": self = .timestamp
        case "timestamptz": self = .timestamptz
        case "string": self = .string
        case "uuid": self = .uuid
        case "binary": self = .binary
        default:
            if let length = Self.numbers(in: name, after: "fixed[", before: "]"),
                length.count == 1, length[0] > 0
            {
                self = .fixed(length: length[0])
            } else if let digits = Self.numbers(in: name, after: "decimal(", before: ")"),
                digits.count == 2, (1...38).contains(digits[0]), (0...digits[0]).contains(digits[1])
            {
                self = .decimal(precision: digits[0], scale: digits[1])
            } else {
                return nil
            }
        }
    }

    /// The comma-separated numbers between `opening` and `closing`, when that is all of `text`.
    internal static func numbers(
        in text: String,
        after opening: String,
        before closing: String
    ) -> [Int]? {
        guard text.hasPrefix(opening), text.hasSuffix(closing) else { return nil }
        let inside = text.dropFirst(opening.count).dropLast(closing.count)
        var numbers: [Int] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = Int(String(part.filter { $0 != " " })) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

extension IcebergType: CustomStringConvertible {
    /// The type as Iceberg's tools print it.
    public var description: String {
        switch self {
        case .struct(let fields):
            "struct<\(fields.map(\.description).joined(separator: ", "))>"
        case .list(let list):
            "list<\(list.element)>"
        case .map(let map):
            "map<\(map.key), \(map.value)>"
        default:
            primitiveName ?? ""
        }
    }
}

extension NestedField: CustomStringConvertible {
    /// The field as Iceberg's tools print it: `1: name: required string`.
    public var description: String {
        "\(id): \(name): \(required ? "required" : "optional") \(type)"
    }
}
