import Bytes
import Catalogs
import Clocks
import Configuration
import Files
import Gateway
import Glibc
import HTTPClient
import HTTPServer
import IcebergModel
import JSONText
import Pipelines
import RESTCatalog
import SQLEngine
import Settings
import Stores
import Synchronization
import Tables
import Telemetry

/// The lake of the configuration: its catalog, its files, and SQL over them.
final class LakeService: Sendable {
    let lake: Lake
    /// The catalog that the lake commits through, where it is this process's own.
    var embedded: EmbeddedCatalog? { lake.catalog as? EmbeddedCatalog }
    let store: StoreSet
    let engine: SQLEngine
    /// Where the catalog is.
    private let catalogFolder: String
    private let random = Mutex(SystemRandom())

    /// The namespace that pipelines' tables lie in.
    private static let namespace = ["default"]

    /// Opens the catalog, and makes folder and file if need be.
    init(_ settings: MillraceConfiguration) throws(CommandError) {
        let files = LocalFiles()
        let store = StoreSet(settings, files)
        self.store = store
        catalogFolder = directoryName(of: settings.lake.catalog)
        do {
            try files.createDirectories(settings.lake.directory)
            let directory = try Self.absolute(settings.lake.directory)
            try files.createDirectories(catalogFolder)
            let catalog = try Self.catalog(settings, store, directory)
            let lake = Lake(
                tables: catalog,
                store: store,
                clock: SystemClocks(),
                random: SystemRandom()
            )
            self.lake = lake
            var options = SQLEngine.Options(lakeDirectory: directory)
            options.memoryBytesMax = settings.sql.memoryBytes
            options.spillDirectory = "\(settings.dataDirectory)/spill"
            options.statementTimeout = settings.sql.timeout
            if let threads = settings.sql.threads { options.threads = threads }
            options.copiesDirectory = store.workFolder
            options.fetch = { uris in
                let copies = try store.copies(of: uris)
                return FetchedFiles(paths: copies.paths, keeper: copies)
            }
            engine = SQLEngine(options: options) { try lake.queryableTables() }
        } catch {
            throw CommandError("the lake in \(settings.lake.directory) cannot be opened: \(error)")
        }
    }

