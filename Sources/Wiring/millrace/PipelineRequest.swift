import Arguments
import JSONText
import Pipelines

/// The options that name a part of a pipeline's log, as the body of a request.
enum PipelineRequest {
    static func body(_ arguments: ParsedArguments) throws -> JSONValue {
        var body = JSONObject()
        for option in ["table", "topic"] {
            if let text = arguments.value(option) { body[option] = .string(text) }
        }
        if let partition = try arguments.number("partition") {
            body["partition"] = .integer(Int64(partition))
        }
        for option in ["from", "to"] {
            guard let text = arguments.value(option) else { continue }
            guard OffsetBound(text) != nil else {
                throw CommandError(
                    "--\(option) takes an offset, a moment such as 2026-11-21T08:00:00Z, earliest "
                        + "or latest, not '\(text)'",
                    code: .usage
                )
            }
            body[option] = .string(text)
        }
        return .object(body)
    }
}
