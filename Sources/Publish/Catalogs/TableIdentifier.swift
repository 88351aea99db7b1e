/// A table's name within a catalog.
public struct TableIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// The namespace's levels; at least one.
    public let namespace: [String]
    /// The name within the namespace; may hold any character.
    public let name: String

    /// A table's name.
    public init(namespace: [String], name: String) {
        precondition(!namespace.isEmpty, "a table lies in a namespace")
        self.namespace = namespace
        self.name = name
    }

    /// Reads `shop.purchases`; the last dot separates namespace and name. Nil without a namespace
    /// or with an empty part.
    public init?(_ text: String) {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        name = parts.removeLast()
        namespace = parts
    }

    /// The namespace as the catalog's rows hold it: levels joined by dots.
    var namespaceText: String { namespace.joined(separator: ".") }

    /// Namespace and name, joined by dots.
    public var description: String { "\(namespaceText).\(name)" }
}
