import Synchronization

/// All metrics of a process, by name and labels, and their text in Prometheus' exposition format
/// (version 0.0.4).
///
/// Metrics are registered once, by the part that owns them, with all their labels, and then kept as
/// a property: counting is one atomic addition and never a look-up. Registering the same name and
/// labels again gives the same metric back. A name that breaks the format's rules, or that is
/// registered with another kind, is a mistake in the program and traps.
///
/// Names are `millrace_<room>_<what>_<unit>`, counters end in `_total`; units are seconds and
/// bytes.
public final class MetricsRegistry: Sendable {
    enum Kind: String { case counter, gauge, histogram }

    enum Metric: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        /// Read when the text is made.
        case reading(@Sendable () -> Double)
    }

    struct Family: Sendable {
        var kind: Kind
        var help: String
        /// By rendered labels.
        var metrics: [String: Metric] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    /// A registry without metrics.
    public init() {}

    /// The counter with this name and these labels.
    public func counter(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Counter {
        let metric = register(name, .counter, help, labels) { .counter(Counter()) }
        guard case .counter(let counter) = metric else { Self.conflict(name) }
        return counter
    }

    /// The gauge with this name and these labels.
    public func gauge(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Gauge {
        let metric = register(name, .gauge, help, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = metric else { Self.conflict(name) }
        return gauge
    }

    /// The histogram with this name and these labels; `bounds` count at the first registration.
    public func histogram(
        _ name: String,
        help: String,
        bounds: [Double] = Histogram.seconds,
        labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        Self.check(!labels.contains { $0.key == "le" }, name, "the label le belongs to buckets")
        let metric = register(name, .histogram, help, labels) {
            .histogram(Histogram(bounds: bounds))
        }
        guard case .histogram(let histogram) = metric else { Self.conflict(name) }
        return histogram
    }

    /// A gauge whose value is asked for whenever the text is made: lag, memory, queue lengths.
    ///
    /// `read` runs on the thread that renders and must be quick. A second registration replaces the
    /// first.
    public func gauge(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        replace(name, .gauge, help, labels, .reading(read))
    }

    /// A counter whose value is asked for whenever the text is made, for sums that something else
    /// keeps.
    public func counter(
        _ name: String,
        help: String,
        labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double
    ) {
        replace(name, .counter, help, labels, .reading(read))
    }

    /// Forgets every metric that has this label with this value: a topic or a pipeline that is
    /// gone.
    public func forget(label: String, value: String) {
        let pair = PrometheusText.label(label, value)
        families.withLock { families in
            for (name, family) in families {
                let kept = family.metrics.filter {
                    !PrometheusText.pairs(in: $0.key).contains(pair)
                }
                families[name]?.metrics = kept
            }
        }
    }

    /// The exposition text, families and metrics sorted by name and labels.
    public func render() -> String {
        let snapshot = families.withLock { $0 }
        var text = PrometheusText()
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key })
        where !family.metrics.isEmpty {
            text.append(name, family)
        }
        return text.text
    }

    /// The media type of `render()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func register(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ labels: KeyValuePairs<String, String>,
        _ make: () -> Metric
    ) -> Metric {
        let key = Self.key(name, labels)
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: help)
            Self.check(family.kind == kind, name, "it is registered as another kind")
            let metric = family.metrics[key] ?? make()
            family.metrics[key] = metric
            families[name] = family
            return metric
        }
    }

    private func replace(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ labels: KeyValuePairs<String, String>,
        _ metric: Metric
    ) {
        let key = Self.key(name, labels)
        families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: help)
            Self.check(family.kind == kind, name, "it is registered as another kind")
            family.metrics[key] = metric
            families[name] = family
        }
    }

    private static func key(_ name: String, _ labels: KeyValuePairs<String, String>) -> String {
        check(PrometheusText.isName(name, colons: true), name, "not a metric name")
        for (label, _) in labels {
            check(PrometheusText.isName(label, colons: false), name, "\(label) is not a label name")
        }
        return labels.sorted { $0.key < $1.key }
            .map { PrometheusText.label($0.key, $0.value) }
            .joined(separator: ",")
    }

    private static func check(_ holds: Bool, _ name: String, _ complaint: String) {
        precondition(holds, "metric \(name): \(complaint)")
    }

    private static func conflict(_ name: String) -> Never {
        preconditionFailure("metric \(name): it is registered as another kind")
    }
}
