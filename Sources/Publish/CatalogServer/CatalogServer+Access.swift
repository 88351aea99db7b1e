internal import Bytes
internal import Clocks
internal import HTTPServer
internal import JSONText
internal import Telemetry

extension CatalogServer {
    /// Refuses a request that the server must not answer.
    func admit(_ request: HTTPRequest) throws(CatalogProblem) {
        // Open to everybody: whatever clients send here (PyIceberg: `Bearer None`) means nothing.
        if options.clients.isEmpty { return }
        let header = request.headers["Authorization"] ?? ""
        guard header.lowercased().hasPrefix("bearer ") else {
            throw CatalogProblem(
                401,
                "NotAuthorizedException",
                "this catalog wants a token: POST /iceberg/v1/oauth/tokens gives one for the "
                    + "credential of its settings"
            )
        }
        switch tokens.standing(of: String(header.dropFirst("bearer ".count))) {
        case .good: return
        case .expired:
            throw CatalogProblem(
                419,
                "AuthenticationTimeoutException",
                "the token has expired; fetch another one"
            )
        case .unknown:
            throw CatalogProblem(
                401,
                "NotAuthorizedException",
                "the token is not known here; fetch another one"
            )
        }
    }

    /// `POST /v1/oauth/tokens`, as OAuth 2 has it: a form in, its own kind of errors out.
    func answerToken(_ request: HTTPRequest) -> HTTPResponse {
        guard let form = Self.form(request) else {
            return Self.refusal(400, "invalid_request", "the body is not a form")
        }
        let isExchange: Bool
        switch form["grant_type"] {
        case "client_credentials": isExchange = false
        case "urn:ietf:params:oauth:grant-type:token-exchange": isExchange = true
        case let other:
            return Self.refusal(
                400,
                "unsupported_grant_type",
                "grant_type is \(other ?? "missing"); it can be client_credentials"
            )
        }
        let isAdmitted =
            options.clients.isEmpty || isKnownClient(request, form)
            || isExchange && tokens.standing(of: form["subject_token"] ?? "") == .good
        guard isAdmitted else {
            return Self.refusal(401, "invalid_client", "the credential is not known here")
        }
        var answer: JSONObject = [
            "access_token": .string(tokens.issue()), "token_type": "bearer",
            "expires_in": .integer(tokens.lifetime.wholeMilliseconds / 1000),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        ]
        if let scope = form["scope"] { answer["scope"] = .string(scope) }
        return .json(.object(answer), headers: [HTTPHeader("Cache-Control", "no-store")])
    }

    /// Whether the credential in the form, or in an `Authorization: Basic`, is one of the settings.
    private func isKnownClient(_ request: HTTPRequest, _ form: [String: String]) -> Bool {
        var id = form["client_id"] ?? ""
        var secret = form["client_secret"] ?? ""
        let header = request.headers["Authorization"] ?? ""
        if form["client_secret"] == nil, header.lowercased().hasPrefix("basic "),
            let text = Base64.text(header.dropFirst("basic ".count)),
            let colon = text.firstIndex(of: ":")
        {
            id = String(text[..<colon])
            secret = String(text[text.index(after: colon)...])
        }
        guard let expected = options.clients[id] else { return false }
        return Self.isSame(expected.revealed, secret)
    }

    /// Compares without telling by the time how much was right.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (a, b) in zip(left, right) { difference |= a ^ b }
        return difference == 0
    }

    private static func refusal(_ status: Int, _ error: String, _ text: String) -> HTTPResponse {
        .json(["error": .string(error), "error_description": .string(text)], status: status)
    }

    /// The fields of an `application/x-www-form-urlencoded` body; nil when it is none.
    private static func form(_ request: HTTPRequest) -> [String: String]? {
        let text = String(repairingUTF8: request.body.bytes)
        // A form is written like a query.
        guard let parsed = HTTPRequest(method: "POST", target: "/?\(text)") else { return nil }
        var fields: [String: String] = [:]
        for item in parsed.query where fields[item.name] == nil { fields[item.name] = item.value }
        return fields
    }
}

/// RFC 4648, as far as `Authorization: Basic` needs it.
enum Base64 {
    static func text(_ encoded: some StringProtocol) -> String? {
        var bits: UInt32 = 0
        var count = 0
        var bytes: [UInt8] = []
        for byte in encoded.utf8 where byte != UInt8(ascii: "=") {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
