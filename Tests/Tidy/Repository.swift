import Bytes
import Files

/// A text file of the repository, by its path from the root.
struct TextFile {
    let path: String
    let text: String
    let lines: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        // By bytes: Swift counts CR LF as one character, and rules want to see the CR.
        lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isC: Bool { [".c", ".h", ".cpp", ".hpp"].contains { path.hasSuffix($0) } }
    var isMarkdown: Bool { path.hasSuffix(".md") }
    var isShell: Bool { path.hasSuffix(".sh") || text.hasPrefix("#!/usr/bin/env bash") }

    func isIn(_ folders: String...) -> Bool { folders.contains { path.hasPrefix($0 + "/") } }
}

/// A place that breaks a house rule.
struct Violation: CustomStringConvertible, Hashable {
    let path: String
    /// From 1; 0 for the file as a whole.
    let line: Int
    let message: String

    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}

/// The repository's own text files: what is not built, fetched or binary.
enum Repository {
    static let files: [TextFile] = {
        var found: [TextFile] = []
        collect("", into: &found)
        return found.sorted { $0.path < $1.path }
    }()

    static let sources = files.filter { $0.isSwift }.map(SwiftSource.init)

    static let root: String = {
        let parts = #filePath.split(separator: "/")
        return "/" + parts.dropLast(3).joined(separator: "/")
    }()

    /// Folders that hold what is made or fetched.
    private static let skipped: Set<String> = [
        ".git", ".build", ".deps", ".millrace", "__pycache__", ".pytest_cache",
    ]

    private static func collect(_ folder: String, into found: inout [TextFile]) {
        let local = LocalFiles()
        for name in (try? local.list("\(root)/\(folder)")) ?? [] where !skipped.contains(name) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if (try? local.list("\(root)/\(path)")) != nil {
                collect(path, into: &found)
            } else if let bytes = try? local.contents(of: "\(root)/\(path)", bytesMax: 4 << 20),
                let text = String(validating: [UInt8](copying: bytes.bytes), as: UTF8.self)
            {
                found.append(TextFile(path: path, text: text))
            }
        }
    }
}
