import IcebergModel
import Settings

/// Reads a column's type as the settings file writes it:
///
///     long    decimal(10,2)    list<string>    map<string,double>    struct<x: double, y: double>
struct ColumnTypeParser {
    private var rest: Substring

    /// The primitive types, for messages.
    static let names =
        "boolean, int, long, float, double, string, binary, date, timestamp, timestamptz"

    /// The type that `text` names.
    static func type(_ text: String) throws(SettingsComplaint) -> IcebergType {
        var parser = ColumnTypeParser(rest: text[...])
        guard let type = parser.type(depth: 0), parser.isAtEnd else {
            throw SettingsComplaint(
                "\"\(text)\" is no type of a column",
                advice: "write one of \(names), decimal(digits, digits behind the point), "
                    + "list<type>, map<string, type> or struct<name: type, …>"
            )
        }
        return type
    }

    private var isAtEnd: Bool { rest.allSatisfy { $0 == " " } }

    private mutating func type(depth: Int) -> IcebergType? {
        guard depth < 16 else { return nil }
        let word = word()
        switch word {
        case "list":
            guard take("<"), let element = type(depth: depth + 1), take(">") else { return nil }
            return .list(ListType(elementID: 0, elementRequired: false, element: element))
        case "map":
            guard take("<"), self.word() == "string", take(","),
                let value = type(depth: depth + 1), take(">")
            else { return nil }
            return .map(
                MapType(keyID: 0, key: .string, valueID: 0, valueRequired: false, value: value)
            )
        case "struct":
            guard take("<"), let fields = fields(depth: depth + 1), take(">") else { return nil }
            return .struct(fields)
        case "decimal":
            guard take("("), let precision = Int(self.word()), take(","),
                let scale = Int(self.word()), take(")")
            else { return nil }
            return IcebergType(primitiveName: "decimal(\(precision), \(scale))")
        default:
            guard Self.names.split(separator: ", ").contains(word[...]) else { return nil }
            return IcebergType(primitiveName: word)
        }
    }

    private mutating func fields(depth: Int) -> [NestedField]? {
        var fields: [NestedField] = []
        repeat {
            let name = word()
            guard !name.isEmpty, !fields.contains(where: { $0.name == name }), take(":"),
                let type = type(depth: depth)
            else { return nil }
            fields.append(.optional(0, name, type))
        } while take(",")
        return fields
    }

    private mutating func skipBlanks() {
        while rest.first == " " { rest.removeFirst() }
    }

    private mutating func word() -> String {
        skipBlanks()
        let word = rest.prefix { !"<>(),: ".contains($0) }
        rest.removeFirst(word.count)
        return String(word)
    }

    private mutating func take(_ mark: Character) -> Bool {
        skipBlanks()
        guard rest.first == mark else { return false }
        rest.removeFirst()
        return true
    }
}