    /// The catalog of the settings: a file of this machine, or somebody else's.
    private static func catalog(
        _ settings: MillraceConfiguration,
        _ store: StoreSet,
        _ directory: String
    ) throws -> any TableCatalog {
        if let foreign = settings.lake.foreign {
            return RESTCatalog(RESTCatalogOptions(foreign), clock: SystemClocks())
        }
        return EmbeddedCatalog(
            pointers: try SQLiteCatalog(
                path: settings.lake.catalog,
                name: "millrace",
                warehouse: settings.lake.warehouse ?? FileURI.uri(ofPath: directory)
            ),
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
    }

    /// The directory's path from the root: tables name their files by it.
    private static func absolute(_ directory: String) throws -> String {
        // SAFETY: realpath's block is copied and freed here.
        guard let path = unsafe realpath(directory, nil) else {
            throw FileError(operation: "realpath", path: directory, code: errno)
        }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// The catalog's name for a pipeline's table.
    static func identifier(_ table: String) -> TableIdentifier {
        TableIdentifier(namespace: namespace, name: table)
    }

    /// A folder of this machine for notes about a table: beside its metadata, or, for one that lies
    /// elsewhere, beside the catalog. Nil when there is none.
    func notes(of table: Table) -> String? {
        let location = table.metadata.location
        if StoreSet.isLocal(location) {
            return try? FileURI.path(ofURI: "\(location)/metadata")
        }
        return "\(catalogFolder)/notes/\(FileURI.folderName(for: location))"
    }

    func newUUID() -> String {
        random.withLock { UUID16(random: &$0).description }
    }

    /// True when there is such a table.
    func exists(_ table: String) throws -> Bool {
        try lake.catalog.listNamespaces().contains(Self.namespace)
            && lake.catalog.listTables(Self.namespace).contains(Self.identifier(table))
    }

    /// The checkpoint of `pipeline` in `table`; nil when there is none.
    func marker(of table: String, pipeline: String) throws -> CommitMarker? {
        guard try exists(table) else { return nil }
        let key = CommitMarker.propertyKey(pipeline: pipeline)
        let properties = try lake.table(Self.identifier(table)).metadata.properties
        return try properties[key].map { try CommitMarker(json: $0) }
    }

    /// `GET /v1/tables`
    func report() throws(HTTPProblem) -> JSONValue {
        do {
            var entries: [JSONValue] = []
            for namespace in try lake.catalog.listNamespaces() {
                for identifier in try lake.catalog.listTables(namespace) {
                    entries.append(entry(try lake.table(identifier)))
                }
            }
            return ["tables": .array(entries)]
        } catch {
            throw HTTPProblem(500, "The tables cannot be read", "\(error)")
        }
    }

    private func entry(_ table: Table) -> JSONValue {
        let metadata = table.metadata
        let summary = metadata.currentSnapshot?.summary ?? [:]
        let columns: [JSONValue] = metadata.schema.fields.map {
            ["name": .string($0.name), "type": .string("\($0.type)")]
        }
        func total(_ key: String) -> JSONValue { .integer(summary[key].flatMap(Int64.init) ?? 0) }
        let deleted = TableReports(lake: lake, store: store).deletedRows(of: table)
        let records = summary["total-records"].flatMap { Int64($0) } ?? 0
        return [
            "namespace": .string(table.identifier.namespace.joined(separator: ".")),
            "name": .string(table.identifier.name), "rows": .integer(records - (deleted ?? 0)),
            "files": total("total-data-files"), "bytes": total("total-files-size"),
            "columns": .array(columns), "location": .string(metadata.location),
            "metadata_location": .string(table.metadataLocation),
            "snapshots": .integer(Int64(metadata.snapshots.count)),
            "committed_at": metadata.currentSnapshot.map {
                .string(Timestamp(milliseconds: $0.timestampMilliseconds).iso8601)
            } ?? .null,
        ]
    }

    /// `POST /v1/sql`: each request has a session of its own.
    func answer(_ sql: String, _ format: SQLAnswerFormat) throws(HTTPProblem) -> SQLAnswer {
        do throws(SQLError) {
            let statements = SQLStatements(sql).all
            guard let last = statements.last else {
                throw .refused(reason: "there is no statement")
            }
            let session = try engine.session()
            for statement in statements.dropLast() {
                let result = try session.run(statement)
                while try result.nextChunk() != nil {}
            }
            let output = SQLOutput(try session.run(last), format: Self.output(format))
            return SQLAnswer { (buffer: inout ByteBuffer) throws(HTTPProblem) in
                do throws(SQLError) { return try output.next(into: &buffer) } catch {
                    throw Self.problem(error)
                }
            }
        } catch {
            throw Self.problem(error)
        }
    }

    private static func output(_ format: SQLAnswerFormat) -> SQLOutputFormat {
        switch format {
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    static func problem(_ error: SQLError) -> HTTPProblem {
        error.isStatementsFault
            ? HTTPProblem(400, "The statement cannot be answered", error.description)
            : HTTPProblem(500, "SQL failed", error.description)
    }
}

extension RESTCatalogOptions {
    /// What the settings say of a catalog of somebody else.
    fileprivate init(_ settings: ForeignCatalogConfiguration) {
        self.init(settings.uri)
        warehouse = settings.warehouse
        credential = settings.credential
        token = settings.token
        oauthURI = settings.oauthURI
        scope = settings.scope
        signature = settings.signing.map {
            HTTPSignature(
                region: $0.region,
                service: $0.service,
                accessKey: $0.accessKey,
                secretKey: $0.secretKey.revealed,
                sessionToken: $0.sessionToken?.revealed,
                clock: SystemClocks()
            )
        }
    }
}
