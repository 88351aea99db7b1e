import EventLog
import Files
import HTTPServer
import JSONText

/// What clients read. `detail` says what happened, to what, and what to do.
extension CollectorError {
    var problem: HTTPProblem {
        switch self {
        case .internalTopic(let name):
            HTTPProblem(
                400,
                "The topic is internal",
                "\(name) belongs to Millrace itself; names that begin with two underscores"
                    + " cannot be written to. Choose another name."
            )
        case .invalidTopic(let name, let reason):
            HTTPProblem(
                400,
                "The topic's name is invalid",
                "\"\(name)\" cannot name a topic: \(reason). Use 1 to 249 letters, digits, '.', '_'"
                    + " and '-'."
            )
        case .unknownTopic(let name):
            HTTPProblem(
                404,
                "There is no such topic",
                "There is no topic \(name) and topics are not made on their own here. Create"
                    + " it first, or allow it in the settings."
            )
        case .invalidPartition(let text, let topic, let partitions):
            HTTPProblem(
                400,
                "There is no such partition",
                "partition=\(text): topic \(topic) has partitions 0 to \(partitions - 1)."
                    + " Leave it out to have one chosen.",
                members: ["partitions": .integer(Int64(partitions))]
            )
        case .invalidKeyField:
            HTTPProblem(
                400,
                "The key's field has no name",
                "?key= must be followed by the name of a top-level field of the events."
            )
        case .unsupportedMediaType(let type):
            HTTPProblem(
                415,
                "The content type is not supported",
                "\(type) cannot be read as events. Send JSON as application/json or one object"
                    + " per line as application/x-ndjson."
            )
        case .unsupportedEncoding(let encoding):
            unsupportedEncoding(encoding)
        case .undecodable(let error):
            HTTPProblem(
                400,
                "The body cannot be decoded",
                "\(error). Check that the body is what Content-Encoding says."
            )
        default: bodyProblem
        }
    }

    private func unsupportedEncoding(_ encoding: String) -> HTTPProblem {
        var problem = HTTPProblem(
            415,
            "The content encoding is not supported",
            "Content-Encoding \(encoding) is not known here. Send gzip, zstd, or no encoding."
        )
        problem.headers = [HTTPHeader("Accept-Encoding", "gzip, zstd")]
        return problem
    }

    /// What is wrong with the events themselves.
    private var bodyProblem: HTTPProblem {
        switch self {
        case .noEvents:
            HTTPProblem(
                400,
                "There are no events",
                "The body holds no event. Send a JSON object, an array of objects, or one"
                    + " object per line."
            )
        case .invalidJSON(let message, let place):
            at(place, "The body is not valid JSON", message + ". Nothing was appended.")
        case .notAnObject(let place):
            at(
                place,
                "An event is not an object",
                "Events are JSON objects, {\"like\":\"this\"}. Nothing was appended."
            )
        case .severalTexts(let place):
            at(
                place,
                "The body goes on after its JSON text",
                "application/json is one object or one array. Send one object per line as"
                    + " application/x-ndjson. Nothing was appended."
            )
        case .missingKey(let field, let place):
            at(
                place,
                "An event lacks its key",
                "The field \"\(field)\", which ?key= names, is missing or null. Nothing was"
                    + " appended.",
                field: field
            )
        case .keyNotScalar(let field, let place):
            at(
                place,
                "An event's key is not a simple value",
                "The field \"\(field)\", which ?key= names, must be a string, a number or a"
                    + " truth value. Nothing was appended.",
                field: field
            )
        case .eventTooLarge(let bytes, let limit, let place):
            at(
                place,
                "An event is too large",
                "It has \(bytes) bytes and the limit is \(limit). Nothing was appended.",
                status: 413
            )
        default: limitProblem
        }
    }

    private func at(
        _ place: Place,
        _ title: String,
        _ detail: String,
        status: Int = 400,
        field: String? = nil
    ) -> HTTPProblem {
        var members: JSONObject = [
            "event": .integer(Int64(place.event)),
            "line": .integer(Int64(place.line)),
            "column": .integer(Int64(place.column)),
        ]
        members["field"] = field.map { .string($0) }
        let detail = "Event \(place.event), line \(place.line), column \(place.column): \(detail)"
        return HTTPProblem(status, title, detail, members: members)
    }

    /// What is too much, for this request or for the moment.
    private var limitProblem: HTTPProblem {
        switch self {
        case .bodyTooLarge(let limit):
            tooLarge("The decoded body", limit, "bytes")
        case .tooManyEvents(let limit):
            tooLarge("The request", limit, "events")
        case .batchesTooLarge(let limit):
            tooLarge("The request, with its headers on every event,", limit, "bytes")
        case .tooManyRequests(let limit):
            HTTPProblem(
                429,
                "Too many requests wait for the log",
                "\(limit) requests wait already. Nothing was appended; send it again after a"
                    + " pause, or put more events into one request.",
                retryAfterSeconds: 1
            )
        case .tooManyBytes(let limit):
            HTTPProblem(
                503,
                "The log is busy",
                "Batches of more than \(limit) bytes wait for the disk. Nothing was appended;"
                    + " send it again after a pause.",
                retryAfterSeconds: 1
            )
        default: logProblem
        }
    }

    private func tooLarge(_ what: String, _ limit: Int, _ unit: String) -> HTTPProblem {
        HTTPProblem(
            413,
            "The request is too large",
            "\(what) has more than \(limit) \(unit). Nothing was appended; send several smaller"
                + " requests.",
            members: ["limit": .integer(Int64(limit))]
        )
    }

    /// What the log refused.
    private var logProblem: HTTPProblem {
        switch self {
        case .log(.invalidTopicName(let name, let reason)):
            CollectorError.invalidTopic(name, reason: reason).problem
        case .log(.overloaded):
            HTTPProblem(
                503,
                "The log is busy",
                "More waits for the disk than the log may hold. Nothing was appended; send it again"
                    + " after a pause.",
                retryAfterSeconds: 1
            )
        case .log(.storage(let error)) where error.isNoSpace:
            diskFull("\(error)")
        case .log(let error):
            HTTPProblem(
                503,
                "The log does not take events",
                "\(error). Nothing was appended.",
                retryAfterSeconds: 5
            )
        case .append(.noSpace(let error), _):
            diskFull("\(error)")
        case .append(.deleted, let partition):
            HTTPProblem(
                404,
                "The topic was deleted",
                "Partition \(partition) went away while the events were on their way to it."
                    + " They were not appended."
            )
        case .append(.storage(let reason), let partition):
            HTTPProblem(
                500,
                "The disk failed",
                "Partition \(partition): \(reason). Whether the events were kept is known only"
                    + " after the log was opened again; look before sending them again."
            )
        case .append(let error, let partition):
            HTTPProblem(
                500,
                "The log refused the events",
                "Partition \(partition): \(error). They were not appended; this is a bug."
            )
        default:
            HTTPProblem(500, "The request failed", "\(self). This is a bug.")
        }
    }

    private func diskFull(_ detail: String) -> HTTPProblem {
        HTTPProblem(
            507,
            "The disk is full",
            "\(detail). Nothing was appended; make room, then send it again.",
            retryAfterSeconds: 5
        )
    }
}
