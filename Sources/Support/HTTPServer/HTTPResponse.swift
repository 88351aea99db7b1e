public import Bytes
public import JSONText

/// An answer: a status, header lines and a body.
public struct HTTPResponse: Sendable {
    /// What follows the header lines.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes that are there already.
        case bytes(SlabSlice)
        /// Bytes that are made while they are sent.
        case stream(HTTPBodyStream)
    }

    /// The status code, 200 to 599.
    public var status: Int
    /// Header lines; Content-Length, Transfer-Encoding, Date and Connection are the server's own.
    public var headers: [HTTPHeader]
    /// The body.
    public var body: Body
    /// True when the connection shall not serve another request.
    public var closesConnection = false

    /// An answer.
    public init(status: Int, headers: [HTTPHeader] = [], body: Body = .none) {
        precondition((200...599).contains(status), "\(status) is no final status")
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer with finished bytes.
    public init(
        status: Int,
        contentType: String,
        headers: [HTTPHeader] = [],
        _ bytes: consuming ByteBuffer
    ) {
        self.init(
            status: status,
            headers: [HTTPHeader("Content-Type", contentType)] + headers,
            body: .bytes(SlabSlice(Slab(bytes)))
        )
    }

    /// An answer in text, `text/plain` unless told otherwise.
    public static func text(
        _ text: String,
        status: Int = 200,
        contentType: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        var buffer = ByteBuffer(capacity: text.utf8.count)
        buffer.append(utf8: text)
        return HTTPResponse(status: status, contentType: contentType, buffer)
    }

    /// An answer in JSON, ended by a line feed.
    public static func json(
        _ value: JSONValue,
        status: Int = 200,
        contentType: String = "application/json",
        headers: [HTTPHeader] = []
    ) -> HTTPResponse {
        var buffer = ByteBuffer(capacity: 256)
        value.write(to: &buffer)
        buffer.append(UInt8(ascii: "\n"))
        return HTTPResponse(status: status, contentType: contentType, headers: headers, buffer)
    }
}
