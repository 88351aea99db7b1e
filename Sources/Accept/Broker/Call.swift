public import Bytes
public import Files
public import KafkaProtocol

/// Who asks, and where it found us.
public struct Client: Sendable {
    /// The client's address, without its port.
    public var host: String
    /// Host that clients are told to connect to.
    public var advertisedHost: String
    /// Port that clients are told to connect to.
    public var advertisedPort: UInt16

    /// A client at `host` that is told to connect to `advertisedHost` and `advertisedPort`.
    public init(host: String, advertisedHost: String, advertisedPort: UInt16) {
        self.host = host
        self.advertisedHost = advertisedHost
        self.advertisedPort = advertisedPort
    }
}

/// An answer that is decided, and written when its turn has come.
public struct Answer: Sendable {
    private let encode: @Sendable (inout ByteBuffer) throws(ProtocolError) -> Void

    internal init(_ encode: @escaping @Sendable (inout ByteBuffer) throws(ProtocolError) -> Void) {
        self.encode = encode
    }

    /// Appends the whole frame to `output`. After an error `output` may hold a part of it.
    public func write(into output: inout ByteBuffer) throws(ProtocolError) {
        try encode(&output)
    }
}

/// What comes of a request later.
public enum Reply: Sendable {
    /// The answer.
    case answer(Answer)
    /// A request that gets no answer is done.
    case nothing
    /// The connection is to be closed: the one way to report the failure of a request that gets no
    /// answer.
    case close(reason: String)
}

/// One request that is being answered: what handlers need to know besides its body.
internal struct Call: Sendable {
    let header: RequestHeader
    let clientID: String
    let client: Client
    /// The frame, when its bytes may be kept.
    let frame: SlabSlice?
    /// To be called once, from any thread, by a handler that returned `.later`.
    let reply: @Sendable (Reply) -> Void

    var version: Int16 { header.version }

    /// The answer with this body.
    func answer<API: KafkaAPI>(_ api: API.Type, _ response: API.Response) -> Answer {
        answer(api, response, version: header.version)
    }

    /// The answer with this body in another version than the request's.
    func answer<API: KafkaAPI>(
        _ api: API.Type,
        _ response: API.Response,
        version: Int16
    ) -> Answer {
        let header = header
        return Answer { (output) throws(ProtocolError) in
            let start = Frame.beginResponse(to: header, in: &output)
            try API.encode(response: response, version: version, into: &output)
            Frame.end(start, in: &output)
        }
    }
}

/// What is to be done about a request.
public enum Handling<FS: FileSystem>: Sendable {
    /// Send this.
    case answer(Answer)
    /// The reply comes later; requests behind this one may be handled meanwhile if `isPipelined`.
    case later(isPipelined: Bool)
    /// Send what the log has, when the request's turn has come.
    case fetch(FetchCall<FS>)
    /// The log has no room: handle the same request again a little later.
    case overloaded
    /// The bytes are no request: close the connection.
    case close(reason: String)
}
