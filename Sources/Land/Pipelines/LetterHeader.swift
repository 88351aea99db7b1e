import Bytes
import JSONText
import KafkaProtocol

/// A header of a record that became a dead letter.
public struct LetterHeader: Equatable, Sendable {
    /// Its name.
    public let key: String
    /// Its bytes, if it has any.
    public let value: [UInt8]?

    /// A header.
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

// Headers stand in dead-letter tables as text that SQL can look into:
//
//     [{"key": "trace-id", "value": "7f3a"}, {"key": "raw", "hex": "00ff"},
//      {"key": "empty", "value": null}]
extension LetterHeader {
    /// The headers as text; nil for none, or when they cannot be read.
    static func text(of record: borrowing Record) -> String? {
        var headers: [JSONValue] = []
        do throws(RecordBatchError) {
            var cursor = record.headers
            while let header = try cursor.next() {
                let key = JSONValue.string(String(repairingUTF8: header.key))
                if let value = header.value {
                    headers.append(
                        String(validatingUTF8: value).map { ["key": key, "value": .string($0)] }
                            ?? ["key": key, "hex": .string(HexText.encoded(value))]
                    )
                } else {
                    headers.append(["key": key, "value": .null])
                }
            }
        } catch { return nil }
        return headers.isEmpty ? nil : JSONValue.array(headers).text()
    }

    /// The headers that `text(of:)` wrote; none where the text is something else.
    public static func parse(_ text: String) -> [LetterHeader] {
        guard let entries = (try? JSONValue.parse(text))?.arrayValue else { return [] }
        return entries.compactMap { entry in
            guard let key = entry["key"]?.stringValue else { return nil }
            let value =
                entry["value"]?.stringValue.map { Array($0.utf8) }
                ?? entry["hex"]?.stringValue.flatMap(HexText.decoded)
            return LetterHeader(key: key, value: value)
        }
    }
}
