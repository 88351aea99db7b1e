/// A value of a settings file, with the place where it stands.
public struct SettingsNode: Sendable {
    /// A place in a file, counted from 1.
    public struct Position: Sendable, Hashable {
        /// The line.
        public let line: Int
        /// The column, in characters.
        public let column: Int
    }

    /// One key of a map and its value.
    public struct Entry: Sendable {
        /// The key's text.
        public let key: String
        /// Where the key stands.
        public let position: Position
        /// The value.
        public let node: SettingsNode
    }

    /// What stands there.
    public enum Content: Sendable {
        /// Text, not yet read as anything; `quoted` when it stood in quotes or in a block.
        case scalar(String, quoted: Bool)
        /// A sequence.
        case list([SettingsNode])
        /// A map; keys are unique and in the order of the file.
        case map([Entry])
        /// Nothing, `~` or `null`.
        case nothing
    }

    /// Where it stands.
    public let position: Position
    /// What stands there.
    public let content: Content
    /// Nodes in this value, itself included, with aliases counted in full.
    let size: Int

    init(position: Position, content: Content) {
        self.position = position
        self.content = content
        switch content {
        case .scalar, .nothing: size = 1
        case .list(let nodes): size = nodes.reduce(1) { $0 + $1.size }
        case .map(let entries): size = entries.reduce(1) { $0 + 1 + $1.node.size }
        }
    }

    /// The kind of value, for messages.
    var kind: String {
        switch content {
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a map"
        case .nothing: "nothing"
        }
    }
}
