/// Prometheus' text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    mutating func append(_ name: String, _ family: MetricsRegistry.Family) {
        text += "# HELP \(name) \(Self.escaped(family.help, quote: false))\n"
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        for (labels, metric) in family.metrics.sorted(by: { $0.key < $1.key }) {
            switch metric {
            case .counter(let counter): sample(name, labels, String(counter.value))
            case .gauge(let gauge): sample(name, labels, Self.number(gauge.value))
            case .reading(let read): sample(name, labels, Self.number(read()))
            case .histogram(let histogram): append(name, labels, histogram)
            }
        }
    }

    private mutating func append(_ name: String, _ labels: String, _ histogram: Histogram) {
        // The buckets are read once, so that they agree with the count even while others observe.
        let counts = histogram.counts
        let prefix = labels.isEmpty ? "" : labels + ","
        var sum: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], counts) {
            sum += count
            sample("\(name)_bucket", "\(prefix)le=\"\(Self.number(bound))\"", String(sum))
        }
        sample("\(name)_sum", labels, Self.number(histogram.sum))
        sample("\(name)_count", labels, String(sum))
    }

    private mutating func sample(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    static func label(_ name: String, _ value: String) -> String {
        "\(name)=\"\(escaped(value, quote: true))\""
    }

    /// The single `name="value"` pairs of rendered labels.
    static func pairs(in labels: String) -> [String] {
        var pairs: [String] = []
        var current = ""
        var quoted = false
        var escaped = false
        for character in labels.unicodeScalars {
            if escaped {
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if character == ",", !quoted {
                pairs.append(current)
                current = ""
                continue
            }
            current.unicodeScalars.append(character)
        }
        return current.isEmpty ? pairs : pairs + [current]
    }

    private static func escaped(_ text: String, quote: Bool) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": out.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quote: out.append(contentsOf: "\\\"".unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    static func isName(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { byte in
            isDigit(byte) || byte == UInt8(ascii: "_")
                || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
                || (colons && byte == UInt8(ascii: ":"))
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
