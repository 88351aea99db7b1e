internal import Telemetry

/// What the listener counts.
internal struct ListenerMetrics: Sendable {
    let connections: Gauge
    let requests: Counter
    let violations: Counter
    let receivedBytes: Counter
    let sentBytes: Counter

    init(_ registry: MetricsRegistry) {
        connections = registry.gauge(
            "millrace_kafka_connections",
            help: "Connections of Kafka clients that are open."
        )
        requests = registry.counter(
            "millrace_kafka_requests_total",
            help: "Requests of Kafka clients."
        )
        violations = registry.counter(
            "millrace_kafka_violations_total",
            help: "Connections that were closed because of what came over them."
        )
        receivedBytes = registry.counter(
            "millrace_kafka_received_bytes_total",
            help: "Bytes received from Kafka clients."
        )
        sentBytes = registry.counter(
            "millrace_kafka_sent_bytes_total",
            help: "Bytes sent to Kafka clients."
        )
    }
}
