import Bytes
import Catalogs
import Clocks
import Files
import Glibc
import IcebergModel
import Stores
import Synchronization
import Tables
import Testing

let purchases = TableIdentifier(namespace: ["shop"], name: "purchases")
let joins = TableIdentifier(namespace: ["shop"], name: "joins")

/// `_log` and two columns, as landed tables have them.
let landed = Schema(fields: [
    .required(
        1,
        "_log",
        .struct([
            .required(2, "partition", .int), .required(3, "offset", .long),
            .required(4, "timestamp", .timestamptz),
        ])
    ),
    .optional(5, "item", .string),
    .optional(6, "strength", .int),
])

/// A lake whose files lie in a `CrashFiles` and whose catalog in a temporary SQLite file.
final class TestLake: Sendable {
    let folder: String
    let files = CrashFiles()
    let clocks = ManualClocks()
    let catalog: ScriptedCatalog
    let lake: Lake

    init() throws {
        folder = "/tmp/millrace-tables-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        catalog = ScriptedCatalog(
            try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "lake",
                warehouse: "file:///lake"
            )
        )
        lake = Lake(
            catalog: catalog,
            store: LocalStore(files),
            clock: clocks,
            random: SystemRandom()
        )
    }

    deinit {
        for name in (try? LocalFiles().list(folder)) ?? [] {
            try? LocalFiles().remove("\(folder)/\(name)")
        }
        try? LocalFiles().remove(folder)
    }

    /// Another process's view of the same lake: nothing is shared but catalog and files.
    func another() -> Lake {
        Lake(
            catalog: catalog.inner,
            store: LocalStore(files),
            clock: clocks,
            random: SystemRandom()
        )
    }

    func createPurchases(properties: [String: String] = [:]) throws -> Table {
        try lake.createTable(
            purchases,
            schema: landed,
            spec: PartitionSpec.day(of: "_log.timestamp", in: landed),
            properties: properties
        )
    }

    /// Writes a file of `rows` rows, or what stands for one here, below the table.
    func file(_ name: String, of table: Table, day: Int32 = 20_000, rows: Int64 = 10) throws
        -> DataFile
    {
        let path = "\(table.metadata.location)/data/\(name).parquet"
        var bytes = ByteBuffer()
        bytes.appendZeros(Int(rows))
        let local = try FileURI.path(ofURI: path)
        try files.open(local, .create).write(bytes.bytes, at: 0)
        var file = DataFile(
            path: path,
            partition: [.date(day)],
            recordCount: rows,
            fileSize: rows,
            splitOffsets: [4]
        )
        file.lowerBounds = [3: IcebergValue.long(0).singleValueBytes]
        return file
    }

    /// A file of position deletes, or what stands for one here.
    func deletes(
        _ name: String,
        of table: Table,
        only: String? = nil,
        from lower: String? = nil,
        to upper: String? = nil,
        field: Int = 2_147_483_546
    ) throws -> DataFile {
        var file = try self.file(name, of: table)
        file.content = .positionDeletes
        file.lowerBounds = [:]
        if let lower = lower ?? only { file.lowerBounds[field] = Array(lower.utf8) }
        if let upper = upper ?? only { file.upperBounds[field] = Array(upper.utf8) }
        return file
    }

    /// The table after another writer has added files of deletes to it.
    func deleting(_ deletes: [DataFile], from table: Table) throws -> Table {
        let metadata = table.metadata
        let id = Int64.random(in: 1...Int64.max)
        let sequenceNumber = metadata.lastSequenceNumber + 1
        let sync = [UInt8](0..<16)
        let path = "\(metadata.location)/metadata/\(id)-deletes.avro"
        let written = try Manifest.write(
            deletes.map { .added($0, snapshotID: id) },
            schema: metadata.schema,
            spec: metadata.spec,
            content: .deletes,
            path: path,
            snapshotID: id,
            sequenceNumber: sequenceNumber,
            sync: sync
        )
        let store = LocalStore(files)
        try store.create(path, written.bytes)
        var added = written.file
        added.sequenceNumber = sequenceNumber
        added.minSequenceNumber = sequenceNumber
        let list = "\(metadata.location)/metadata/snap-\(id).avro"
        let parent = try #require(metadata.currentSnapshot)
        try store.create(
            list,
            try ManifestList.write(
                [added] + table.manifests(of: parent),
                snapshotID: id,
                parentSnapshotID: parent.id,
                sequenceNumber: sequenceNumber,
                sync: sync
            )
        )
        let changed = try metadata.appending(
            Snapshot(
                id: id,
                parentID: parent.id,
                sequenceNumber: sequenceNumber,
                timestampMilliseconds: metadata.lastUpdatedMilliseconds,
                manifestList: list,
                summary: ["operation": "delete"],
                schemaID: metadata.currentSchemaID
            )
        )
        var buffer = ByteBuffer()
        changed.write(to: &buffer)
        let file = "\(metadata.location)/metadata/\(id).metadata.json"
        try store.create(file, Slab(buffer))
        try catalog.commit([
            PointerSwap(table: purchases, expected: table.metadataLocation, new: file)
        ])
        return try lake.table(purchases)
    }

    func names(_ folder: String) throws -> [String] {
        try files.list(FileURI.path(ofURI: folder))
    }
}

