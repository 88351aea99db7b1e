/// Goes through the text of an alteration: names, types, transforms. Names with blanks or marks
/// stand in double quotes.
struct AlterationReader {
    private static let marks = "<>(),:= \""
    private static let depthMax = 16
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }

    var isAtEnd: Bool { rest.allSatisfy { $0 == " " } }

    func end() throws(AlterationError) {
        guard isAtEnd else { throw failure("\"\(rest)\" was not expected") }
    }

    private func failure(_ reason: String) -> AlterationError {
        AlterationError("\"\(text)\" is not understood: \(reason)")
    }

    private mutating func skipBlanks() {
        while rest.first == " " { rest.removeFirst() }
    }

    mutating func take(_ mark: Character) -> Bool {
        skipBlanks()
        guard rest.first == mark else { return false }
        rest.removeFirst()
        return true
    }

    private func must(_ isThere: Bool, _ mark: String) throws(AlterationError) {
        if !isThere { throw failure("\(mark) is missing") }
    }

    private mutating func word() -> String {
        skipBlanks()
        let word = rest.prefix { !Self.marks.contains($0) }
        rest.removeFirst(word.count)
        return String(word)
    }

    /// Takes the word if it is the next one, in letters of either case.
    mutating func takeWord(_ wanted: String) -> Bool {
        let before = rest
        if word().lowercased() == wanted { return true }
        rest = before
        return false
    }

    /// Everything that is left.
    mutating func remainder() -> String {
        skipBlanks()
        defer { rest = "" }
        return String(rest)
    }

    /// A name, up to a blank, the end, or a mark.
    ///
    /// - Parameter mark: ends the name when it is not in quotes.
    mutating func name(until mark: Character? = nil) throws(AlterationError) -> String {
        skipBlanks()
        if rest.first == "\"" { return try quoted() }
        let name = rest.prefix { $0 != " " && $0 != mark && !"<>(),\"".contains($0) }
        guard !name.isEmpty else { throw failure("a column's name is missing") }
        rest.removeFirst(name.count)
        return String(name)
    }

    private mutating func quoted() throws(AlterationError) -> String {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\""), end != rest.startIndex else {
            throw failure("a name in quotes has no end, or is empty")
        }
        defer { rest = rest[rest.index(after: end)...] }
        return String(rest[..<end])
    }

    mutating func place() throws(AlterationError) -> ColumnPlace? {
        if takeWord("first") { return .first }
        if takeWord("after") { return .after(try name()) }
        if takeWord("before") { return .before(try name()) }
        return nil
    }

    // Types

    /// A type as Iceberg's tools write it, with or without ids: `struct<x: double, 3: y: optional
    /// list<int>>`.
    mutating func type() throws(AlterationError) -> IcebergType { try type(depth: 0) }

    private mutating func type(depth: Int) throws(AlterationError) -> IcebergType {
        guard depth < Self.depthMax else { throw failure("the type is too deep") }
        let word = word()
        switch word {
        case "list":
            try must(take("<"), "<")
            let element = try type(depth: depth + 1)
            try must(take(">"), ">")
            return .list(ListType(elementID: 0, elementRequired: false, element: element))
        case "map":
            try must(take("<"), "<")
            let key = try type(depth: depth + 1)
            try must(take(","), ",")
            let value = try type(depth: depth + 1)
            try must(take(">"), ">")
            return .map(
                MapType(keyID: 0, key: key, valueID: 0, valueRequired: false, value: value)
            )
        case "struct":
            try must(take("<"), "<")
            let fields = try fields(depth: depth + 1)
            try must(take(">"), ">")
            return .struct(fields)
        case "decimal":
            try must(take("("), "(")
            let precision = self.word()
            try must(take(","), ",")
            let scale = self.word()
            try must(take(")"), ")")
            return try primitive("decimal(\(precision), \(scale))")
        default: return try primitive(word)
        }
    }

    private func primitive(_ name: String) throws(AlterationError) -> IcebergType {
        if let type = IcebergType(primitiveName: name) { return type }
        throw failure(
            "\"\(name)\" is no type; types are boolean, int, long, float, double, "
                + "decimal(digits, digits behind the point), date, time, timestamp, timestamptz, "
                + "string, uuid, fixed[bytes], binary, list<type>, map<type, type>, "
                + "struct<name: type, …>"
        )
    }

    private mutating func fields(depth: Int) throws(AlterationError) -> [NestedField] {
        var fields: [NestedField] = []
        repeat {
            var name = try name(until: ":")
            try must(take(":"), ":")
            let before = rest
            // `3: y: int`: the first one is an id, and ids are given anew.
            if Int(name) != nil, let inner = try? self.name(until: ":"), take(":") {
                name = inner
            } else {
                rest = before
            }
            if !takeWord("optional"), takeWord("required") {
                throw failure("new columns are optional, and so is what is inside of them")
            }
            fields.append(.optional(0, name, try type(depth: depth)))
        } while take(",")
        return fields
    }

    // Transforms

    /// `day(ts)`, `bucket(16, user)`, or a column's name.
    mutating func term() throws(AlterationError) -> TransformTerm {
        skipBlanks()
        if rest.first == "\"" { return TransformTerm(.identity, try quoted()) }
        let first = try name()
        guard take("(") else { return TransformTerm(.identity, first) }
        let transform: Transform
        switch first.lowercased() {
        case "identity": transform = .identity
        case "year", "years": transform = .year
        case "month", "months": transform = .month
        case "day", "days": transform = .day
        case "hour", "hours": transform = .hour
        case "bucket": transform = .bucket(buckets: try count())
        case "truncate": transform = .truncate(width: try count())
        default:
            throw failure(
                "\"\(first)\" is no transform; there are identity, year, month, day, hour, "
                    + "bucket(number, column) and truncate(width, column)"
            )
        }
        let column = try name()
        try must(take(")"), ")")
        return TransformTerm(transform, column)
    }

    private mutating func count() throws(AlterationError) -> Int {
        let text = word()
        guard let number = Int32(text), number > 0, take(",") else {
            throw failure("write the number first: bucket(16, user), truncate(10, name)")
        }
        return Int(number)
    }
}
