import Catalogs
import IcebergModel
import Tables
import Testing

struct DefinitionTests {
    private let test: TestLake
    private let table: Table

    init() throws {
        test = try TestLake()
        table = try test.createPurchases()
    }

    private func alter(
        _ texts: (String, String)...,
        isRehearsal: Bool = false
    ) throws -> DefinitionChange {
        let alterations = try texts.map { try Alteration($0.0, $0.1) }
        return try test.lake.define(purchases, isRehearsal: isRehearsal) {
            (metadata) throws(AlterationError) in
            try TableAlteration(alterations, of: metadata).updates()
        }
    }

    private func columns() throws -> [String] {
        try test.another().table(purchases).metadata.schema.fields.map(\.name)
    }

    @Test func `a rehearsal changes nothing and a change is seen by everybody`() throws {
        let rehearsal = try alter(("add", "note string first"), isRehearsal: true)
        #expect(rehearsal.after.schema.fields[0].name == "note")
        #expect(try columns() == ["_log", "item", "strength"])
        let done = try alter(("add", "note string first"), ("set", "a=b"))
        #expect(done.isChange)
        #expect(try columns() == ["note", "_log", "item", "strength"])
        #expect(try test.another().table(purchases).metadata.properties["a"] == "b")
        #expect(try !alter(("set", "a=b")).isChange)
    }

    @Test func `it is made anew for what somebody else did first`() throws {
        let other = test.another()
        let file = try test.file("theirs", of: table)
        test.catalog.next(
            .before {
                let found = try other.table(purchases)
                _ = try found.adding([file])
                _ = try other.define(purchases) { (metadata) throws(AlterationError) in
                    try TableAlteration([Alteration("add", "theirs int")], of: metadata).updates()
                }
            }
        )
        let done = try alter(("add", "mine string"), ("type", "strength long"))
        #expect(try columns() == ["_log", "item", "strength", "theirs", "mine"])
        #expect(done.after.schema.column(named: "theirs")?.id == 7)
        #expect(done.after.schema.column(named: "mine")?.id == 8)
        #expect(try test.another().table(purchases).fileNames() == ["theirs.parquet"])
    }

    @Test func `what somebody else's change forbids is refused`() throws {
        let other = test.another()
        test.catalog.next(
            .before {
                _ = try other.define(purchases) { (metadata) throws(AlterationError) in
                    try TableAlteration([Alteration("add", "mine int")], of: metadata).updates()
                }
            }
        )
        let error = #expect(throws: DefinitionError.self) {
            _ = try alter(("add", "mine string"))
        }
        guard case .refused(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("there is a column mine already"))
    }

    @Test(arguments: [true, false])
    func `an unknown outcome is read and leaves one change`(hasHappened: Bool) throws {
        test.catalog.next(hasHappened ? .appliedButUnknown : .notAppliedAndUnknown)
        let done = try alter(("add", "mine string"))
        #expect(done.isChange)
        #expect(try columns() == ["_log", "item", "strength", "mine"])
        let metadata = try test.another().table(purchases).metadata
        #expect(metadata.schemas.count == 2 && metadata.lastColumnID == 7)
    }

    @Test func `files of an earlier partition spec are committed under it`() throws {
        _ = try alter(("partition-by", "bucket(4, item)"))
        let changed = try test.lake.table(purchases)
        #expect(changed.metadata.defaultSpecID == 1)
        let committed = try changed.apply(
            TableCommit(
                files: [test.file("old", of: table)],
                expectedBase: nil,
                specID: 0
            )
        )
        let entries = try committed.dataEntries()
        #expect(entries.map(\.file.partition) == [[.date(20_000)]])
        #expect(try committed.scan().files.map(\.live.specID) == [0])
    }
}