/// A catalog whose commits a test can bend.
final class ScriptedCatalog: Catalog {
    enum Script: Sendable {
        /// The commit is done, and its outcome reported as unknown.
        case appliedButUnknown
        /// The commit is not done, and its outcome reported as unknown.
        case notAppliedAndUnknown
        /// Somebody else's work is done first.
        case before(@Sendable () throws -> Void)
    }

    let inner: SQLiteCatalog
    private let scripts = Mutex<[Script]>([])

    init(_ inner: SQLiteCatalog) { self.inner = inner }

    /// Bends the next commit that is not bent yet.
    func next(_ script: Script) {
        scripts.withLock { $0.append(script) }
    }

    var name: String { inner.name }
    var warehouse: String { inner.warehouse }

    func commit(_ swaps: [PointerSwap]) throws(CatalogError) {
        let script = scripts.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        switch script {
        case .appliedButUnknown:
            try inner.commit(swaps)
            throw .unknownOutcome(path: inner.path, reason: "the test says so")
        case .notAppliedAndUnknown:
            throw .unknownOutcome(path: inner.path, reason: "the test says so")
        case .before(let work):
            #expect(throws: Never.self) { try work() }
            try inner.commit(swaps)
        case nil:
            try inner.commit(swaps)
        }
    }

    func metadataLocation(of table: TableIdentifier) throws(CatalogError) -> String {
        try inner.metadataLocation(of: table)
    }
    func listTables(_ namespace: [String]) throws(CatalogError) -> [TableIdentifier] {
        try inner.listTables(namespace)
    }
    func listNamespaces() throws(CatalogError) -> [[String]] { try inner.listNamespaces() }
    func createNamespace(
        _ namespace: [String],
        properties: [String: String]
    ) throws(CatalogError) { try inner.createNamespace(namespace, properties: properties) }
    func namespaceProperties(_ namespace: [String]) throws(CatalogError) -> [String: String] {
        try inner.namespaceProperties(namespace)
    }
    func updateNamespace(
        _ namespace: [String],
        setting: [String: String],
        removing: [String]
    ) throws(CatalogError) {
        try inner.updateNamespace(namespace, setting: setting, removing: removing)
    }
    func dropNamespace(_ namespace: [String]) throws(CatalogError) {
        try inner.dropNamespace(namespace)
    }
    func renameTable(
        _ table: TableIdentifier,
        to new: TableIdentifier
    ) throws(CatalogError) { try inner.renameTable(table, to: new) }
    func register(_ table: TableIdentifier, metadataLocation: String) throws(CatalogError) {
        try inner.register(table, metadataLocation: metadataLocation)
    }
    func dropTable(_ table: TableIdentifier) throws(CatalogError) -> String {
        try inner.dropTable(table)
    }
    func settle(_ table: TableIdentifier) throws(CatalogError) { try inner.settle(table) }
}

extension Table {
    /// Adds `files` on the present snapshot.
    func adding(
        _ files: [DataFile],
        properties: [String: String] = [:],
        columns: [NewColumn] = []
    ) throws -> Table {
        try apply(
            TableCommit(
                files: files,
                newColumns: columns,
                setProperties: properties,
                expectedBase: metadata.currentSnapshotID
            )
        )
    }

    /// Names of the data files, sorted.
    func fileNames() throws -> [String] {
        try dataFiles().map { String($0.path.split(separator: "/").last ?? "") }.sorted()
    }
}
