internal import Catalogs
internal import HTTPServer
internal import IcebergModel
internal import JSONText
internal import Stores
internal import Tables

/// An error as the protocol answers it (`ErrorModel`).
struct CatalogProblem: Error {
    /// Status of the answer.
    var status: Int
    /// Name of the exception that clients make of it.
    var type: String
    /// What happened, to what, and what to do.
    var message: String
    /// When a client should try again.
    var retryAfterSeconds: Int?

    init(_ status: Int, _ type: String, _ message: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.type = type
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    static func badRequest(_ message: String) -> CatalogProblem {
        CatalogProblem(400, "BadRequestException", message)
    }

    var response: HTTPResponse {
        let body: JSONValue = [
            "error": [
                "message": .string(message), "type": .string(type),
                "code": .integer(Int64(status)),
            ]
        ]
        let headers = retryAfterSeconds.map { [HTTPHeader("Retry-After", "\($0)")] } ?? []
        return .json(body, status: status, headers: headers)
    }
}

extension CatalogProblem {
    init(_ error: CatalogError) {
        let text = error.description
        switch error {
        case .noSuchTable: self.init(404, "NoSuchTableException", text)
        case .noSuchNamespace: self.init(404, "NoSuchNamespaceException", text)
        case .tableExists, .namespaceExists: self.init(409, "AlreadyExistsException", text)
        case .namespaceNotEmpty: self.init(409, "NamespaceNotEmptyException", text)
        case .conflict: self.init(409, "CommitFailedException", text)
        case .invalidName: self.init(400, "BadRequestException", text)
        case .unknownOutcome: self.init(500, "CommitStateUnknownException", text)
        // Nothing was done: 503 is the one status of the 5xx that says so.
        case .busy, .database, .foreign:
            self.init(503, "ServiceUnavailableException", text, retryAfterSeconds: 1)
        }
    }

    init(_ error: TableError) {
        switch error {
        case .catalog(let error): self.init(error)
        case .rejected(_, let reason): self.init(400, "ValidationException", reason)
        case .metadata, .hasDeletes, .unreadableDeletes:
            self.init(400, "ValidationException", error.description)
        case .store(_, let reason) where reason.isNotFound:
            self.init(404, "NotFoundException", error.description)
        case .store(_, .unusable(_, _)): self.init(400, "BadRequestException", error.description)
        case .store:
            self.init(
                503,
                "ServiceUnavailableException",
                error.description,
                retryAfterSeconds: 1
            )
        }
    }

    init(_ error: CatalogChangeError) {
        switch error {
        case .failed(let error): self.init(error)
        case .rejected(let table, let reason):
            self.init(
                reason.isConflict ? 409 : 400,
                reason.isConflict ? "CommitFailedException" : "ValidationException",
                "\(table): \(reason)"
            )
        case .unknownOutcome(let reason, _):
            self.init(500, "CommitStateUnknownException", reason)
        }
    }
}
