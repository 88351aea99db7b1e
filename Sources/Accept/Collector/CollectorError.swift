import Compression
import EventLog
import JSONText

/// Why a request was refused. Nothing of it was appended, but for `partlyAppended`.
enum CollectorError: Error, Equatable {
    /// A place in the body: which event, counted from 1, and where it or the fault begins.
    struct Place: Equatable {
        var event: Int
        var line: Int
        var column: Int
    }

    case internalTopic(String)
    case invalidTopic(String, reason: String)
    case unknownTopic(String)
    case invalidPartition(String, topic: String, partitions: Int)
    case invalidKeyField
    case unsupportedMediaType(String)
    case unsupportedEncoding(String)
    case undecodable(CompressionError)
    case bodyTooLarge(limit: Int)
    case noEvents
    case invalidJSON(String, Place)
    case notAnObject(Place)
    case severalTexts(Place)
    case missingKey(field: String, Place)
    case keyNotScalar(field: String, Place)
    case eventTooLarge(bytes: Int, limit: Int, Place)
    case tooManyEvents(limit: Int)
    case batchesTooLarge(limit: Int)
    case tooManyRequests(limit: Int)
    case tooManyBytes(limit: Int)
    case log(LogError)
    case append(AppendError, partition: Int32)
}
