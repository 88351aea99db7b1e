import IcebergModel
import Synchronization
import Testing

@testable import SQLEngine

/// Tables whose files lie elsewhere and are brought here when a statement names them.
@Suite struct ElsewhereTests {
    private static let columns: [NestedField] = [.optional(1, "id", .long)]

    /// Brings files, notes which, and tells how many statements still have theirs.
    private final class Carrier: Sendable {
        struct State {
            var asked: [[String]] = []
            var held = 0
            var isBroken = false
        }
        struct Refusal: Error, CustomStringConvertible { let description = "the store is away" }

        final class Keeper: Sendable {
            private let carrier: Carrier
            init(_ carrier: Carrier) {
                self.carrier = carrier
                carrier.state.withLock { $0.held += 1 }
            }
            deinit { carrier.state.withLock { $0.held -= 1 } }
        }

        let state = Mutex(State())
        let folder: String

        init(folder: String) { self.folder = folder }

        func fetch(_ files: [String]) throws -> FetchedFiles {
            try state.withLock { state in
                if state.isBroken { throw Refusal() }
                state.asked.append(files)
            }
            return FetchedFiles(
                paths: files.map { "\(folder)/\($0.split(separator: "/").last ?? "")" },
                keeper: Keeper(self)
            )
        }

        var asked: [[String]] { state.withLock { $0.asked } }
        var held: Int { state.withLock { $0.held } }
    }

    private let lake: Lake
    private let carrier: Carrier
    private let engine: SQLEngine

    init() throws {
        let lake = try Lake()
        self.lake = lake
        let carrier = Carrier(folder: lake.outside + "/copies")
        self.carrier = carrier
        var options = SQLEngine.Options(lakeDirectory: lake.directory)
        options.library = Lake.library
        options.threads = 2
        options.copiesDirectory = carrier.folder
        options.fetch = { try carrier.fetch($0) }
        let tables = [Self.table("far"), Self.table("other")]
        engine = SQLEngine(options: options) { tables }
        _ = try engine.session()
        for (name, query) in [
            ("far", "SELECT unnest(range(3))::BIGINT AS id"), ("other", "SELECT 9::BIGINT AS id"),
            ("old-far", "SELECT 77::BIGINT AS id"),
        ] {
            try lake.writeFreely(
                """
                COPY (\(query)) TO '\(carrier.folder)/\(name).parquet' \
                (FORMAT parquet, FIELD_IDS {id: 1})
                """
            )
        }
    }

    private static func table(_ name: String) -> QueryableTable {
        QueryableTable(
            name: name,
            revision: "1",
            isElsewhere: true,
            past: { _ in
                QueryableTable.Contents(columns: columns, files: ["s3://b/old-\(name).parquet"])
            }
        ) {
            QueryableTable.Contents(columns: columns, files: ["s3://b/\(name).parquet"])
        }
    }

    @Test func `only the files of the tables that a statement names are brought`() throws {
        let session = try engine.session()
        #expect(try session.lines("SELECT sum(id) AS s FROM far") == [#"{"s":3}"#])
        #expect(carrier.asked == [["s3://b/far.parquet"]])
        #expect(try session.lines("SELECT 1 AS x") == [#"{"x":1}"#])
        #expect(try session.lines("show tables").count == 2)
        #expect(try session.lines("select column_name from information_schema.columns").count == 2)
        #expect(carrier.asked.count == 1)
        #expect(
            try session.lines("SELECT f.id FROM far f JOIN main.\"other\" o ON o.id = f.id + 7")
                == [#"{"id":2}"#]
        )
        #expect(
            Set(carrier.asked.flatMap { $0 }) == ["s3://b/far.parquet", "s3://b/other.parquet"]
        )
        #expect(try session.lines("describe far").count == 1)
    }

    @Test func `files of a snapshot of the past are brought for it alone`() throws {
        let session = try engine.session()
        do {
            let result = try session.run("FROM far FOR VERSION AS OF 5")
            #expect(carrier.asked == [["s3://b/old-far.parquet"]])
            #expect(carrier.held == 1)
            while try result.nextChunk() != nil {}
        }
        #expect(carrier.held == 0)
        #expect(
            try session.lines("SELECT max(b.id) AS m FROM far, far FOR VERSION AS OF 5 b")
                == [#"{"m":77}"#]
        )
        carrier.state.withLock { $0.isBroken = true }
        let failure = try #require(session.failure("FROM far FOR VERSION AS OF 5"))
        #expect(failure.description.contains("far: the store is away"))
        #expect(!failure.isStatementsFault)
    }

    @Test func `copies are held while rows are fetched and no longer`() throws {
        let session = try engine.session()
        do {
            let result = try session.run("FROM far")
            #expect(carrier.held == 1)
            while try result.nextChunk() != nil {}
        }
        #expect(carrier.held == 0)
    }

    @Test func `a temporary view may be made of any table, so all are brought for it`() throws {
        let session = try engine.session()
        _ = try session.lines("CREATE TEMP VIEW mine AS SELECT id + 1 AS next FROM far")
        #expect(try session.lines("SELECT max(next) AS m FROM mine") == [#"{"m":3}"#])
        #expect(Set(carrier.asked.last ?? []).count == 1)
        #expect(Set(carrier.asked.flatMap { $0 }).count == 2)
    }

    @Test func `a store that is away fails the statement with its reason, and only that one`()
        throws
    {
        let session = try engine.session()
        carrier.state.withLock { $0.isBroken = true }
        let failure = try #require(session.failure("FROM far"))
        #expect(failure.description.contains("far: the store is away"))
        carrier.state.withLock { $0.isBroken = false }
        #expect(try session.lines("SELECT count(*) AS n FROM far") == [#"{"n":3}"#])
    }
}
