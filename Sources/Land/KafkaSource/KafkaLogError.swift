/// Why there can be no connection to a Kafka cluster with the settings as they are.
public struct KafkaLogError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, in librdkafka's words where it said so.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
