public import Clocks
public import HTTPServer
internal import JSONText
public import Tables
public import Telemetry

/// Iceberg's REST catalog over the embedded one. May be used from any thread; calls block.
public final class CatalogServer: Sendable {
    /// What it offers to whom.
    public struct Options: Sendable {
        /// Who may use it: the client's id and secret. None: everybody, with any credential or
        /// without.
        public var clients: [String: Secret] = [:]
        /// How long a token is good.
        public var tokenLifetime = Duration.seconds(3600)
        /// Configuration that is handed to clients with every table: how to reach its files.
        public var tableConfiguration: [String: String] = [:]

        /// Open to everybody.
        public init() {}
    }

    let catalog: EmbeddedCatalog
    let lake: Lake
    let options: Options
    let tokens: TokenBook
    private let logger: Logger
    private let reports: Counter

    /// A server of the tables of `catalog`, which `lake` commits through too.
    public init(
        catalog: EmbeddedCatalog,
        lake: Lake,
        options: Options,
        clock: any MonotonicClock,
        random: any RandomSource,
        metrics: MetricsRegistry,
        logger: Logger = .silent
    ) {
        self.catalog = catalog
        self.lake = lake
        self.options = options
        self.logger = logger
        tokens = TokenBook(lifetime: options.tokenLifetime, clock: clock, random: random)
        reports = metrics.counter(
            "millrace_catalog_reports_total",
            help: "Reports of scans and commits that engines sent to the catalog.",
            labels: [:]
        )
    }

    /// Answers a request to `path`, the segments behind the catalog's own address: `v1`, `config`.
    public func answer(_ request: HTTPRequest, path: ArraySlice<String>) -> HTTPResponse {
        do throws(CatalogProblem) {
            guard path.first == "v1" else { throw Self.notFound(request) }
            let rest = Array(path.dropFirst())
            if rest == ["oauth", "tokens"] {
                try Self.demand("POST", request)
                return answerToken(request)
            }
            try admit(request)
            return try route(request, rest)
        } catch {
            if error.status >= 500 {
                logger.warning(
                    "a request to the catalog failed",
                    ["path": request.path, "reason": error.message]
                )
            }
            return error.response
        }
    }

    /// The answer to a request that was not looked at.
    public static func refusal(_ problem: HTTPProblem) -> HTTPResponse {
        CatalogProblem(
            problem.status,
            "ServiceUnavailableException",
            "\(problem.title): \(problem.detail)",
            retryAfterSeconds: problem.retryAfterSeconds
        ).response
    }

    private func route(
        _ request: HTTPRequest,
        _ path: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        switch (path.first, path.count) {
        case ("config", 1):
            try Self.demand("GET", request)
            return try configuration(request)
        case ("namespaces", 1...): return try routeNamespaces(request, Array(path.dropFirst()))
        case ("tables", 2) where path[1] == "rename":
            try Self.demand("POST", request)
            return try renameTable(request)
        case ("transactions", 2) where path[1] == "commit":
            try Self.demand("POST", request)
            return try commitTransaction(request)
        default: throw Self.notFound(request)
        }
    }

    private func routeNamespaces(
        _ request: HTTPRequest,
        _ path: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        guard let first = path.first else {
            return try Self.demand("GET", or: "POST", request)
                ? listNamespaces(request) : createNamespace(request)
        }
        let namespace = Self.levels(first)
        switch (path.count, path.count > 1 ? path[1] : "") {
        case (1, _): return try answerNamespace(request, namespace)
        case (2, "properties"):
            try Self.demand("POST", request)
            return try updateNamespace(request, namespace)
        case (2, "tables"):
            return try Self.demand("GET", or: "POST", request)
                ? listTables(request, namespace) : createTable(request, namespace)
        case (2, "register"):
            try Self.demand("POST", request)
            return try registerTable(request, namespace)
        case (2, "views"):
            try Self.demand("GET", request)
            return try listViews(namespace)
        case (3, "views"):
            throw CatalogProblem(404, "NoSuchViewException", "there are no views here")
        case (3, "tables"): return try answerTable(request, namespace, path[2])
        case (4, "tables") where path[3] == "metrics":
            try Self.demand("POST", request)
            return try takeReport(request)
        default: throw Self.notFound(request)
        }
    }

    private func takeReport(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        _ = try CatalogBody(request)
        reports.add()
        return HTTPResponse(status: 204)
    }

    /// The levels of a namespace in an address: they are joined by the unit separator. Some
    /// clients encode it twice.
    static func levels(_ text: String) -> [String] {
        let plain = text.contains("%1F") || text.contains("%1f")
        guard plain, !text.contains("\u{1F}") else {
            return text.split(separator: "\u{1F}", omittingEmptySubsequences: false)
                .map(String.init)
        }
        return text.replacing("%1f", with: "%1F")
            .split(separator: "%1F", omittingEmptySubsequences: false).map(String.init)
    }

    static func notFound(_ request: HTTPRequest) -> CatalogProblem {
        CatalogProblem(
            404,
            "NotFoundException",
            "there is nothing at \(request.method) \(request.path); GET /iceberg/v1/config lists "
                + "what there is"
        )
    }

    static func demand(_ method: String, _ request: HTTPRequest) throws(CatalogProblem) {
        guard request.method == method else { throw wrongMethod(request) }
    }

    /// True for `first`, false for `second`; other methods are refused.
    private static func demand(
        _ first: String,
        or second: String,
        _ request: HTTPRequest
    ) throws(CatalogProblem) -> Bool {
        guard request.method == first || request.method == second else {
            throw wrongMethod(request)
        }
        return request.method == first
    }

    static func wrongMethod(_ request: HTTPRequest) -> CatalogProblem {
        CatalogProblem(
            405,
            "UnsupportedOperationException",
            "\(request.path) does not take \(request.method)"
        )
    }
}
