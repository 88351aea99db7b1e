import Glibc

/// Turns the paths of a snapshot into paths DuckDB may open: inside the lake, without symbolic
/// links.
struct LakeFiles {
    /// Where the lake really is, without a slash at its end.
    let root: String
    /// Where copies of files that lie elsewhere are, if there are any.
    private let copies: String?
    /// Folders already looked at: a table has thousands of files in a few of them.
    private var realFolders: [String: String] = [:]

    /// The lake at `directory`, which must exist.
    init(directory: String, copiesDirectory: String? = nil) throws(SQLError) {
        guard let root = realPath(directory) else {
            throw .unavailable(reason: "the lake's directory \(directory) does not exist")
        }
        self.root = root
        copies = copiesDirectory.flatMap { realPath($0) }
    }

    /// Why a file cannot be read.
    struct Refusal: Error {
        let reason: String
    }

    /// The path to hand to DuckDB, whose own pattern characters are made harmless.
    mutating func resolve(_ file: String) throws(Refusal) -> String {
        let path = Self.plainPath(file)
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else {
            throw Refusal(reason: "its file \(file) is not an absolute local path")
        }
        let folder = slash == path.startIndex ? "/" : String(path[..<slash])
        let name = String(path[path.index(after: slash)...])
        guard let realFolder = realFolders[folder] ?? realPath(folder) else {
            throw Refusal(reason: "its file \(path) is missing")
        }
        realFolders[folder] = realFolder
        var resolved = "\(realFolder == "/" ? "" : realFolder)/\(name)"
        if Self.isSymbolicLink(resolved) {
            guard let target = realPath(resolved) else {
                throw Refusal(reason: "its file \(path) is missing")
            }
            resolved = target
        }
        for root in [root, copies].compactMap({ $0 }) where resolved.hasPrefix(root + "/") {
            return root + Self.escapingPatterns(resolved.dropFirst(root.count))
        }
        throw Refusal(reason: "its file \(path) lies outside the lake \(root)")
    }

    /// Iceberg writes local files as URIs; it does not percent-encode them.
    private static func plainPath(_ file: String) -> String {
        for scheme in ["file://", "file:"] where file.hasPrefix(scheme) {
            return String(file.dropFirst(scheme.count))
        }
        return file
    }

    private static func escapingPatterns(_ path: Substring) -> String {
        guard path.utf8.contains(where: { "*?[".utf8.contains($0) }) else { return String(path) }
        return path.reduce(into: "") { text, character in
            text += "*?[".contains(character) ? "[\(character)]" : String(character)
        }
    }

    private static func isSymbolicLink(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: `status` lives during the call.
        guard unsafe lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFLNK
    }
}
