/// Why bytes could not be compressed or decompressed.
public struct CompressionError: Error, Equatable, Sendable {
    /// What went wrong.
    public enum Reason: Equatable, Sendable {
        /// The input is not what the codec writes; the text is the library's own.
        case corrupt(String)
        /// The input ends before the compressed data do.
        case truncated
        /// The output would be larger than the caller allows.
        case tooLarge(limit: Int)
        /// The library refused to work: no memory, or a fault in how it is used.
        case failed(String)
    }

    /// The codec, or the format inside it, as a person would call it.
    public let codec: String
    /// What went wrong.
    public let reason: Reason

    init(_ codec: String, _ reason: Reason) {
        self.codec = codec
        self.reason = reason
    }
}

extension CompressionError: CustomStringConvertible {
    /// What happened, for a log line or an answer to a client.
    public var description: String {
        switch reason {
        case .corrupt(let detail): "the \(codec) data are corrupt: \(detail)"
        case .truncated: "the \(codec) data are cut short"
        case .tooLarge(let limit):
            "the \(codec) data decompress to more than the \(limit) bytes allowed"
        case .failed(let detail): "\(codec) failed: \(detail)"
        }
    }
}
