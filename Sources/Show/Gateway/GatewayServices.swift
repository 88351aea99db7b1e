public import Bytes
public import HTTPServer
public import JSONText

/// What the gateway offers over HTTP: every service is a closure that Wiring supplies, and a
/// missing one is answered 503.
public struct GatewayServices: Sendable {
    /// Makes one report. Runs on a thread of the gateway's own and may block.
    public typealias Report = @Sendable () throws(HTTPProblem) -> JSONValue
    /// Runs one statement and gives its answer, or says why there is none. Runs on a thread of the
    /// gateway's own and may block.
    public typealias SQLRunner =
        @Sendable (_ sql: String, _ format: SQLAnswerFormat) throws(HTTPProblem) -> SQLAnswer

    /// Takes `POST /v1/events/{topic}`. Runs on a server thread and must not block.
    public var postEvents: (@Sendable (String, HTTPRequest, HTTPResponder) -> Void)?
    /// Runs the statement of `POST /v1/sql`.
    public var runSQL: SQLRunner?
    /// `{"topics": [{"name", "partitions": [{"partition", "start", "end"}]}]}`
    public var topics: Report?
    /// `{"tables": [{"name", "rows", "files", "bytes", "columns", "committed_at"}]}`
    public var tables: Report?
    /// `{"pipelines": [{"name", "table", "state", "landed", "filtered", "dead_lettered", "lag"}]}`
    public var pipelines: Report?
    /// What else can be asked for.
    public var actions: [GatewayAction] = []
    /// Services with addresses of their own.
    public var mounts: [GatewayMount] = []
    /// Whether requests can be served. Must be quick.
    public var readiness: @Sendable () -> Readiness
    /// The metrics in Prometheus' text format.
    public var metrics: @Sendable () -> String

    /// Services of which only these exist so far.
    public init(
        readiness: @escaping @Sendable () -> Readiness,
        metrics: @escaping @Sendable () -> String
    ) {
        self.readiness = readiness
        self.metrics = metrics
    }
}

/// Whether the process can do its work.
public enum Readiness: Sendable, Equatable {
    /// The log is open and the pipelines run.
    case ready
    /// Something is still starting, stopping or broken.
    case notReady(reason: String)
}

/// How the rows of a statement are written.
public enum SQLAnswerFormat: Sendable, Equatable {
    /// One JSON array of objects.
    case json
    /// One JSON object per line.
    case ndjson
    /// RFC 4180 with a header line.
    case csv

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        }
    }
}

/// The answer to a statement, made piece by piece on the thread that ran it.
public struct SQLAnswer {
    /// Appends the next piece; false when that was the last.
    let next: (inout ByteBuffer) throws(HTTPProblem) -> Bool

    /// An answer whose pieces `next` makes: it appends one and returns false when that was the
    /// last.
    public init(next: @escaping (inout ByteBuffer) throws(HTTPProblem) -> Bool) {
        self.next = next
    }
}
