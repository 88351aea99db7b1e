/// Alterations as people write them: `--add "discount decimal(10, 2) after price"`.
extension Alteration {
    /// The words that say what is changed, as they stand in options and in JSON.
    public static let verbs = [
        "add", "drop", "rename", "move", "type", "optional", "comment", "partition-by", "sort-by",
        "set", "unset",
    ]

    /// The alteration that `verb` and `text` mean.
    public init(_ verb: String, _ text: String) throws(AlterationError) {
        var reader = AlterationReader(text)
        switch verb {
        case "add": self = try Self.addition(&reader)
        case "drop": self = .drop(try reader.name())
        case "rename":
            let old = try reader.name(until: "=")
            guard reader.take("=") else {
                throw AlterationError("rename \"\(text)\": write old=new")
            }
            self = .rename(old, to: try reader.name())
        case "move":
            let name = try reader.name()
            guard let place = try reader.place() else {
                throw AlterationError(
                    "move \"\(text)\": write where to: first, after OTHER, or before OTHER"
                )
            }
            self = .move(name, place)
        case "type": self = .widen(try reader.name(), try reader.type())
        case "optional": self = .makeOptional(try reader.name())
        case "comment":
            let name = try reader.name()
            let comment = reader.remainder()
            self = .comment(name, comment.isEmpty ? nil : comment)
        case "partition-by": self = .partition(by: try Self.terms(&reader))
        case "sort-by": self = .sort(by: try Self.sortTerms(&reader))
        case "set": self = try Self.property(text)
        case "unset": self = .unset(text)
        default:
            throw AlterationError(
                "\"\(verb)\" is no change of a table; there are "
                    + Self.verbs.joined(separator: ", ")
            )
        }
        switch self {
        case .set, .unset, .comment: break
        default: try reader.end()
        }
    }

    private static func addition(
        _ reader: inout AlterationReader
    ) throws(AlterationError) -> Alteration {
        let name = try reader.name()
        let type = try reader.type()
        return .add(name, type, try reader.place())
    }

    private static func terms(
        _ reader: inout AlterationReader
    ) throws(AlterationError) -> [TransformTerm] {
        var terms: [TransformTerm] = []
        if reader.isAtEnd { return [] }
        repeat { terms.append(try reader.term()) } while reader.take(",")
        return terms
    }

    private static func sortTerms(
        _ reader: inout AlterationReader
    ) throws(AlterationError) -> [SortTerm] {
        var terms: [SortTerm] = []
        if reader.isAtEnd { return [] }
        repeat {
            let term = try reader.term()
            let isDescending = reader.takeWord("desc")
            if !isDescending { _ = reader.takeWord("asc") }
            // Nulls count as smaller than all values unless somebody says otherwise.
            var nulls = isDescending ? SortField.NullOrder.last : .first
            if reader.takeWord("nulls") {
                if reader.takeWord("last") {
                    nulls = .last
                } else if reader.takeWord("first") {
                    nulls = .first
                } else {
                    throw AlterationError("\"nulls\" is followed by \"first\" or \"last\"")
                }
            }
            terms.append(SortTerm(term, isDescending ? .descending : .ascending, nulls))
        } while reader.take(",")
        return terms
    }

    private static func property(_ text: String) throws(AlterationError) -> Alteration {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw AlterationError("set \"\(text)\": write key=value")
        }
        return .set(String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}
