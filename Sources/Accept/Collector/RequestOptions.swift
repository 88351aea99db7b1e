import Compression
import HTTPServer

/// What a request says besides its events.
struct RequestOptions {
    /// `?key=`: the top-level field whose value becomes the record's key.
    var keyField: String?
    /// `?partition=`, as written.
    var partition: String?
    var form: BodyForm
    var encoding: CompressionCodec
    /// The headers every record gets: lines `Millrace-Header-<name>: value` become `<name>`, in
    /// lower case.
    var headers: [(key: String, value: [UInt8]?)] = []

    static let headerPrefix = "millrace-header-"

    init(_ request: HTTPRequest) throws(CollectorError) {
        keyField = request.queryValue("key")
        if keyField?.isEmpty == true { throw .invalidKeyField }
        partition = request.queryValue("partition")
        form = try BodyForm(contentType: request.headers["Content-Type"])
        encoding = try Self.encoding(request.headers["Content-Encoding"])
        for line in request.headers where line.name.utf8.count > Self.headerPrefix.utf8.count {
            let name = line.name.lowercased()
            guard name.hasPrefix(Self.headerPrefix) else { continue }
            let key = String(name.dropFirst(Self.headerPrefix.count))
            headers.append((key: key, value: Array(line.value.utf8)))
        }
    }

    private static func encoding(_ text: String?) throws(CollectorError) -> CompressionCodec {
        switch text?.lowercased() {
        case nil, "", "identity": return .none
        case "gzip", "x-gzip": return .gzip
        case "zstd": return .zstd
        default: throw .unsupportedEncoding(text ?? "")
        }
    }
}
