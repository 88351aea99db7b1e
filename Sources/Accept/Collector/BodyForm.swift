import HTTPServer

/// How a body is cut into events.
enum BodyForm: Equatable {
    /// One object, or an array of objects.
    case json
    /// One object per line; empty lines are passed over.
    case lines
    /// What it looks like: an array, or objects one after the other, on one line or many.
    case sniffed

    /// The form that the content type asks for.
    ///
    /// Types that say nothing about the content are sniffed: none at all, text, bytes, and what
    /// curl sends for `-d` unless told otherwise. Types that say it is something else are refused.
    init(contentType: String?) throws(CollectorError) {
        guard let contentType else {
            self = .sniffed
            return
        }
        let bare = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
            .filter { $0 != 0x20 && $0 != 0x09 }
        let type = String(decoding: bare, as: UTF8.self).lowercased()
        switch type {
        case "application/json", "text/json":
            self = .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl",
            "application/x-jsonlines", "application/json-lines":
            self = .lines
        case "", "*/*", "text/plain", "application/octet-stream",
            "application/x-www-form-urlencoded":
            self = .sniffed
        default:
            guard type.hasSuffix("+json") else { throw .unsupportedMediaType(type) }
            self = .json
        }
    }
}
