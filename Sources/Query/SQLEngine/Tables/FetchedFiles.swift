/// Copies, on this machine, of files that lie elsewhere.
public struct FetchedFiles: Sendable {
    /// Their paths, in the order in which they were asked for.
    public var paths: [String]
    /// What keeps them there.
    public var keeper: any Sendable

    /// Copies at `paths`, which stay as long as `keeper`.
    public init(paths: [String], keeper: any Sendable) {
        self.paths = paths
        self.keeper = keeper
    }
}

/// The copies that one statement reads.
final class StatementFiles: Sendable {
    /// Paths by what the table calls the files.
    let paths: [String: String]
    /// Why the files of a table are not here, by the table's revision.
    let failures: [String: String]
    private let keepers: [any Sendable]

    init() {
        paths = [:]
        failures = [:]
        keepers = []
    }

    private init(_ paths: [String: String], _ failures: [String: String], _ keepers: [any Sendable])
    {
        self.paths = paths
        self.failures = failures
        self.keepers = keepers
    }

    /// These and those of `wanted`, by revision of their table.
    func adding(
        _ wanted: [(revision: String, files: [String])],
        by fetch: (([String]) throws -> FetchedFiles)?
    ) -> StatementFiles {
        var (paths, failures, keepers) = (paths, failures, keepers)
        for (revision, files) in wanted {
            guard let fetch else {
                failures[revision] = "its files lie elsewhere, and nobody can bring them here"
                continue
            }
            do {
                let fetched = try fetch(files)
                for (file, path) in zip(files, fetched.paths) { paths[file] = path }
                keepers.append(fetched.keeper)
            } catch {
                failures[revision] = "\(error)"
            }
        }
        return StatementFiles(paths, failures, keepers)
    }
}
