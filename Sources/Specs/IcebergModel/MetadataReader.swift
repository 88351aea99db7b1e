internal import JSONText

/// Reads the members of one JSON object of a metadata document, with errors that name document and
/// member.
internal struct MetadataReader {
    let object: JSONObject
    /// What is being read, for messages: `table metadata, schema 3`.
    let document: String

    init(_ value: JSONValue, _ document: String) throws(IcebergError) {
        guard let object = value.objectValue else {
            throw .invalid(document: document, reason: "a JSON object is expected")
        }
        self.object = object
        self.document = document
    }

    func invalid(_ reason: String) -> IcebergError {
        .invalid(document: document, reason: reason)
    }

    /// The member `key`, where null counts as absent.
    func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func required(_ key: String) throws(IcebergError) -> JSONValue {
        guard let value = value(key) else { throw invalid("\"\(key)\" is missing") }
        return value
    }

    func long(_ key: String) throws(IcebergError) -> Int64 {
        guard let number = try required(key).integerValue else {
            throw invalid("\"\(key)\" is not a whole number")
        }
        return number
    }

    func optionalLong(_ key: String) throws(IcebergError) -> Int64? {
        value(key) == nil ? nil : try long(key)
    }

    func int(_ key: String) throws(IcebergError) -> Int {
        guard let number = Int32(exactly: try long(key)) else {
            throw invalid("\"\(key)\" is not a 32-bit number")
        }
        return Int(number)
    }

    func optionalInt(_ key: String) throws(IcebergError) -> Int? {
        value(key) == nil ? nil : try int(key)
    }

    func string(_ key: String) throws(IcebergError) -> String {
        guard let text = try required(key).stringValue else {
            throw invalid("\"\(key)\" is not text")
        }
        return text
    }

    func bool(_ key: String) throws(IcebergError) -> Bool {
        guard let truth = try required(key).boolValue else {
            throw invalid("\"\(key)\" is not true or false")
        }
        return truth
    }

    /// The elements of an array; none when the member is absent.
    func array(_ key: String) throws(IcebergError) -> [JSONValue] {
        guard let value = value(key) else { return [] }
        guard let elements = value.arrayValue else { throw invalid("\"\(key)\" is not an array") }
        return elements
    }

    /// The elements of an array that must be there.
    func requiredArray(_ key: String) throws(IcebergError) -> [JSONValue] {
        _ = try required(key)
        return try array(key)
    }

    /// An object of texts; empty when the member is absent.
    func strings(_ key: String) throws(IcebergError) -> [String: String] {
        guard let value = value(key) else { return [:] }
        guard let members = value.objectValue?.members else {
            throw invalid("\"\(key)\" is not an object")
        }
        var strings: [String: String] = [:]
        for member in members {
            guard let text = member.value.stringValue else {
                throw invalid("\"\(key)\": \"\(member.key)\" is not text")
            }
            strings[member.key] = text
        }
        return strings
    }
}
