/// Turns YAML text into nodes.
///
/// The YAML that is read is the plain core of the language: one document of maps with text keys,
/// lists and scalars; anchors, aliases and merge keys (`<<`); no tags. Duplicate keys are errors.
/// Scalars stay text: what `yes` or `1e3` means is decided by the type of the setting that reads
/// it, never by YAML.
struct YAMLComposer: ~Copyable {
    /// Larger files are refused.
    static let bytesMax = 1 << 20
    /// Nodes of a document with every alias counted in full, so that nested aliases cannot multiply
    /// without end.
    static let nodesMax = 100_000
    /// Maps and lists inside each other.
    static let depthMax = 32

    private var events: YAMLEvents
    private var anchors: [String: SettingsNode] = [:]
    private var nodes = 0

    /// The root of the document in `text`; an empty document is a map without keys.
    static func compose(_ text: [UInt8]) throws(YAMLComplaint) -> SettingsNode {
        let start = SettingsNode.Position(line: 1, column: 1)
        guard text.count <= bytesMax else {
            throw YAMLComplaint(
                position: start,
                message: "the file has \(text.count) bytes, more than \(bytesMax)"
            )
        }
        var composer = YAMLComposer(events: YAMLEvents(text))
        return try composer.document(start)
    }

    private init(events: consuming YAMLEvents) { self.events = events }

    private mutating func document(
        _ start: SettingsNode.Position
    ) throws(YAMLComplaint) -> SettingsNode {
        var root: SettingsNode?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd:
                guard let root, case .nothing = root.content else {
                    return root ?? SettingsNode(position: start, content: .map([]))
                }
                return SettingsNode(position: root.position, content: .map([]))
            case .streamStart, .documentEnd: break
            case .documentStart where root != nil:
                throw YAMLComplaint(
                    position: event.position,
                    message: "a second document begins",
                    advice: "keep one document; remove the line ---"
                )
            case .documentStart: root = try node(events.next(), depth: 0)
            default: break
            }
        }
    }

    private mutating func node(
        _ event: YAMLEvents.Event,
        depth: Int
    ) throws(YAMLComplaint) -> SettingsNode {
        guard depth <= Self.depthMax else {
            throw YAMLComplaint(
                position: event.position,
                message: "more than \(Self.depthMax) maps and lists inside each other"
            )
        }
        if case .alias(let name) = event.kind { return try aliased(name, at: event.position) }
        if let tag = event.tag {
            throw YAMLComplaint(
                position: event.position,
                message: "the tag \(tag) means nothing here",
                advice: "write the value without it"
            )
        }
        try count(1, at: event.position)
        let content: SettingsNode.Content
        switch event.kind {
        case .listStart: content = .list(try list(depth: depth))
        case .mapStart: content = .map(try map(depth: depth))
        case .scalar(let text, let plain): content = Self.scalar(text, plain: plain)
        default: content = .nothing
        }
        let node = SettingsNode(position: event.position, content: content)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    private static func scalar(_ text: String, plain: Bool) -> SettingsNode.Content {
        let empty = plain && ["", "~", "null"].contains(text)
        return empty ? .nothing : .scalar(text, quoted: !plain)
    }

    private mutating func aliased(
        _ name: String,
        at position: SettingsNode.Position
    ) throws(YAMLComplaint) -> SettingsNode {
        guard let node = anchors[name] else {
            throw YAMLComplaint(
                position: position,
                message: "*\(name) has no anchor &\(name) before it"
            )
        }
        try count(node.size, at: position)
        return node
    }

    private mutating func count(
        _ more: Int,
        at position: SettingsNode.Position
    ) throws(YAMLComplaint) {
        nodes += more
        if nodes > Self.nodesMax {
            throw YAMLComplaint(
                position: position,
                message: "more than \(Self.nodesMax) values, aliases counted in full"
            )
        }
    }

    private mutating func list(depth: Int) throws(YAMLComplaint) -> [SettingsNode] {
        var nodes: [SettingsNode] = []
        while true {
            let event = try events.next()
            if case .listEnd = event.kind { return nodes }
            nodes.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func map(depth: Int) throws(YAMLComplaint) -> [SettingsNode.Entry] {
        var entries: [SettingsNode.Entry] = []
        var merged: [SettingsNode.Entry] = []
        var seen: [String: SettingsNode.Position] = [:]
        while true {
            let event = try events.next()
            if case .mapEnd = event.kind {
                // A key of the map itself wins over merged ones.
                return entries + merged.filter { seen[$0.key] == nil }
            }
            guard case .scalar(let key, let plain) = event.kind, event.tag == nil else {
                throw YAMLComplaint(position: event.position, message: "a key must be text")
            }
            try count(1, at: event.position)
            let value = try node(events.next(), depth: depth + 1)
            if plain, key == "<<" {
                merged = try merging(value, into: merged)
                continue
            }
            if let first = seen[key] {
                throw YAMLComplaint(
                    position: event.position,
                    message: "the key \(key) stands here a second time",
                    advice: "it is in line \(first.line) already; keep one"
                )
            }
            seen[key] = event.position
            entries.append(.init(key: key, position: event.position, node: value))
        }
    }

    /// Keys of a merge: one map, or a list of maps of which the first wins.
    private func merging(
        _ value: SettingsNode,
        into merged: [SettingsNode.Entry]
    ) throws(YAMLComplaint) -> [SettingsNode.Entry] {
        var all = merged
        var names = Set(merged.map(\.key))
        let sources: [SettingsNode]
        if case .list(let nodes) = value.content { sources = nodes } else { sources = [value] }
        for source in sources {
            guard case .map(let entries) = source.content else {
                throw YAMLComplaint(
                    position: source.position,
                    message: "<< takes a map or a list of maps, and this is \(source.kind)"
                )
            }
            for entry in entries where names.insert(entry.key).inserted { all.append(entry) }
        }
        return all
    }
}
