import Bytes
import Clocks
import Files

@testable import KafkaProtocol

/// A message that another implementation made.
///
/// `Golden/*.txt` has three lines for each: direction and version, the bytes, and what they say as
/// `path=value`, with the names used here. "tagged" marks messages with tagged fields that are
/// skipped here, and so are not written again.
struct GoldenMessage: Sendable, CustomStringConvertible {
    let api: APIKey
    let isRequest: Bool
    let version: Int16
    let hasUnknownTags: Bool
    let bytes: [UInt8]
    let values: [(path: String, value: String)]

    var description: String { "\(api) \(isRequest ? "request" : "response") v\(version)" }

    /// All messages of `api`.
    static func all(of api: APIKey) throws -> [GoldenMessage] {
        let directory = directoryName(of: #filePath)
        let file = try LocalFiles().contents(
            of: "\(directory)/Golden/\(api).txt",
            bytesMax: 1 << 20
        )
        let lines = String(repairingUTF8: file.bytes)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("#") }
        let groups = lines.split { $0.isEmpty }
        return groups.map { group in
            let entry = Array(group)
            let head = entry[0].split(separator: " ")
            return GoldenMessage(
                api: api,
                isRequest: head[0] == "request",
                version: Int16(head[1]) ?? -1,
                hasUnknownTags: head.count > 2,
                bytes: entry[1] == "-" ? [] : hex(String(entry[1])),
                values: entry.count < 3
                    ? []
                    : entry[2].split(separator: " ").map { pair in
                        let parts = pair.split(separator: "=", maxSplits: 1)
                        return (String(parts[0]), String(parts[1]))
                    }
            )
        }
    }
}

/// What a message says, as `path: value`.
func flattened(_ message: Any, frame: [UInt8]) -> [String: String] {
    var found: [String: String] = [:]
    flatten(message, "", frame, &found)
    return found
}

private func flatten(
    _ value: Any,
    _ path: String,
    _ frame: [UInt8],
    _ found: inout [String: String]
) {
    let mirror = Mirror(reflecting: value)
    func put(_ text: String) { found[path] = text.isEmpty ? "-" : text }
    if mirror.displayStyle == .optional {
        guard let some = mirror.children.first else { return put("nil") }
        return flatten(some.value, path, frame, &found)
    }
    switch value {
    case let text as String: put(text)
    case let code as ErrorCode: put("\(code.rawValue)")
    case let id as UUID16: put(id.description)
    case let range as Range<Int>: put(hexText(Array(frame[range])))
    default:
        if type(of: value) == [UInt8].self, let bytes = value as? [UInt8] {
            return put(hexText(bytes))
        }
        if mirror.displayStyle == .collection {
            found[path + ".count"] = "\(mirror.children.count)"
            for (index, child) in mirror.children.enumerated() {
                flatten(child.value, "\(path).\(index)", frame, &found)
            }
        } else if mirror.children.isEmpty {
            put("\(value)")
        } else {
            for child in mirror.children {
                let label = child.label ?? "?"
                flatten(child.value, path.isEmpty ? label : "\(path).\(label)", frame, &found)
            }
        }
    }
}

/// Reads and writes messages of an API that is known only at run time.
struct AnyAPI: Sendable {
    /// Reads a message, calls back with what it says and what it is when written again.
    let read:
        @Sendable (_ isRequest: Bool, _ version: Int16, [UInt8]) throws(ProtocolError) -> (
            message: any WireStruct, bytesLeft: Int
        )
    let write:
        @Sendable (any WireStruct, _ version: Int16, _ payload: [UInt8]) throws(ProtocolError) ->
            [UInt8]

    init<A: KafkaAPI>(_ api: A.Type) {
        read = { (isRequest, version, bytes) throws(ProtocolError) in
            var reader = ByteReader(bytes.bytes)
            if isRequest {
                let message = try A.decodeRequest(&reader, version: version)
                return (message, reader.remaining)
            }
            let message = try A.decodeResponse(&reader, version: version)
            return (message, reader.remaining)
        }
        write = { (message, version, payload) throws(ProtocolError) in
            var output = ByteBuffer()
            if let request = message as? A.Request {
                try A.encode(
                    request: request,
                    version: version,
                    payload: payload.bytes,
                    into: &output
                )
            } else if let response = message as? A.Response {
                try A.encode(
                    response: response,
                    version: version,
                    payload: payload.bytes,
                    into: &output
                )
            }
            return Array(copying: output.bytes)
        }
    }

    init(_ key: APIKey) {
        switch key {
        case .produce: self.init(ProduceAPI.self)
        case .fetch: self.init(FetchAPI.self)
        case .listOffsets: self.init(ListOffsetsAPI.self)
        case .metadata: self.init(MetadataAPI.self)
        case .offsetCommit: self.init(OffsetCommitAPI.self)
        case .offsetFetch: self.init(OffsetFetchAPI.self)
        case .findCoordinator: self.init(FindCoordinatorAPI.self)
        case .joinGroup: self.init(JoinGroupAPI.self)
        case .heartbeat: self.init(HeartbeatAPI.self)
        case .leaveGroup: self.init(LeaveGroupAPI.self)
        case .syncGroup: self.init(SyncGroupAPI.self)
        case .describeGroups: self.init(DescribeGroupsAPI.self)
        case .listGroups: self.init(ListGroupsAPI.self)
        case .apiVersions: self.init(ApiVersionsAPI.self)
        case .createTopics: self.init(CreateTopicsAPI.self)
        case .deleteTopics: self.init(DeleteTopicsAPI.self)
        case .initProducerID: self.init(InitProducerIDAPI.self)
        case .describeConfigs: self.init(DescribeConfigsAPI.self)
        case .createPartitions: self.init(CreatePartitionsAPI.self)
        case .deleteGroups: self.init(DeleteGroupsAPI.self)
        case .describeCluster: self.init(DescribeClusterAPI.self)
        }
    }
}
