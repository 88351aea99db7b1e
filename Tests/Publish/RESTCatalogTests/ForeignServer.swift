import Bytes
import CatalogServer
import Catalogs
import Clocks
import Files
import Glibc
import HTTPServer
import IcebergModel
import RESTCatalog
import Stores
import Synchronization
import Tables
import Telemetry
import Testing
import Threads

let purchases = TableIdentifier(namespace: ["shop"], name: "purchases")
let joins = TableIdentifier(namespace: ["shop"], name: "joins")

let columns = Schema(fields: [
    .required(1, "id", .long), .optional(2, "item", .string),
])

/// A catalog server on a port of this machine, whose answers to commits a test can bend. The files
/// of its tables lie in memory.
final class ForeignServer: Sendable {
    enum Bend: Sendable {
        /// Does what it is asked, and answers that status.
        case applied(Int)
        /// Does nothing, and answers that status.
        case refused(Int)
        /// Does it twice, as a proxy that repeats requests, and gives the second answer.
        case twice
        /// As `twice`, and what is asked next is answered 500.
        case twiceThenSilent
        /// Waits until the gate opens, long after the client has given up; then does it.
        case late
        /// Does it and cuts the connection in the middle of the answer.
        case cut
    }

    let files = CrashFiles()
    let clocks = ManualClocks()
    let embedded: EmbeddedCatalog
    let gate = Condition(false)
    /// Requests that waited for the gate and were answered: their statuses.
    let lateStatuses = Condition<[Int]>([])
    /// Method, last part of the path, and status of everything that was answered.
    var seen: [String] { script.seen.withLock { $0 } }
    private let folder: String
    private let server: HTTPServer

    init(_ options: CatalogServer.Options = .init()) throws {
        folder = "/tmp/millrace-foreign-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try LocalFiles().createDirectories(folder)
        let store = LocalStore(files)
        let embedded = EmbeddedCatalog(
            pointers: try SQLiteCatalog(
                path: "\(folder)/catalog.db",
                name: "foreign",
                warehouse: "file:///lake"
            ),
            store: store,
            clock: SystemClocks(),
            random: SystemRandom()
        )
        self.embedded = embedded
        let catalog = CatalogServer(
            catalog: embedded,
            lake: Lake(
                tables: embedded,
                store: store,
                clock: SystemClocks(),
                random: SystemRandom()
            ),
            options: options,
            clock: clocks,
            random: SystemRandom(),
            metrics: MetricsRegistry()
        )
        let script = Script(catalog, gate, lateStatuses)
        self.script = script
        server = HTTPServer(
            configuration: HTTPServer.Configuration(threads: 4),
            log: .silent,
            metrics: MetricsRegistry(),
            handler: { script.handle($0, $1) }
        )
        try server.start()
    }

    private let script: Script

    /// Bends the answer to the next commit that is not bent yet.
    func next(_ bend: Bend) { script.bends.withLock { $0.append(bend) } }

    /// Answers again after `Bend.twiceThenSilent`.
    func speak() { script.isSilent.withLock { $0 = false } }

    var uri: String { "http://127.0.0.1:\(server.port)/iceberg" }

    deinit {
        gate.update { $0 = true }
        server.stop(gracePeriod: .seconds(1))
        for name in (try? LocalFiles().list(folder)) ?? [] {
            try? LocalFiles().remove("\(folder)/\(name)")
        }
        try? LocalFiles().remove(folder)
    }

    /// A lake over this server, as another process has it.
    func lake(_ change: (inout RESTCatalogOptions) -> Void = { _ in }) -> Lake {
        var options = RESTCatalogOptions(uri)
        options.firstPause = .milliseconds(1)
        change(&options)
        return Lake(
            tables: RESTCatalog(options, clock: clocks),
            store: LocalStore(files),
            clock: SystemClocks(),
            random: SystemRandom()
        )
    }

    /// A data file, or what stands for one.
    func file(_ name: String, of table: Table, rows: Int64 = 10) throws -> DataFile {
        let path = "\(table.metadata.location)/data/\(name).parquet"
        var bytes = ByteBuffer()
        bytes.appendZeros(Int(rows))
        try files.open(try FileURI.path(ofURI: path), .create).write(bytes.bytes, at: 0)
        return DataFile(path: path, partition: [], recordCount: rows, fileSize: rows)
    }

    func names(_ folder: String) throws -> [String] {
        try files.list(FileURI.path(ofURI: folder))
    }
}

/// What the server does with a request.
private final class Script: Sendable {
    let bends = Mutex<[ForeignServer.Bend]>([])
    private let catalog: CatalogServer
    private let gate: Condition<Bool>
    private let lateStatuses: Condition<[Int]>
    let seen = Mutex<[String]>([])
    /// Nothing can be read.
    let isSilent = Mutex(false)

    init(
        _ catalog: CatalogServer,
        _ gate: Condition<Bool>,
        _ lateStatuses: Condition<[Int]>
    ) {
        self.catalog = catalog
        self.gate = gate
        self.lateStatuses = lateStatuses
    }

    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let isCommit =
            request.method == "POST"
            && (request.segments.contains("transactions")
                || request.segments.count == 6 && request.segments[4] == "tables")
        if request.method == "GET", isSilent.withLock({ $0 }) {
            return responder.respond(HTTPResponse(status: 500))
        }
        let bend = isCommit ? bends.withLock { $0.isEmpty ? nil : $0.removeFirst() } : nil
        func answer() -> HTTPResponse {
            let answer = catalog.answer(request, path: request.segments.dropFirst())
            let name = request.segments.last ?? ""
            seen.withLock { $0.append("\(request.method) \(name) \(answer.status)") }
            return answer
        }
        switch bend {
        case nil: responder.respond(answer())
        case .applied(let status):
            _ = answer()
            responder.respond(HTTPResponse(status: status))
        case .refused(let status): responder.respond(HTTPResponse(status: status))
        case .twice:
            _ = answer()
            responder.respond(answer())
        case .twiceThenSilent:
            _ = answer()
            isSilent.withLock { $0 = true }
            responder.respond(answer())
        case .late:
            _ = Thread("late") { [gate, lateStatuses, catalog] in
                _ = gate.wait(timeout: .seconds(60)) { $0 ? true : nil }
                let late = catalog.answer(request, path: request.segments.dropFirst())
                lateStatuses.update { $0.append(late.status) }
                responder.respond(late)
            }
        case .cut:
            _ = answer()
            let stream = HTTPBodyStream()
            responder.respond(HTTPResponse(status: 200, body: .stream(stream)))
            var half = ByteBuffer()
            half.append(utf8: "{\"metadata-location\":")
            try? stream.write(half)
            stream.fail()
        }
    }
}
