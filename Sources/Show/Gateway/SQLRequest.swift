import Bytes
import HTTPServer
import JSONText

/// The statement of `POST /v1/sql` and how its rows shall be written.
struct SQLRequest: Equatable {
    var sql: String
    var format: SQLAnswerFormat

    init(_ request: HTTPRequest) throws(HTTPProblem) {
        sql = try Self.statement(request)
        format = try Self.format(request.headers["Accept"])
    }

    private static func statement(_ request: HTTPRequest) throws(HTTPProblem) -> String {
        guard let text = String(validatingUTF8: request.body.bytes) else {
            throw HTTPProblem(400, "The statement is not UTF-8", "Send the SQL text as UTF-8.")
        }
        // No SQL statement begins with a brace, and clients forget the content type.
        let first = text.utf8.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        guard let first else {
            throw HTTPProblem(
                400,
                "There is no statement",
                "The body is empty. Send SQL as text, or as JSON: {\"sql\": \"select 1\"}."
            )
        }
        guard first == UInt8(ascii: "{") else { return text }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(request.body.bytes)
        } catch {
            throw HTTPProblem(
                400,
                "The body is not valid JSON",
                "\(error). Send {\"sql\": \"select 1\"}, or the SQL as text.",
                members: [
                    "line": .integer(Int64(error.line)), "column": .integer(Int64(error.column)),
                ]
            )
        }
        guard let sql = value["sql"]?.stringValue else {
            throw HTTPProblem(
                400,
                "There is no statement",
                "The field \"sql\" is missing or no text. Send {\"sql\": \"select 1\"}.",
                members: ["field": "sql"]
            )
        }
        if let other = value.objectValue?.keys.first(where: { $0 != "sql" }) {
            throw HTTPProblem(
                400,
                "The request has an unknown field",
                "\"\(other)\" means nothing here; the only field is \"sql\".",
                members: ["field": .string(other)]
            )
        }
        return sql
    }

    /// The first type in `Accept` that can be made; JSON when nothing is asked for.
    private static func format(_ accept: String?) throws(HTTPProblem) -> SQLAnswerFormat {
        guard let accept, !accept.isEmpty else { return .json }
        for item in accept.split(separator: ",") {
            let type = item.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
            switch type {
            case "text/csv": return .csv
            case "application/x-ndjson", "application/jsonl": return .ndjson
            case "application/json", "*/*", "application/*": return .json
            default: continue
            }
        }
        throw HTTPProblem(
            406,
            "The answer cannot be made in this form",
            "Accept: \(accept). Rows come as application/json, application/x-ndjson or text/csv."
        )
    }
}
