import Telemetry
import Testing

@Suite struct MetricsTests {
    @Test func `the text has help, type and sorted samples`() {
        let registry = MetricsRegistry()
        registry.counter("b_total", help: "B.", labels: ["z": "2", "a": "1"]).add(3)
        registry.counter("b_total", help: "B.", labels: ["a": "0", "z": "9"]).add()
        registry.gauge("a", help: "A.").set(-1.5)
        #expect(
            registry.render() == """
                # HELP a A.
                # TYPE a gauge
                a -1.5
                # HELP b_total B.
                # TYPE b_total counter
                b_total{a="0",z="9"} 1
                b_total{a="1",z="2"} 3

                """
        )
    }

    @Test func `help and labels are escaped`() {
        let registry = MetricsRegistry()
        registry.gauge("g", help: "a\\b\nc \"d\"", labels: ["l": "a\\b\nc \"d\""]).set(1)
        #expect(registry.render().contains(#"# HELP g a\\b\nc "d""#))
        #expect(registry.render().contains(#"g{l="a\\b\nc \"d\""} 1"#))
    }

    @Test func `a histogram's buckets add up and end at infinity`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram(
            "h_seconds",
            help: "H.",
            bounds: [0.1, 1],
            labels: ["k": "v"]
        )
        for value in [0.1, 0.5, 7] { histogram.observe(value) }
        histogram.observe(.milliseconds(250))
        #expect(
            registry.render() == """
                # HELP h_seconds H.
                # TYPE h_seconds histogram
                h_seconds_bucket{k="v",le="0.1"} 1
                h_seconds_bucket{k="v",le="1"} 3
                h_seconds_bucket{k="v",le="+Inf"} 4
                h_seconds_sum{k="v"} 7.85
                h_seconds_count{k="v"} 4

                """
        )
    }

    @Test func `the same name and labels are the same metric`() {
        let registry = MetricsRegistry()
        let first = registry.counter("c_total", help: "C.", labels: ["a": "1", "b": "2"])
        let second = registry.counter("c_total", help: "C.", labels: ["b": "2", "a": "1"])
        #expect(first === second)
    }

    @Test func `a reading is taken when the text is made`() {
        let registry = MetricsRegistry()
        let source = registry.gauge("source", help: "S.")
        registry.gauge("reading", help: "R.") { source.value * 2 }
        source.set(21)
        #expect(registry.render().contains("reading 42\n"))
    }

    @Test func `no addition is lost between threads`() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("c_total", help: "C.")
        let gauge = registry.gauge("g", help: "G.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        gauge.add(0.5)
                    }
                }
            }
        }
        #expect(counter.value == 40_000)
        #expect(gauge.value == 20_000)
    }

    @Test func `what is gone is forgotten, by its whole label`() {
        let registry = MetricsRegistry()
        registry.gauge("g", help: "G.", labels: ["topic": "a,b\""]).set(1)
        registry.gauge("g", help: "G.", labels: ["topic": "a", "topic2": "a,b\""]).set(2)
        registry.forget(label: "topic", value: "a,b\"")
        #expect(registry.render().contains("topic2"))
        registry.forget(label: "topic", value: "a")
        #expect(registry.render() == "")
    }

    @Test func `a name that breaks the format's rules traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().gauge("9lives", help: "")
        }
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().gauge("ok", help: "", labels: ["le:ss": "x"])
        }
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.gauge("twice", help: "")
            _ = registry.counter("twice", help: "")
        }
    }

    @Test func `the process tells its memory, time, descriptors and start`() throws {
        let registry = MetricsRegistry()
        registry.registerProcessMetrics()
        let text = registry.render()
        func value(_ name: String) throws -> Double {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            let found = try #require(line)
            return try #require(Double(found.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(
            try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes")
        )
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect((3...10_000).contains(try value("process_open_fds")))
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect((1...1000).contains(try value("process_threads")))
        // Later than 2020 and earlier than 2100.
        #expect((1.57e9...4.1e9).contains(try value("process_start_time_seconds")))
    }
}
