/// What Package.swift says of its targets, read from its text: the forms are those of the helper
/// functions there.
struct PackageManifest {
    struct Target: Equatable {
        enum Kind { case room, shim, library, program, tests }
        var kind: Kind
        var name: String
        /// Folder of the stage; empty for programs, whose path says it.
        var stage: String
        var uses: [String]
        var path: String
    }

    let targets: [Target]

    init(_ text: String) {
        var found: [Target] = []
        var rest = text[...]
        if let start = rest.range(of: "targets: [") { rest = rest[start.upperBound...] }
        while let call = Self.nextCall(&rest) {
            let strings = Self.strings(in: call.arguments)
            let uses = Self.list(after: ["uses:", "dependencies:"], in: call.arguments)
            switch call.name {
            case "room" where strings.count >= 2:
                let path = "Sources/\(strings[0])/\(strings[1])"
                found.append(
                    .init(kind: .room, name: strings[1], stage: strings[0], uses: uses, path: path)
                )
            case "shim", "library":
                guard let name = strings.first else { break }
                let kind: Target.Kind = call.name == "shim" ? .shim : .library
                let path = "Sources/Support/\(name)"
                found.append(
                    .init(kind: kind, name: name, stage: "Support", uses: uses, path: path)
                )
            case "tests" where strings.count >= 2:
                let path = "Tests/\(strings[0])/\(strings[1])Tests"
                let name = "\(strings[1])Tests"
                let all = [strings[1]] + uses
                found.append(
                    .init(kind: .tests, name: name, stage: strings[0], uses: all, path: path)
                )
            case ".target", ".executableTarget", ".testTarget":
                guard let name = strings.first else { break }
                let path = Self.string(after: "path:", in: call.arguments) ?? ""
                let kind: Target.Kind = call.name == ".testTarget" ? .tests : .program
                found.append(.init(kind: kind, name: name, stage: "", uses: uses, path: path))
            default: break
            }
        }
        targets = found
    }

    private static let calls = [
        "room(", "shim(", "library(", "tests(", ".target(", ".executableTarget(", ".testTarget(",
    ]

    /// The next of our calls and the text between its parentheses.
    private static func nextCall(_ rest: inout Substring) -> (name: String, arguments: Substring)? {
        let next = calls.compactMap { call -> (range: Range<Substring.Index>, name: String)? in
            rest.range(of: "\n        " + call).map { ($0, String(call.dropLast())) }
        }
        .min { $0.range.lowerBound < $1.range.lowerBound }
        guard let next else { return nil }
        var depth = 1
        var end = next.range.upperBound
        while end < rest.endIndex, depth > 0 {
            if rest[end] == "(" { depth += 1 }
            if rest[end] == ")" { depth -= 1 }
            end = rest.index(after: end)
        }
        let arguments = rest[next.range.upperBound..<end]
        rest = rest[end...]
        return (next.name, arguments)
    }

    private static func strings(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    private static func list(after labels: [String], in text: Substring) -> [String] {
        for label in labels {
            guard let start = text.range(of: label) else { continue }
            let rest = text[start.upperBound...]
            guard let open = rest.firstIndex(of: "["), let close = rest.firstIndex(of: "]") else {
                continue
            }
            return strings(in: rest[open..<close])
        }
        return []
    }

    private static func string(after label: String, in text: Substring) -> String? {
        text.range(of: label).flatMap { strings(in: text[$0.upperBound...]).first }
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
