import Files
import Glibc
import Testing

@testable import FileSource

struct PathPatternTests {
    @Test(arguments: [
        ("inbox/*.jsonl", "a.jsonl", true), ("inbox/*.jsonl", "a.jsonl.gz", true),
        ("inbox/*.jsonl", "a.jsonl.zst", true), ("inbox/*.jsonl", "a.json", false),
        ("inbox/*.jsonl", "sub/a.jsonl", false), ("inbox/*.jsonl", ".a.jsonl", false),
        ("inbox/*", "_a", false), ("inbox/*", "a.tmp", false), ("inbox/*", "a.part", false),
        ("inbox/*", "a", true), ("inbox/", "a", true), ("inbox/", "a/b", false),
        ("inbox/**/*.csv", "a.csv", true), ("inbox/**/*.csv", "x/y/z/a.csv", true),
        ("inbox/**/*.csv", "x/.y/a.csv", false), ("inbox/**/*.csv", "x/_y/a.csv", false),
        ("inbox/*/a-??.log", "x/a-07.log", true), ("inbox/*/a-??.log", "x/a-7.log", false),
        ("inbox/day=*/**/*", "day=1/2/3", true), ("inbox/day=*/**/*", "week=1/2/3", false),
        ("inbox/a.csv", "a.csv", true), ("inbox/*.gz", "a.gz", true),
        ("inbox/*a*b*", "xaybz", true), ("inbox/*a*b*", "xbya", false),
    ])
    func `a path is selected or not`(pattern: String, path: String, isSelected: Bool) throws {
        let pattern = try #require(PathPattern(pattern))
        #expect(pattern.selects(path: path) == isSelected)
    }

    @Test func `the folder is what stands before the first wildcard`() {
        #expect(PathPattern("inbox/new/*.jsonl")?.folder == "inbox/new")
        #expect(PathPattern("./*.jsonl")?.folder == "")
        #expect(PathPattern("/*/x.jsonl")?.folder == "/")
        #expect(PathPattern("/a/b/c.jsonl")?.folder == "/a/b")
        #expect(PathPattern("a/**/b/*")?.folder == "a")
        #expect(PathPattern("") == nil && PathPattern("a/**") == nil && PathPattern("a/..") == nil)
    }

    @Test func `a listing has the paths that the pattern selects, and nothing behind links`() throws
    {
        let inbox = try Inbox()
        let names = [
            "in/a.csv", "in/b.csv.gz", "in/.hidden.csv", "in/_x/c.csv", "in/x/d.csv",
            "in/x/y/e.csv", "in/x/y/f.txt", "in/g.csv.tmp", "other/h.csv",
        ]
        for name in names { try inbox.drop(name, name) }
        // SAFETY: both paths are Swift strings.
        #expect(unsafe symlink("\(inbox.path)/other", "\(inbox.path)/in/link") == 0)
        #expect(unsafe symlink("\(inbox.path)/other/h.csv", "\(inbox.path)/in/l.csv") == 0)
        #expect(unsafe symlink("nowhere", "\(inbox.path)/in/dangling.csv") == 0)
        func listed(_ patterns: String...) throws -> [String] {
            try FolderStore(
                LocalFiles(),
                root: inbox.path,
                patterns: patterns.compactMap { PathPattern($0) }
            ).list().map(\.path).sorted()
        }
        #expect(try listed("in/*.csv") == ["in/a.csv", "in/b.csv.gz", "in/l.csv"])
        #expect(
            try listed("in/**/*.csv") == [
                "in/a.csv", "in/b.csv.gz", "in/l.csv", "in/x/d.csv", "in/x/y/e.csv",
            ]
        )
        #expect(
            try listed("in/x/*", "in/**/d.csv", "other/h.csv") == ["in/x/d.csv", "other/h.csv"]
        )
        #expect(try listed("\(inbox.path)/in/x/*") == ["\(inbox.path)/in/x/d.csv"])
        #expect(throws: FileStoreError.self) { try listed("nowhere/*") }
        let file = try FolderStore(
            LocalFiles(),
            root: inbox.path,
            patterns: [try #require(PathPattern("in/**/e.csv"))]
        ).list().first
        #expect(file?.name == "x/y/e.csv" && file?.bytes == 12)
        #expect(file?.modifiedMilliseconds == 1_700_000_000_000)
    }
}
