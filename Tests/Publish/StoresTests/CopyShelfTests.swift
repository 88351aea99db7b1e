import Files
import Synchronization
import Testing
import Threads

@testable import Stores

struct CopyShelfTests {
    private let folder: TemporaryFolder
    private let shelf: CopyShelf
    private let fetched = Counter()

    /// Counts calls.
    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    init() throws {
        folder = try TemporaryFolder()
        shelf = CopyShelf(folder.path, bytesMax: 100, LocalFiles())
    }

    private func wanted(_ name: String, bytes: Int) throws -> CopyShelf.Wanted {
        let fetched = fetched
        return CopyShelf.Wanted(
            uri: try StoreURI("s3://b/\(name)"),
            size: { () throws(StoreError) in Int64(bytes) },
            fetch: { (file) throws(StoreError) in
                fetched.count.wrappingAdd(1, ordering: .relaxed)
                write([UInt8](repeating: 7, count: bytes), to: file)
                return Int64(bytes)
            }
        )
    }

    private var fetches: Int { fetched.count.load(ordering: .relaxed) }

    private func isHere(_ name: String) -> Bool {
        LocalFiles().exists("\(folder.path)/s3/b/\(name)")
    }

    @Test func `what was not used for longest goes first`() throws {
        _ = try shelf.copies(of: [wanted("a", bytes: 40)])
        _ = try shelf.copies(of: [wanted("b", bytes: 40)])
        _ = try shelf.copies(of: [wanted("a", bytes: 40)])
        #expect(fetches == 2)
        _ = try shelf.copies(of: [wanted("c", bytes: 40)])
        #expect(isHere("a"))
        #expect(!isHere("b"))
        #expect(isHere("c"))
        _ = try shelf.copies(of: [wanted("b", bytes: 40)])
        #expect(fetches == 4)
    }

    @Test func `what somebody reads stays, and what does not fit is said`() throws {
        let held = try shelf.copies(of: [wanted("a", bytes: 60), wanted("b", bytes: 30)])
        #expect(throws: StoreError.noRoom(uri: "s3://b/c", bytesMax: 100)) {
            try shelf.copies(of: [wanted("c", bytes: 20)])
        }
        #expect(isHere("a") && isHere("b"))
        withExtendedLifetime(held) {}
    }

    @Test func `a copy that was read may go again`() throws {
        _ = try shelf.copies(of: [wanted("a", bytes: 90)])
        let next = try shelf.copies(of: [wanted("b", bytes: 90)])
        #expect(!isHere("a"))
        #expect(try contents(next.paths[0]).count == 90)
    }

    @Test func `one that comes with another size is no copy`() throws {
        let torn = CopyShelf.Wanted(
            uri: try StoreURI("s3://b/torn"),
            size: { () throws(StoreError) in 50 },
            fetch: { (file) throws(StoreError) in
                write([1, 2], to: file)
                return 2
            }
        )
        #expect(throws: StoreError.wrongSize(uri: "s3://b/torn", expected: 50, found: 2)) {
            try shelf.copies(of: [torn])
        }
        #expect(WorkFolder.all(below: folder.path, LocalFiles()).isEmpty)
        // Its room is free again.
        _ = try shelf.copies(of: [wanted("a", bytes: 100)])
    }

    @Test func `many who want the same fetch it once`() throws {
        let wanted = [try wanted("a", bytes: 50), try wanted("b", bytes: 50)]
        let shelf = shelf
        let failures = Counter()
        let readers = (0..<8).map { _ in
            Thread("reader") {
                do throws(StoreError) { _ = try shelf.copies(of: wanted) } catch {
                    failures.count.wrappingAdd(1, ordering: .relaxed)
                }
            }
        }
        for reader in readers { reader.join() }
        #expect(failures.count.load(ordering: .relaxed) == 0)
        #expect(fetches == 2)
    }

    @Test func `half of a copy is thrown away at the start`() throws {
        write([1], to: "\(folder.path)/.incoming-1")
        _ = CopyShelf(folder.path, bytesMax: 100, LocalFiles())
        #expect(try LocalFiles().list(folder.path) == [])
    }

    @Test func `a copy that somebody removed is fetched again`() throws {
        let path = try shelf.copies(of: [wanted("a", bytes: 10)]).paths[0]
        try LocalFiles().remove(path)
        #expect(try contents(shelf.copies(of: [wanted("a", bytes: 10)]).paths[0]).count == 10)
    }
}
