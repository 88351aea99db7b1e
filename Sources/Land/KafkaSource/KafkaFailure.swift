internal import CRdKafka

/// What librdkafka's errors mean for landing.
enum KafkaFailure {
    /// The offset is not there.
    case outOfRange
    /// The bytes there cannot be what was written.
    case damaged
    /// Reading again later may help.
    case passing

    /// The meaning of `code`.
    init(_ code: rd_kafka_resp_err_t) {
        switch code {
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            self = .outOfRange
        case RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
            RD_KAFKA_RESP_ERR_INVALID_MSG, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
            RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, Self.logTruncation:
            self = .damaged
        default:
            self = .passing
        }
    }

    /// The log was cut below an offset that had been read (librdkafka 2.1 and later).
    private static let logTruncation = rd_kafka_resp_err_t(rawValue: -139)
}
