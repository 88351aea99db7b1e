import Testing

@testable import Settings

@Suite struct YAMLTests {
    private func compose(_ text: String) throws(YAMLComplaint) -> SettingsNode {
        try YAMLComposer.compose(Array(text.utf8))
    }

    /// A node as text: maps in braces, lists in brackets, quoted text in quotes.
    private func shown(_ node: SettingsNode) -> String {
        switch node.content {
        case .nothing: "-"
        case .scalar(let text, let quoted): quoted ? "'\(text)'" : text
        case .list(let nodes): "[" + nodes.map(shown).joined(separator: " ") + "]"
        case .map(let entries):
            "{" + entries.map { "\($0.key)=\(shown($0.node))" }.joined(separator: " ") + "}"
        }
    }

    private func complaint(_ text: String) -> String {
        do {
            return "no complaint: " + shown(try compose(text))
        } catch {
            return "\(error.position.line):\(error.position.column) \(error.message)"
        }
    }

    @Test func `scalars stay text, whatever YAML thinks they are`() throws {
        let node = try compose("a: yes\nb: 1e3\nc: 0x10\nd: 2026-01-01\ne: 'no'\nf: ~\ng:\nh: null")
        #expect(shown(node) == "{a=yes b=1e3 c=0x10 d=2026-01-01 e='no' f=- g=- h=-}")
    }

    @Test func `positions are counted from one`() throws {
        let node = try compose("# comment\na:\n  - x\n  - b: y\n")
        guard case .map(let entries) = node.content, case .list(let list) = entries[0].node.content,
            case .map(let inner) = list[1].content
        else {
            Issue.record("not the shape that was written")
            return
        }
        #expect(entries[0].position == .init(line: 2, column: 1))
        #expect(list[0].position == .init(line: 3, column: 5))
        #expect(inner[0].node.position == .init(line: 4, column: 8))
    }

    @Test func `an empty file is a map without keys`() throws {
        #expect(shown(try compose("")) == "{}")
        #expect(shown(try compose("# nothing\n")) == "{}")
        #expect(shown(try compose("---\n")) == "{}")
    }

    @Test func `aliases and merges are followed, and a map's own keys win`() throws {
        let text = """
            base: &b {x: 1, y: 2}
            more: &m {y: 3, z: 4}
            one: {<<: *b, y: 9}
            two:
              <<: [*m, *b]
            same: *b
            """
        #expect(
            shown(try compose(text))
                == "{base={x=1 y=2} more={y=3 z=4} one={y=9 x=1} two={y=3 z=4 x=1} same={x=1 y=2}}"
        )
    }

    @Test func `aliases cannot multiply without end`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            let list = Array(repeating: alias, count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(list)]\n"
        }
        #expect(complaint(text).contains("more than 100000 values"))
    }

    @Test func `nesting has an end`() {
        let text = String(repeating: "[", count: 5000)
        #expect(complaint(text).contains("more than 32 maps and lists inside each other"))
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3", "3:1 the key a stands here a second time"),
        ("a: *x", "1:4 *x has no anchor &x before it"),
        ("a: !!binary aGk=", "1:4 the tag tag:yaml.org,2002:binary means nothing here"),
        ("a: 1\n---\nb: 2", "2:1 a second document begins"),
        ("[a, b]: 1", "1:1 a key must be text"),
        ("{a: {b: 1}, <<: 5}", "1:17 << takes a map or a list of maps, and this is a single value"),
        ("a:\n\t- b", "2:1 while scanning for the next token: found character that cannot start"),
        ("a: 'open", "while scanning a quoted scalar: found unexpected end of stream"),
    ])
    func `what is not plain YAML is refused with its place`(text: String, expected: String) {
        #expect(complaint(text).contains(expected))
    }

    @Test func `bytes that are not text are refused`() {
        #expect(throws: YAMLComplaint.self) { try YAMLComposer.compose([0x61, 0x3A, 0x20, 0xFF]) }
        #expect(throws: YAMLComplaint.self) { try YAMLComposer.compose([0x61, 0x3A, 0x20, 0x00]) }
        #expect(throws: YAMLComplaint.self) {
            try YAMLComposer.compose([UInt8](repeating: 0x20, count: YAMLComposer.bytesMax + 1))
        }
    }
}
