/// Which files of a folder are meant: a path with `*` for any characters of a name, `?` for one,
/// and `**` for folders at any depth.
///
/// A pattern selects packed files as well: `*.jsonl` is also `*.jsonl.gz` and `*.jsonl.zst`. Names
/// that begin with `.` or `_`, and those that end in `.tmp` or `.part`, are never selected by a
/// wildcard: other programs call so what is not finished.
public struct PathPattern: Hashable, Sendable {
    /// As it was written.
    public let text: String
    /// The folder that everything selected is in, as it was written: what stands before the first
    /// part with a wildcard. Empty for the present folder.
    public let folder: String
    /// The parts below the folder; never empty.
    let parts: [String]

    /// Folders below one another that `**` goes into, at most.
    static let depthMax = 32

    /// Reads a pattern; nil when it names no file: a folder's name ends with `/`.
    public init?(_ text: String) {
        self.text = text
        var text = text
        while text.hasPrefix("./") { text.removeFirst(2) }
        // A folder is everything in it.
        if text.hasSuffix("/") { text += "*" }
        let all = text.split(separator: "/").map(String.init)
        guard let last = all.last, last != "..", last != ".", !text.utf8.contains(0) else {
            return nil
        }
        let fixed = all.dropLast().prefix { !Self.hasWildcard($0) }
        let root = text.hasPrefix("/") ? "/" : ""
        folder = root + fixed.joined(separator: "/")
        parts = Array(all.dropFirst(fixed.count))
        if last == "**" { return nil }
    }

    private static func hasWildcard(_ part: String) -> Bool {
        part.utf8.contains(UInt8(ascii: "*")) || part.utf8.contains(UInt8(ascii: "?"))
    }

    /// True when it selects files in folders below its own.
    public var isDeep: Bool { parts.count > 1 }

    /// True when a file of this name is what the last part means.
    func selects(file name: String) -> Bool {
        guard let part = parts.last else { return false }
        if !Self.hasWildcard(part) { return name == part }
        if Self.isUnfinished(name) { return false }
        if Self.fits(name, part) { return true }
        for suffix in [".gz", ".zst"] where name.hasSuffix(suffix) {
            if Self.fits(String(name.dropLast(suffix.utf8.count)), part) { return true }
        }
        return false
    }

    /// True when a folder of this name is what part `index` means.
    func selects(folder name: String, at index: Int) -> Bool {
        let part = parts[index]
        if !Self.hasWildcard(part) { return name == part }
        if name.hasPrefix(".") || name.hasPrefix("_") { return false }
        return part == "**" || Self.fits(name, part)
    }

    private static func isUnfinished(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("_") || name.hasSuffix(".tmp")
            || name.hasSuffix(".part")
    }

    /// True when `name` is `pattern` with something in place of each wildcard.
    static func fits(_ name: String, _ pattern: String) -> Bool {
        let name = Array(name.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        var at = 0
        var part = 0
        // Where the last star stands, and how far it reaches so far.
        var star: (part: Int, at: Int)?
        while at < name.count {
            if part < pattern.count, pattern[part] == "*" {
                star = (part, at)
                part += 1
            } else if part < pattern.count, pattern[part] == "?" || pattern[part] == name[at] {
                at += 1
                part += 1
            } else if let last = star {
                star = (last.part, last.at + 1)
                at = last.at + 1
                part = last.part + 1
            } else {
                return false
            }
        }
        return pattern[part...].allSatisfy { $0 == "*" }
    }

    /// True when a path below the folder, such as the key of an object, is selected.
    public func selects(path: String) -> Bool {
        selects(
            path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)[...],
            0
        )
    }

    private func selects(_ names: ArraySlice<String>, _ index: Int) -> Bool {
        guard let name = names.first else { return false }
        if index == parts.count - 1 {
            return names.count == 1 && selects(file: name)
        }
        if parts[index] == "**", selects(names, index + 1) { return true }
        guard names.count > 1, selects(folder: name, at: index) else { return false }
        return selects(names.dropFirst(), parts[index] == "**" ? index : index + 1)
    }
}
