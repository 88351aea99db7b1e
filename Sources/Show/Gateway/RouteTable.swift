import HTTPServer

/// One address of the gateway.
struct Route: Sendable {
    typealias Handler = @Sendable (HTTPRequest, HTTPResponder) -> Void

    let method: String
    /// The address as a person writes it; a segment in braces stands for any text.
    let pattern: String
    let handler: Handler
    /// The pattern's segments; nil for one in braces.
    private let pieces: [String?]

    init(_ method: String, _ pattern: String, _ handler: @escaping Handler) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
        pieces = pattern.split(separator: "/").map { $0.hasPrefix("{") ? nil : String($0) }
    }

    /// The pattern with the segments of `path` in place of the braces, as far as there are any.
    func pattern(filledFrom path: String) -> String {
        let given = path.split(separator: "/")
        let filled = pieces.enumerated().compactMap { index, piece in
            piece ?? (index < given.count ? String(given[index]) : nil)
        }
        return "/" + filled.joined(separator: "/")
    }

    func matches(_ segments: [String]) -> Bool {
        guard pieces.count == segments.count else { return false }
        for (piece, segment) in zip(pieces, segments) {
            if let piece, piece != segment { return false }
        }
        return true
    }
}

/// Finds the route of a request, or says what is wrong with it. Pure.
struct RouteTable: Sendable {
    enum Decision {
        case handle(Route.Handler)
        case answer(HTTPResponse)
    }

    let routes: [Route]
    /// Handlers of everything below a first segment, by that segment.
    let mounts: [String: Route.Handler]

    init(routes: [Route], mounts: [String: Route.Handler] = [:]) {
        self.routes = routes
        self.mounts = mounts
    }

    func decide(_ request: HTTPRequest) -> Decision {
        if let first = request.segments.first, let handler = mounts[first] {
            return .handle(handler)
        }
        // libmicrohttpd leaves the body of an answer to HEAD away.
        let method = request.method == "HEAD" ? "GET" : request.method
        for route in routes where route.method == method && route.matches(request.segments) {
            return .handle(route.handler)
        }
        let found = routes.filter { $0.matches(request.segments) }
        guard !found.isEmpty else { return .answer(notFound(request.path).response) }
        let allowed = found.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }
        let allow = HTTPHeader("Allow", (allowed + ["OPTIONS"]).joined(separator: ", "))
        if request.method == "OPTIONS" {
            return .answer(HTTPResponse(status: 204, headers: [allow]))
        }
        var problem = HTTPProblem(
            405,
            "The method is not allowed",
            "\(request.path) takes \(allowed.joined(separator: " and ")), not \(request.method)."
        )
        problem.headers = [allow]
        return .answer(problem.response)
    }

    private func notFound(_ path: String) -> HTTPProblem {
        let shown = String(path.prefix(200))
        let nearest = routes.map {
            ($0, EditDistance.between($0.pattern(filledFrom: shown), shown))
        }
        .min { $0.1 < $1.1 }
        let hint: String
        if let (route, distance) = nearest, distance <= max(2, route.pattern.count / 3) {
            hint = "Did you mean \(route.method) \(route.pattern)?"
        } else {
            hint = "There are " + routes.map(\.pattern).joined(separator: ", ") + "."
        }
        return HTTPProblem(404, "There is nothing at this address", "\(shown): \(hint)")
    }
}

/// How many letters must be changed, added or removed to make one text of another.
enum EditDistance {
    static func between(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var row = Array(0...right.count)
        for (line, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in right.enumerated() {
                let changed = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }
}
