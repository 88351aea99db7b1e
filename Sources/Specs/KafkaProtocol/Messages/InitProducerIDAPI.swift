/// A producer asks for an id under which its batches are numbered.
public enum InitProducerIDAPI: KafkaAPI {
    package static let key = APIKey.initProducerID

    /// Who asks.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The producer's transactional name, or nil.
        public var transactionalID: String?
        /// After how long an open transaction is aborted.
        public var transactionTimeoutMilliseconds: Int32 = 0
        /// The id the producer has, or -1.
        public var producerID: Int64 = -1
        /// The epoch the producer has, or -1.
        public var producerEpoch: Int16 = -1

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&transactionalID)
            try coder.number(&transactionTimeoutMilliseconds)
            try coder.number(&producerID, from: 3)
            try coder.number(&producerEpoch, from: 3)
            try coder.tags()
        }
    }

    /// The id.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// Why there is no id.
        public var errorCode: ErrorCode = .none
        /// The id.
        public var producerID: Int64 = -1
        /// The epoch.
        public var producerEpoch: Int16 = -1

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.error(&errorCode)
            try coder.number(&producerID)
            try coder.number(&producerEpoch)
            try coder.tags()
        }
    }
}
