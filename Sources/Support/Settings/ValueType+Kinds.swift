import Clocks
public import Telemetry

extension ValueType where Value == String {
    /// Any text that is not empty.
    public static let text = ValueType(name: "text", example: "orders") {
        (text) throws(SettingsComplaint) in
        guard !text.isEmpty else { throw SettingsComplaint("is empty", advice: "write a text") }
        return text
    }

    /// A path. A relative one starts from the directory of the settings file, or from the working
    /// directory when it comes from the environment.
    public static let path = ValueType(name: "path", example: "/var/lib/millrace") {
        (texts, directory) throws(SettingsComplaint) in
        let text = texts[0]
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw SettingsComplaint("is no path", advice: "write a path such as /var/lib/millrace")
        }
        return resolve(text, in: directory)
    }

    /// A path as `path`, or an address that begins with `http://` or `https://`.
    public static let pathOrAddress = ValueType(
        name: "path or address",
        example: "/var/lib/millrace/catalog.db"
    ) { (texts, directory) throws(SettingsComplaint) in
        let text = texts[0]
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return text }
        return try path.read(texts, directory)
    }

    private static func resolve(_ path: String, in directory: String) -> String {
        if path.hasPrefix("/") { return path }
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2).drop { $0 == "/" } }
        if rest.isEmpty || rest == "." { return directory }
        return directory.hasSuffix("/") ? directory + rest : "\(directory)/\(rest)"
    }
}

extension ValueType where Value == Int {
    /// A whole number within `bounds`.
    public static func integer(in bounds: ClosedRange<Int>) -> ValueType {
        ValueType(
            name: "whole number from \(bounds.lowerBound) to \(bounds.upperBound)",
            example: String(bounds.lowerBound)
        ) { (text) throws(SettingsComplaint) in
            guard let number = Int(text) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no whole number",
                    advice: "write digits only"
                )
            }
            guard bounds.contains(number) else {
                throw SettingsComplaint(
                    "\(number) is out of bounds",
                    advice: "write a number from \(bounds.lowerBound) to \(bounds.upperBound)"
                )
            }
            return number
        }
    }

    /// A number of bytes within `bounds`: `64MiB`, `1GB`, `1024`.
    public static func bytes(in bounds: ClosedRange<Int>) -> ValueType {
        let low = ByteCount.text(bounds.lowerBound)
        let high = ByteCount.text(bounds.upperBound)
        return ValueType(name: "size from \(low) to \(high)", example: "64MiB") {
            (text) throws(SettingsComplaint) in
            guard let bytes = ByteCount.parse(text) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no size",
                    advice: "write a number and a unit such as 64MiB, 1GB or 4096"
                )
            }
            guard bounds.contains(bytes) else {
                throw SettingsComplaint(
                    "\(text) is out of bounds",
                    advice: "write a size from \(low) to \(high)"
                )
            }
            return bytes
        }
    }
}

extension ValueType where Value == Duration {
    /// A length of time within `bounds`: `250ms`, `10s`, `5m`, `2h`, `7d`.
    public static func duration(in bounds: ClosedRange<Duration>) -> ValueType {
        let low = bounds.lowerBound.text
        let high = bounds.upperBound.text
        return ValueType(name: "duration from \(low) to \(high)", example: "10s") {
            (text) throws(SettingsComplaint) in
            guard let duration = Duration(text: text) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no duration",
                    advice: "write a whole number and a unit such as 250ms, 10s, 5m, 2h or 7d"
                )
            }
            guard bounds.contains(duration) else {
                throw SettingsComplaint(
                    "\(text) is out of bounds",
                    advice: "write a duration from \(low) to \(high)"
                )
            }
            return duration
        }
    }
}

extension ValueType where Value == Bool {
    /// `true` or `false`, and nothing else: `yes`, `on` and `1` are errors, so that no country code
    /// becomes a truth.
    public static let boolean = ValueType(name: "true or false", example: "true") {
        (text) throws(SettingsComplaint) in
        switch text {
        case "true": return true
        case "false": return false
        default:
            throw SettingsComplaint("\"\(text)\" is no boolean", advice: "write true or false")
        }
    }
}

extension ValueType where Value == Address {
    /// A host and a port.
    public static let address = ValueType(name: "address", example: "127.0.0.1:9092") {
        (text) throws(SettingsComplaint) in
        guard let address = Address(text) else {
            throw SettingsComplaint(
                "\"\(text)\" is no address",
                advice: "write host:port such as 127.0.0.1:9092 or [::1]:9092"
            )
        }
        return address
    }
}

extension ValueType where Value == Secret {
    /// A password, token or key: never in the settings file itself, but in a file that `<key>_file`
    /// names, or in the environment.
    public static let secret = ValueType(
        name: "secret",
        example: "/run/secrets/password",
        isSecret: true
    ) { (texts, _) throws(SettingsComplaint) in
        guard !texts[0].isEmpty else { throw SettingsComplaint("is empty") }
        return Secret(texts[0])
    }
}

extension ValueType
where Value: CaseIterable & RawRepresentable, Value.RawValue == String, Value.AllCases: Sendable {
    /// One of the raw values of an enumeration.
    public static func choice(_ type: Value.Type = Value.self) -> ValueType {
        let names = type.allCases.map(\.rawValue)
        let list = names.joined(separator: ", ")
        return ValueType(name: "one of \(list)", example: names.first ?? "") {
            (text) throws(SettingsComplaint) in
            guard let value = Value(rawValue: text) else {
                let nearest = NearestName.nearest(to: text, in: names)
                throw SettingsComplaint(
                    "\"\(text)\" is not known here",
                    advice: nearest.map { "did you mean \($0)?" } ?? "write one of \(list)"
                )
            }
            return value
        }
    }
}

extension ValueType {
    /// Values of one type: a YAML list, a single value, or texts with commas between them in the
    /// environment.
    public static func list<Element: Sendable>(
        of element: ValueType<Element>
    ) -> ValueType<[Element]> where Value == [Element] {
        let read = element.read
        return ValueType<[Element]>(
            name: "list of \(element.name)",
            example: "[\(element.example)]",
            isList: true
        ) { (texts, directory) throws(SettingsComplaint) in
            guard !texts.isEmpty else {
                throw SettingsComplaint("is an empty list", advice: "write at least one value")
            }
            var values: [Element] = []
            for text in texts { values.append(try read([text], directory)) }
            return values
        }
    }
}
