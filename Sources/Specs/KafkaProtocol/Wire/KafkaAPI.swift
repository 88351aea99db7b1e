package import Bytes

/// One request of Kafka's protocol and its answer.
package protocol KafkaAPI: Sendable {
    /// The number on the wire.
    static var key: APIKey { get }
    /// What the client sends.
    associatedtype Request: WireStruct
    /// What the broker answers.
    associatedtype Response: WireStruct
}

extension KafkaAPI {
    /// Reads a request's body, leaving `reader` after it.
    ///
    /// Offsets in errors, and ranges in the request, count from the start of what `reader` reads.
    @_lifetime(reader: copy reader)
    package static func decodeRequest(
        _ reader: inout ByteReader,
        version: Int16
    ) throws(ProtocolError) -> Request {
        try key.decode(Request.self, &reader, version: version, named: "request")
    }

    /// Reads an answer's body, leaving `reader` after it.
    @_lifetime(reader: copy reader)
    package static func decodeResponse(
        _ reader: inout ByteReader,
        version: Int16
    ) throws(ProtocolError) -> Response {
        try key.decode(Response.self, &reader, version: version, named: "response")
    }

    /// Appends a request's body to `output`. On an error `output` is as it was.
    ///
    /// - Parameter payload: what the request's ranges of records point into.
    package static func encode(
        request: Request,
        version: Int16,
        payload: RawSpan = RawSpan(),
        into output: inout ByteBuffer
    ) throws(ProtocolError) {
        try key.encode(request, version: version, payload: payload, named: "request", into: &output)
    }

    /// Appends an answer's body to `output`. On an error `output` is as it was.
    ///
    /// - Parameter payload: what the answer's ranges of records point into.
    package static func encode(
        response: Response,
        version: Int16,
        payload: RawSpan = RawSpan(),
        into output: inout ByteBuffer
    ) throws(ProtocolError) {
        try key.encode(
            response,
            version: version,
            payload: payload,
            named: "response",
            into: &output
        )
    }
}

extension APIKey {
    private func check(_ version: Int16, _ name: String) throws(ProtocolError) {
        guard versions.contains(version) else {
            throw ProtocolError(
                message: "\(self) \(name)",
                offset: 0,
                expected: "versions \(versions)",
                .unsupportedVersion(version)
            )
        }
    }

    @_lifetime(reader: copy reader)
    fileprivate func decode<T: WireStruct>(
        _ type: T.Type,
        _ reader: inout ByteReader,
        version: Int16,
        named name: String
    ) throws(ProtocolError) -> T {
        try check(version, name)
        var coder = FieldCoder(
            reading: reader,
            version: version,
            isFlexible: isFlexible(version)
        )
        var message = T()
        do throws(ProtocolError) {
            try message.code(&coder)
        } catch {
            var named = error
            named.message = "\(self) \(name) v\(version)"
            throw named
        }
        reader = coder.reader
        return message
    }

    fileprivate func encode<T: WireStruct>(
        _ message: T,
        version: Int16,
        payload: RawSpan,
        named name: String,
        into output: inout ByteBuffer
    ) throws(ProtocolError) {
        try check(version, name)
        let start = output.count
        var taken = ByteBuffer(capacity: 0)
        swap(&taken, &output)
        var coder = FieldCoder(
            writingTo: taken,
            payload: payload,
            version: version,
            isFlexible: isFlexible(version)
        )
        var copy = message
        var failure: ProtocolError?
        do throws(ProtocolError) {
            try copy.code(&coder)
        } catch {
            failure = error
        }
        output = coder.finish()
        guard var failure else { return }
        output.truncate(to: start)
        failure.message = "\(self) \(name) v\(version)"
        throw failure
    }
}
