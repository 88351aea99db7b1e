internal import CDuckDB
import Glibc
internal import Synchronization

/// The DuckDB library: where it is looked for, and its loading, which happens once per process and
/// not before somebody asks.
///
/// Search order: the path given, the environment variable MILLRACE_DUCKDB, a system `libduckdb.so`,
/// then `.deps/lib/libduckdb.so` in the folder of the executable or any folder above it.
public struct DuckDBLibrary: Equatable, Sendable {
    /// The file that was loaded, or the bare name under which the system found it.
    public let path: String
    /// The library's own version, such as `v1.5.5`.
    public let version: String

    /// The first library of the process wins: two of them would fight over symbols and memory.
    private static let loaded = Mutex<DuckDBLibrary?>(nil)

    /// Loads the library, or returns the one loaded before.
    public static func load(explicitPath: String? = nil) throws(SQLError) -> DuckDBLibrary {
        try loaded.withLock { (current) throws(SQLError) -> DuckDBLibrary in
            if let library = current { return library }
            let library = try loadFirst(of: candidates(explicitPath: explicitPath))
            current = library
            return library
        }
    }

    /// A place to look.
    struct Candidate: Equatable {
        /// What is handed to the dynamic loader.
        var path: String
        /// True when the user named it, so that a failure is not passed over in silence.
        var isNamed: Bool
    }

    static func candidates(
        explicitPath: String?,
        environment: String? = environmentPath(),
        executable: String? = executablePath()
    ) -> [Candidate] {
        if let explicitPath { return [Candidate(path: explicitPath, isNamed: true)] }
        if let environment, !environment.isEmpty {
            return [Candidate(path: environment, isNamed: true)]
        }
        var all = [Candidate(path: "libduckdb.so", isNamed: false)]
        var folder = executable.flatMap(parent)
        while let current = folder {
            let file = "\(current == "/" ? "" : current)/.deps/lib/libduckdb.so"
            all.append(Candidate(path: file, isNamed: false))
            folder = parent(of: current)
        }
        return all
    }

    private static func loadFirst(of candidates: [Candidate]) throws(SQLError) -> DuckDBLibrary {
        for candidate in candidates {
            let isFile = candidate.path.contains("/")
            let path = isFile ? realPath(candidate.path) : candidate.path
            guard let path else {
                if candidate.isNamed {
                    throw .libraryUnusable(path: candidate.path, reason: "there is no such file")
                }
                continue
            }
            if let reason = loadFailure(of: path) {
                if isFile { throw .libraryUnusable(path: candidate.path, reason: reason) }
                continue
            }
            // SAFETY: the functions are bound once loading has succeeded; the text is static in the
            // library.
            let version = unsafe String(cString: c_duckdb_library_version())
            return DuckDBLibrary(path: path, version: version)
        }
        throw .libraryMissing(searched: candidates.map(\.path))
    }

    private static func loadFailure(of path: String) -> String? {
        // SAFETY: called under the lock of `loaded`; the text is copied before the next call.
        let failure = unsafe c_duckdb_load(path, python(neededBy: path))
        return unsafe failure.map { unsafe String(cString: $0) }
    }

    /// DuckDB's Python wheel carries the whole C API in an extension module,
    /// `…cpython-311-x86_64….so`, which names symbols of that Python's library without being linked
    /// to it.
    static func python(neededBy path: String) -> String? {
        guard let mark = path.firstRange(of: "cpython-3") else { return nil }
        let minor = path[mark.upperBound...].prefix { $0.isNumber }
        return minor.isEmpty ? nil : "libpython3.\(minor).so.1.0"
    }

    private static func environmentPath() -> String? {
        // SAFETY: the pointer is read at once; nothing in this process changes its environment.
        unsafe getenv("MILLRACE_DUCKDB").map { unsafe String(cString: $0) }
    }

    private static func executablePath() -> String? { realPath("/proc/self/exe") }

    private static func parent(of path: String) -> String? {
        guard path != "/", let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// The path without symbolic links; nil when there is no such file.
func realPath(_ path: String) -> String? {
    // SAFETY: with a nil buffer realpath allocates the answer, which is copied and freed here.
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}
