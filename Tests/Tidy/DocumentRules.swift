/// Rules for Markdown.
extension TextFile {
    /// Lines outside fenced code.
    private var prose: [(line: Int, text: String)] {
        var fenced = false
        return lines.enumerated().compactMap { index, line in
            if line.hasPrefix("```") {
                fenced.toggle()
                return nil
            }
            return fenced ? nil : (index + 1, line)
        }
    }

    /// One `# Title`, on the first line.
    func titles() -> [Violation] {
        guard isMarkdown else { return [] }
        let titles = prose.filter { $0.text.hasPrefix("# ") }
        guard titles.first?.line == 1 else {
            return [Violation(path: path, line: 1, message: "a document begins with # Title")]
        }
        return titles.dropFirst().map {
            Violation(path: path, line: $0.line, message: "a second # Title; a document has one")
        }
    }

    /// Links and paths in backticks must lead somewhere.
    func deadReferences(exists: (String) -> Bool) -> [Violation] {
        guard isMarkdown else { return [] }
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        var found: [Violation] = []
        for (number, line) in prose {
            for target in Self.links(in: line) {
                let file = target.split(separator: "#").first.map(String.init) ?? ""
                if !file.isEmpty, !exists(Self.joined(folder, file)) {
                    found.append(Violation(path: path, line: number, message: "\(file): no file"))
                }
            }
            for quoted in Self.repositoryPaths(in: line) where !exists(quoted) {
                found.append(Violation(path: path, line: number, message: "\(quoted): no file"))
            }
        }
        return found
    }

    private static func links(in line: String) -> [String] {
        line.ranges(of: "](").compactMap { range in
            let rest = line[range.upperBound...]
            guard let end = rest.firstIndex(of: ")") else { return nil }
            let target = String(rest[..<end])
            return target.contains("://") || target.hasPrefix("mailto:") ? nil : target
        }
    }

    private static let folders = [
        "Sources/", "Tests/", "Examples/", "Interop/", "Benchmarks/", "bootstrap/", "docs/",
    ]

    /// What stands in backticks and begins with a folder of ours; patterns and commands are left
    /// out.
    private static func repositoryPaths(in line: String) -> [String] {
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
            .filter { quoted in
                folders.contains { quoted.hasPrefix($0) }
                    && !quoted.contains { " *<>…{}$(".contains($0) }
            }
    }

    /// `folder/file` without `.` and `..`.
    static func joined(_ folder: String, _ file: String) -> String {
        var parts = file.hasPrefix("/") ? [] : folder.split(separator: "/")
        for part in file.split(separator: "/") {
            switch part {
            case ".": break
            case "..": if !parts.isEmpty { parts.removeLast() }
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}
