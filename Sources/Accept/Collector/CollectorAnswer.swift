import Bytes
import HTTPServer
import JSONText

/// Where the events of one request went in one partition: `count` consecutive offsets, in the order
/// of the request.
struct AppendedEvents: Equatable {
    var partition: Int32
    var baseOffset: Int64
    var lastOffset: Int64
    var count: Int
}

/// The answer to a request whose events are durable.
enum CollectorAnswer {
    static func response(topic: String, _ appended: [AppendedEvents]) -> HTTPResponse {
        var buffer = ByteBuffer(capacity: 160 + 80 * appended.count)
        buffer.append(utf8: "{\"topic\":")
        buffer.appendJSON(string: topic)
        buffer.append(utf8: ",\"count\":")
        buffer.appendJSON(integer: Int64(appended.reduce(0) { $0 + $1.count }))
        if let only = appended.first, appended.count == 1 {
            buffer.append(UInt8(ascii: ","))
            place(only, &buffer)
        }
        buffer.append(utf8: ",\"partitions\":[")
        for (index, part) in appended.enumerated() {
            buffer.append(utf8: index == 0 ? "{" : ",{")
            place(part, &buffer)
            buffer.append(utf8: ",\"count\":")
            buffer.appendJSON(integer: Int64(part.count))
            buffer.append(UInt8(ascii: "}"))
        }
        buffer.append(utf8: "]}\n")
        return HTTPResponse(status: 200, contentType: "application/json", buffer)
    }

    private static func place(_ part: AppendedEvents, _ buffer: inout ByteBuffer) {
        buffer.append(utf8: "\"partition\":")
        buffer.appendJSON(integer: Int64(part.partition))
        buffer.append(utf8: ",\"base_offset\":")
        buffer.appendJSON(integer: part.baseOffset)
        buffer.append(utf8: ",\"last_offset\":")
        buffer.appendJSON(integer: part.lastOffset)
    }
}

extension CollectorAnswer {
    /// The answer when some partitions took their events and others did not: what to send again is
    /// what is not listed.
    static func partial(_ problem: HTTPProblem, _ appended: [AppendedEvents]) -> HTTPProblem {
        var problem = problem
        problem.detail += " Other partitions have taken their events: see \"appended\"."
        problem.members["appended"] = .array(
            appended.map { part in
                [
                    "partition": .integer(Int64(part.partition)),
                    "base_offset": .integer(part.baseOffset),
                    "last_offset": .integer(part.lastOffset),
                    "count": .integer(Int64(part.count)),
                ]
            }
        )
        return problem
    }
}
