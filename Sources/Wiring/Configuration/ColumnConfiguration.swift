public import Decoding
public import IcebergModel
import Settings

/// A column that the settings file declares.
public struct ColumnConfiguration: Sendable, Equatable {
    /// Where its values come from.
    public enum Origin: Sendable, Equatable {
        /// The field of that name.
        case field(String)
        /// Beside the fields.
        case outside(OutsideColumn.Origin)
    }

    /// The column's name.
    public var name: String
    /// Its type; nil when the first value decides.
    public var type: IcebergType?
    /// Where its values come from.
    public var origin: Origin
    /// True when it also takes texts that spell a value of its type.
    public var casts = false

    /// The columns of the part `columns`.
    static func all(in section: SettingsSection) -> [ColumnConfiguration] {
        var columns: [ColumnConfiguration] = []
        var fields: [String: String] = [:]
        for name in section.names {
            let column =
                section.hasMap(name)
                ? section.section(name).flatMap { ColumnConfiguration(name: name, $0) }
                : section.optional(name, .columnType).map {
                    ColumnConfiguration(name: name, type: $0, origin: .field(name))
                }
            if name.isEmpty || name == "_log" {
                section.complain(
                    at: name,
                    name.isEmpty
                        ? "a column needs a name" : "every table has the column _log already",
                    advice: "name it otherwise"
                )
            }
            guard let column else { continue }
            if case .field(let field) = column.origin {
                if let other = fields.updateValue(name, forKey: field) {
                    section.complain(
                        at: name,
                        "takes the field \(field), which goes into the column \(other)",
                        advice: "a field goes into one column"
                    )
                }
            }
            columns.append(column)
        }
        section.finish()
        return columns
    }

    init(name: String, type: IcebergType?, origin: Origin) {
        self.name = name
        self.type = type
        self.origin = origin
    }

    /// The long form: `{from: amount, type: long, cast: true}` or `{value: eu}`.
    private init?(name: String, _ section: SettingsSection) {
        self.name = name
        let declared = section.optional("type", .columnType)
        let from = section.optional("from", .columnOrigin)
        let constant = section.optional("value", .text)
        casts = section.value("cast", .boolean, default: false)
        section.finish()
        if section.has("from"), section.has("value") {
            section.complain("has both from and value", advice: "a column has one of them")
        }
        if section.has("type"), declared == nil { return nil }
        if let constant {
            origin = .outside(.constant(constant))
            type = declared ?? .string
        } else {
            if section.has("from"), from == nil { return nil }
            origin = from ?? .field(name)
            type = declared ?? origin.usualType
        }
        if casts, type == nil {
            section.complain("a cast needs a type", advice: "add for example type: long")
        }
        if case .outside(let outside) = origin, let type,
            !OutsideColumn(name, type, outside).isPossible
        {
            section.complain(
                "its value cannot be brought into a column of type \(type)",
                advice: "a constant must be a value of the type; times go into timestamptz, "
                    + "timestamp, date or long (milliseconds)"
            )
        }
    }
}

extension ColumnConfiguration.Origin {
    /// The type of a column whose declaration does not say one; nil where the first value decides.
    fileprivate var usualType: IcebergType? {
        switch self {
        case .field: nil
        case .outside(.timestamp): .timestamptz
        case .outside(.value): .binary
        case .outside(.key), .outside(.header), .outside(.constant): .string
        }
    }
}

extension ValueType where Value == ColumnConfiguration.Origin {
    /// What may stand behind `from`.
    static var columnOrigin: ValueType {
        ValueType(name: "field or _key", example: "amount") { (text) throws(SettingsComplaint) in
            let headers = "_headers."
            switch text {
            case "_key": return .outside(.key)
            case "_value": return .outside(.value)
            case "_timestamp": return .outside(.timestamp)
            case _ where text.hasPrefix(headers) && text.count > headers.count:
                return .outside(.header(String(text.dropFirst(headers.count))))
            case "", "_log", headers, "_headers":
                throw SettingsComplaint(
                    "\"\(text)\" is no field",
                    advice: "write a field's name, _key, _value, _timestamp or _headers.<name>"
                )
            default: return .field(text)
            }
        }
    }
}
