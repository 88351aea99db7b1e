import Clocks
import HTTPClient
import Testing

/// What botocore 1.44 makes of the same requests at the same moment.
struct SignatureTests {
    private func proof(
        _ method: HTTPCall.Method,
        _ url: String,
        _ body: String?,
        _ service: String,
        token: String? = nil
    ) throws -> String {
        let moment = try #require(Timestamp(iso8601: "2026-11-22T02:30:05.000Z"))
        let signature = HTTPSignature(
            region: "eu-central-1",
            service: service,
            accessKey: "AKIDEXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            sessionToken: token,
            clock: ManualClocks(at: moment)
        )
        let lines = signature.headers(for: HTTPCall(method, url, body: body))
        #expect(lines.contains { $0.name == "x-amz-date" && $0.value == "20261122T023005Z" })
        let proof = try #require(lines.first { $0.name == "Authorization" }?.value)
        let scope = "AKIDEXAMPLE/20261122/eu-central-1/\(service)/aws4_request"
        #expect(proof.hasPrefix("AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=host;"))
        return String(proof.split(separator: "=").last ?? "")
    }

    @Test func `a query`() throws {
        let url =
            "https://glue.eu-central-1.amazonaws.com/iceberg/v1/config?warehouse=123456789012"
        #expect(
            try proof(.get, url, nil, "glue")
                == "f57b65bc56882954b357a77343750ea1a23e1b0ecf665f9dfde3af018cec90e9"
        )
    }

    @Test func `escapes in the path, and a body`() throws {
        let url =
            "https://s3tables.us-east-1.amazonaws.com/iceberg/v1/"
            + "arn%3Aaws%3As3tables%3Aus-east-1%3A1%3Abucket%2Fb/namespaces/a%1Fb/tables/t%20%C3%BC"
        #expect(
            try proof(.post, url, #"{"requirements":[],"note":"grüße"}"#, "s3tables")
                == "aaa60401c9385667d313049ad73c6461d3a281031265135636ae6711599f4ab5"
        )
    }

    @Test func `items of a query in order, a port, and a session's token`() throws {
        let url = "http://127.0.0.1:8181/v1/namespaces?parent=a%1Fb&pageToken="
        #expect(
            try proof(.get, url, nil, "execute-api", token: "session/token+==")
                == "091d5272fa55e506ceeae049fb2b100df3d3fc1771459640a5717929457162ce"
        )
    }

    @Test func `a deletion`() throws {
        #expect(
            try proof(.delete, "http://localhost/v1/namespaces/x", nil, "execute-api")
                == "64847fd4a77690bcb9033b1aa1ea43808617f572fed6d363601b9543c306528b"
        )
    }
}
