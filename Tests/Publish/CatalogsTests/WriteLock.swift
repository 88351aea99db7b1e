import CSQLite
import Testing

/// Holds SQLite's write lock on a database, as another process in the middle of a commit would.
@safe
final class WriteLock {
    private let handle: OpaquePointer

    init(_ path: String) throws {
        var opened: OpaquePointer?
        #expect(unsafe sqlite3_open(path, &opened) == SQLITE_OK)
        unsafe handle = try #require(unsafe opened)
        #expect(unsafe sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    }

    func release() {
        #expect(unsafe sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) == SQLITE_OK)
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }
}
