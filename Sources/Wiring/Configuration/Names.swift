import Decoding
import IcebergModel
import Settings

/// Kafka's rule for names of topics.
enum TopicName {
    static func isValid(_ name: String) -> Bool {
        (1...249).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Names of tables: they become directories, catalog entries and SQL names.
enum TableName {
    private static let deadLetters = "__dead_letters"

    static func check(_ name: String) throws(SettingsComplaint) {
        let bytes = Array(name.utf8)
        let first = bytes.first ?? UInt8(ascii: "0")
        guard bytes.count <= 128, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            bytes.allSatisfy({ isNameByte($0) })
        else {
            throw SettingsComplaint(
                "\"\(name)\" is no name of a table",
                advice: "use letters, digits and underscores, no digit first, at most 128"
            )
        }
        if name.hasSuffix(deadLetters) {
            throw SettingsComplaint(
                "\"\(name)\" ends like the tables of records that could not be read",
                advice: "leave \(deadLetters) away"
            )
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        TopicName.isValid(String(UnicodeScalar(byte))) && byte != UInt8(ascii: "-")
            && byte != UInt8(ascii: ".")
    }
}

extension ValueType where Value == String {
    /// A topic's name, or a pattern with `*` for several.
    static var topicSelector: ValueType {
        ValueType(name: "topic", example: "events") { (text) throws(SettingsComplaint) in
            let name = text.replacing("*", with: "")
            guard TopicName.isValid(name) || (name.isEmpty && !text.isEmpty) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no name of a topic",
                    advice: "use letters, digits, dots, dashes and underscores, at most 249, and * "
                        + "for any of them"
                )
            }
            return text
        }
    }

    static var tableName: ValueType {
        ValueType(name: "table", example: "purchases") { (text) throws(SettingsComplaint) in
            try TableName.check(text)
            return text
        }
    }
}

extension ValueType where Value == String {
    /// A condition of a table's `where`.
    static var condition: ValueType {
        ValueType(name: "condition", example: "price > 10") { (text) throws(SettingsComplaint) in
            do throws(PredicateError) {
                _ = try Predicate(parsing: text)
                return text
            } catch {
                throw SettingsComplaint(
                    "character \(error.column) of the condition: \(error.message)",
                    advice: "docs/pipelines.md says what a condition is"
                )
            }
        }
    }
}

extension ValueType where Value == Duration {
    static var freshness: ValueType {
        .duration(in: .milliseconds(100)...(.seconds(86_400)))
    }
}

extension ValueType where Value == IcebergType {
    /// The types that a column of events can have.
    static var columnType: ValueType {
        ValueType(name: "column type", example: "string") { (text) throws(SettingsComplaint) in
            try ColumnTypeParser.type(text)
        }
    }
}
