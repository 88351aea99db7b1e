internal import EventLog
internal import KafkaProtocol

extension ErrorCode {
    /// What clients are told of the log's errors.
    internal init(_ error: LogError) {
        switch error {
        case .topicExists: self = .topicAlreadyExists
        case .unknownTopic, .deleted: self = .unknownTopicOrPartition
        case .invalidTopicName: self = .invalidTopicException
        case .invalidPartitionCount: self = .invalidPartitions
        case .settingTooLong: self = .invalidConfig
        case .outOfRange: self = .offsetOutOfRange
        case .corrupt: self = .corruptMessage
        // Clients wait and try again. An unknown error would make some of them break the order of
        // records (KAFKA-14034).
        case .locked, .storage, .overloaded, .closed, .failed: self = .kafkaStorageError
        }
    }

    /// What producers are told when their batch was refused.
    internal init(_ error: AppendError) {
        switch error {
        case .invalidBatch(let reason): self.init(reason)
        case .batchTooLarge: self = .messageTooLarge
        case .outOfOrderSequence: self = .outOfOrderSequenceNumber
        case .invalidProducerEpoch: self = .invalidProducerEpoch
        case .severalIdempotentBatches: self = .invalidRecord
        case .deleted: self = .unknownTopicOrPartition
        case .noSpace, .storage: self = .kafkaStorageError
        }
    }

    /// What producers are told when their bytes are not a batch they may send.
    internal init(_ error: RecordBatchError) {
        switch error {
        case .truncated, .lengthOutOfRange, .checksumMismatch: self = .corruptMessage
        case .unsupportedMagic: self = .unsupportedForMessageFormat
        case .unknownCodec, .codecNotAllowed: self = .unsupportedCompressionType
        case .trailingBytes, .recordCountOutOfRange, .controlBatch, .sequenceMissing, .compression,
            .malformedRecord:
            self = .invalidRecord
        }
    }
}
