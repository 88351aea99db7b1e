import Telemetry

/// What the collector counts.
struct CollectorMetrics: Sendable {
    let events: Counter
    let eventBytes: Counter
    let requestsTaken: Counter
    let requestsRefused: Counter
    let requestsPostponed: Counter
    let requestsWaiting: Gauge
    let bytesWaiting: Gauge
    let appendSeconds: Histogram

    init(_ registry: MetricsRegistry) {
        events = registry.counter(
            "millrace_collector_events_total",
            help: "Events acknowledged as durable."
        )
        eventBytes = registry.counter(
            "millrace_collector_event_bytes_total",
            help: "Bytes of the acknowledged events, as they came."
        )
        func requests(_ outcome: String) -> Counter {
            registry.counter(
                "millrace_collector_requests_total",
                help: "Requests by outcome: taken, refused for their content, postponed for load.",
                labels: ["outcome": outcome]
            )
        }
        requestsTaken = requests("taken")
        requestsRefused = requests("refused")
        requestsPostponed = requests("postponed")
        requestsWaiting = registry.gauge(
            "millrace_collector_requests_waiting",
            help: "Requests whose events wait for the log."
        )
        bytesWaiting = registry.gauge(
            "millrace_collector_waiting_bytes",
            help: "Bytes of record batches that wait for the log."
        )
        appendSeconds = registry.histogram(
            "millrace_collector_append_seconds",
            help: "From the complete request to its durable append."
        )
    }
}
