/// Which topics a pipeline reads: one by its name, or all whose names fit a pattern with `*`.
public struct TopicSelector: Hashable, Sendable {
    /// As it was written.
    public let text: String
    /// The parts between the stars.
    private let parts: [[UInt8]]

    /// A name, or a pattern in which `*` stands for any characters, none included.
    public init(_ text: String) {
        self.text = text
        parts = text.utf8.split(
            separator: UInt8(ascii: "*"),
            omittingEmptySubsequences: false
        ).map { Array($0) }
    }

    /// True when it may select several topics.
    public var isPattern: Bool { parts.count > 1 }

    /// True when it selects the topic `name`.
    ///
    /// A pattern that does not begin with `__` itself leaves out names that do: Kafka keeps its own
    /// books in such topics.
    public func selects(_ name: String) -> Bool {
        guard isPattern, let first = parts.first, let last = parts.last else { return name == text }
        if name.hasPrefix("__"), !text.hasPrefix("__") { return false }
        var rest = Array(name.utf8)[...]
        guard rest.count >= first.count + last.count, rest.starts(with: first),
            rest.reversed().starts(with: last.reversed())
        else { return false }
        rest = rest.dropFirst(first.count).dropLast(last.count)
        // The leftmost place for each part leaves most room for the others.
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard
                let place = rest.indices.first(where: { index in
                    rest[index...].starts(with: part)
                })
            else { return false }
            rest = rest[(place + part.count)...]
        }
        return true
    }
}
