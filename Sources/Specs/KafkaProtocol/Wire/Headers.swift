public import Bytes

/// What every request begins with, after the length of its frame.
///
/// Source: Apache Kafka protocol guide, request header v1 and v2.
public struct RequestHeader: Equatable, Sendable {
    /// The API's key as it was sent; it may be unknown.
    public var key: Int16
    /// Version of the body.
    public var version: Int16
    /// Number by which the client finds the answer.
    public var correlationID: Int32
    /// Where in the frame the client's name stands; nil if it gives none, or if the API or its
    /// version is unknown.
    public var clientIDRange: Range<Int>?

    /// The API, if it is known here.
    public var api: APIKey? { APIKey(rawValue: key) }

    /// True when the API is known and its version can be read.
    public var isSupported: Bool { api?.versions.contains(version) ?? false }

    /// The client's name for itself, or nil. Copies.
    ///
    /// - Parameter frame: the bytes the header was read from.
    public func clientID(in frame: RawSpan) -> String? {
        guard let range = clientIDRange else { return nil }
        return String(repairingUTF8: frame.extracting(range))
    }

    /// Reads the header of a frame (without the frame's length), leaving `reader` at the body.
    ///
    /// For an API or version that is not supported only the first eight bytes are read, because
    /// nothing is known of what follows.
    @_lifetime(reader: copy reader)
    public init(_ reader: inout ByteReader) throws(ProtocolError) {
        do throws(ByteError) {
            key = try reader.read(Int16.self)
            version = try reader.read(Int16.self)
            correlationID = try reader.read(Int32.self)
            clientIDRange = nil
            guard let api, isSupported else { return }
            let length = Int(try reader.read(Int16.self))
            if length >= 0 {
                let start = reader.offset
                try reader.skip(length)
                clientIDRange = start..<(start + length)
            } else if length < -1 {
                throw ByteError.lengthOutOfRange(
                    offset: reader.offset - 2,
                    length: length,
                    limit: reader.remaining
                )
            }
            guard api.isFlexible(version) else { return }
            for _ in 0..<(try reader.readUnsignedVarint()) {
                _ = try reader.readUnsignedVarint()
                let size = try reader.readUnsignedVarint()
                try reader.skip(Int(clamping: size))
            }
        } catch {
            var named = ProtocolError(error, expected: "a request header")
            named.message = "request header"
            throw named
        }
    }
}

/// Frames: the length that stands before every request and answer, and the headers.
public enum Frame {
    /// Begins the frame of the answer to `header`: room for the length, and the answer's header.
    ///
    /// - Returns: what `end` wants to know.
    public static func beginResponse(
        to header: RequestHeader,
        in output: inout ByteBuffer
    ) -> Int {
        let start = output.count
        output.append(0 as Int32)
        output.append(header.correlationID)
        // Answers to ApiVersions keep the old header, so that every client can read them.
        if let api = header.api, api != .apiVersions, api.isFlexible(header.version) {
            output.append(0 as UInt8)
        }
        return start
    }

    /// Begins the frame of a request: room for the length, and the request's header.
    ///
    /// - Returns: what `end` wants to know.
    public static func beginRequest(
        _ api: APIKey,
        version: Int16,
        correlationID: Int32,
        clientID: String?,
        in output: inout ByteBuffer
    ) -> Int {
        let start = output.count
        output.append(0 as Int32)
        output.append(api.rawValue)
        output.append(version)
        output.append(correlationID)
        if let clientID {
            output.append(Int16(clamping: clientID.utf8.count))
            output.append(utf8: clientID)
        } else {
            output.append(-1 as Int16)
        }
        if api.isFlexible(version) { output.append(0 as UInt8) }
        return start
    }

    /// Ends the frame that began at `start`: writes its length.
    public static func end(_ start: Int, in output: inout ByteBuffer) {
        output.overwrite(Int32(output.count - start - 4), at: start)
    }

    /// Reads an answer's header (without the frame's length), leaving `reader` at the body.
    ///
    /// - Returns: the correlation id.
    @_lifetime(reader: copy reader)
    public static func readResponseHeader(
        _ reader: inout ByteReader,
        api: APIKey,
        version: Int16
    ) throws(ProtocolError) -> Int32 {
        do throws(ByteError) {
            let correlationID = try reader.read(Int32.self)
            guard api != .apiVersions, api.isFlexible(version) else { return correlationID }
            for _ in 0..<(try reader.readUnsignedVarint()) {
                _ = try reader.readUnsignedVarint()
                let size = try reader.readUnsignedVarint()
                try reader.skip(Int(clamping: size))
            }
            return correlationID
        } catch {
            var named = ProtocolError(error, expected: "a response header")
            named.message = "response header"
            throw named
        }
    }
}
