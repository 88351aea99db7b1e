/// Why a record is not a row. Goes into the dead-letter table, beside the record's bytes.
public struct DecodeIssue: Error, Equatable, Sendable {
    /// The kinds of trouble. The raw values are what dead letters carry: they never change.
    public enum Reason: String, CaseIterable, Sendable {
        /// The record has no value at all: a tombstone.
        case tombstone
        /// The value has no bytes, or white space only.
        case empty
        /// The value is JSON, or begins like it, but not an object.
        case notAnObject = "not-an-object"
        /// The value ends before the object does.
        case truncated
        /// A byte stands where JSON does not allow it.
        case syntax
        /// A byte below 0x20 stands unescaped inside a string.
        case controlCharacter = "control-character"
        /// A backslash begins no escape that JSON knows, or half of a surrogate pair.
        case invalidEscape = "invalid-escape"
        /// A string is not UTF-8.
        case invalidUTF8 = "invalid-utf8"
        /// A number breaks JSON's grammar.
        case invalidNumber = "invalid-number"
        /// Bytes follow the object.
        case trailingBytes = "trailing-bytes"
        /// Objects and arrays are nested too deep.
        case tooDeep = "too-deep"
        /// The object has more fields than a record may have.
        case tooManyFields = "too-many-fields"
        /// The new fields would give the table more columns than it may have.
        case tooManyColumns = "too-many-columns"
        /// A field stands twice in the object.
        case duplicateField = "duplicate-field"
        /// A field is called `_log`, which is where Millrace keeps the position in the log.
        case reservedField = "reserved-field"
        /// A field's name cannot be a column's: it is empty, too long, or holds U+0000.
        case unusableFieldName = "unusable-field-name"
        /// A row has more or fewer fields than there are columns.
        case fieldCount = "field-count"
        /// A quotation mark stands inside a plain field, or something follows a quoted one.
        case misplacedQuote = "misplaced-quote"
        /// The record has more rows than a batch can hold.
        case tooLarge = "too-large"
        /// The table has no such column, and the pipeline takes no new ones.
        case unknownField = "unknown-field"
        /// The field's name is that of a column which is filled from elsewhere.
        case shadowedField = "shadowed-field"
        /// The column that an object's field is flattened into belongs to another field.
        case collidingField = "colliding-field"
        /// The value does not fit the column's type.
        case wrongType = "wrong-type"
        /// The number is too large or too small for the column's type.
        case outOfRange = "out-of-range"
        /// The text is no date or time of the form the column's type wants.
        case invalidTime = "invalid-time"
        /// The text is not base64, which binary columns want.
        case invalidBase64 = "invalid-base64"
        /// A required column has no value, or null.
        case missingField = "missing-field"
    }

    /// What is wrong.
    public let reason: Reason
    /// The field concerned, as far as one is known.
    public let field: String?
    /// Position of the offending byte in the record's value, from 0.
    public let offset: Int
    /// The column's type, when the value did not fit it.
    public let columnType: String?

    /// An issue.
    public init(
        _ reason: Reason,
        field: String? = nil,
        offset: Int = 0,
        columnType: String? = nil
    ) {
        self.reason = reason
        self.field = field
        self.offset = offset
        self.columnType = columnType
    }
}

extension TableContract {
    /// What it says of a record that was rejected for `reason`; nil where it says nothing.
    public func rule(for reason: DecodeIssue.Reason) -> ContractRule? {
        if reason == .unknownField { return columns }
        return reason.isMisfit ? types : nil
    }
}

extension DecodeIssue {
    /// The same issue, of a document that is part of a record: `place` gives the byte its place.
    public func moved(_ place: (Int) -> Int) -> DecodeIssue {
        DecodeIssue(reason, field: field, offset: place(offset), columnType: columnType)
    }
}

extension DecodeIssue: CustomStringConvertible {
    /// The place and what is wrong there.
    public var description: String {
        let place = field.map { "field \"\($0)\", byte \(offset)" } ?? "byte \(offset)"
        return "\(place): \(message)"
    }

    /// What is wrong, without the place.
    public var message: String {
        let type = columnType ?? "another type"
        return switch reason {
        case .tombstone: "the record has no value (a tombstone)"
        case .empty: "the value is empty"
        case .notAnObject: "the value is not a JSON object"
        case .truncated: "the value ends inside the object"
        case .syntax: "this is not JSON"
        case .controlCharacter: "a string holds an unescaped control character"
        case .invalidEscape: "a backslash begins no escape that JSON knows"
        case .invalidUTF8: "a string is not UTF-8"
        case .invalidNumber: "a number is not written as JSON wants it"
        case .trailingBytes: "something follows the object"
        case .tooDeep: "objects and arrays are nested deeper than \(DecodeLimits.depthMax)"
        case .tooManyFields: "the object has more than \(DecodeLimits.fieldsMax) unknown fields"
        case .tooManyColumns: "the table would get more columns than it may have"
        case .duplicateField: "the field stands twice in the object"
        case .reservedField: "the name is reserved for the position in the log"
        case .unusableFieldName:
            "a column's name has 1 to \(DecodeLimits.nameBytesMax) bytes, none of them zero"
        case .fieldCount: "the row has another number of fields than there are columns"
        case .misplacedQuote: "a quotation mark stands where a field cannot have one"
        case .tooLarge: "the record has more rows than fit into memory at a time"
        case .unknownField: "the table has no such column and takes no new ones"
        case .shadowedField:
            "the column of that name is declared to be filled from elsewhere; declare a column "
                + "of another name with from: \(field ?? "")"
        case .collidingField:
            "another field's values are in the column of that name; give this one a column of "
                + "another name with from"
        case .wrongType: "the value does not fit the column, which is \(type)"
        case .outOfRange: "the number does not fit the column, which is \(type)"
        case .invalidTime: "the text does not fit the column, which is \(type)"
        case .invalidBase64: "the text is not base64, which a binary column wants"
        case .missingField: "the column is required and has no value"
        }
    }
}

/// Bounds of what a record may be.
public enum DecodeLimits {
    /// How deep objects and arrays may be nested; the record's own object is the first level.
    public static let depthMax = 128
    /// Fields unknown to the table that one record may have.
    public static let fieldsMax = 10_000
    /// Bytes of a field's name.
    public static let nameBytesMax = 1024
    /// Entries of one map.
    public static let entriesMax = 1000
    /// Columns a table may have, by default.
    public static let columnsMax = 1000
    /// Unknown field names that are remembered from record to record.
    internal static let rememberedMax = 4096
}

/// What is wrong and where, before the field is known.
internal struct JSONFault: Error {
    let reason: DecodeIssue.Reason
    let offset: Int

    @inline(never)
    init(_ reason: DecodeIssue.Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
