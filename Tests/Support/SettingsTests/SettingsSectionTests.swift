import Settings
import Telemetry
import Testing

@Suite struct SettingsSectionTests {
    @Test func `names that users choose are read in order, with the types of the table`() throws {
        let reader = Sample.reader(
            """
            pipes:
              zoo: {from: a, every: 5s, columns: {item: string, price: double}}
              bar: {from: [b, c]}
            """
        )
        let pipes = try #require(reader.section("pipes"))
        var seen: [String] = []
        for (name, pipe) in pipes.sections() {
            let from = try #require(pipe.required("from", .list(of: .text)))
            let every = pipe.value(
                "every",
                .duration(in: .zero...(.seconds(60))),
                default: .seconds(10)
            )
            let columns = pipe.section("columns")?.values(.text).map { "\($0.name):\($0.value)" }
            pipe.finish()
            seen.append("\(name) \(from) \(every) \(columns ?? [])")
        }
        pipes.finish()
        try reader.finish()
        #expect(
            seen == [
                "zoo [\"a\"] 5.0 seconds [\"item:string\", \"price:double\"]",
                "bar [\"b\", \"c\"] 10.0 seconds []",
            ]
        )
    }

    @Test func `unknown, missing and wrong keys are reported with their whole path`() {
        let problems = Sample.problems(
            """
            pipes:
              shop:
                form: a
                every: soon
              bar: 5
            """
        ) { reader in
            let pipes = reader.section("pipes")
            for (_, pipe) in pipes?.sections() ?? [] {
                _ = pipe.required("from", .text)
                _ = pipe.optional("every", .duration(in: .zero...(.seconds(60))))
                pipe.finish()
            }
        }
        #expect(
            problems == [
                "m.yaml:2:3: pipes.shop lacks the key from; add it, for example from: orders",
                "m.yaml:3:5: unknown key pipes.shop.form; did you mean from?",
                "m.yaml:4:5: pipes.shop.every: \"soon\" is no duration; "
                    + "write a whole number and a unit such as 250ms, 10s, 5m, 2h or 7d",
                "m.yaml:5:8: pipes.bar is a single value where a map belongs",
            ]
        )
    }

    @Test func `a key unlike all others lists what is known`() {
        let problems = Sample.problems("pipes: {zebra: {}}") {
            let pipes = $0.section("pipes")
            _ = pipes?.optional("from", .text)
            pipes?.finish()
        }
        #expect(problems == ["m.yaml:1:9: unknown key pipes.zebra; known here: from"])
    }

    @Test func `secrets come from files here, too`() throws {
        let reader = Sample.reader(
            "pipes: {token_file: t, key: k}",
            files: ["/etc/m/t": "sesame"]
        )
        let pipes = try #require(reader.section("pipes"))
        #expect(pipes.required("token", .secret)?.revealed == "sesame")
        #expect(pipes.optional("key", .secret) == nil)
        pipes.finish()
        do {
            try reader.finish()
            Issue.record("a plain secret was taken")
        } catch {
            #expect(error.problems.count == 1)
            #expect(error.description.contains("pipes.key: a secret must not stand"))
        }
    }

    @Test func `an empty part is like none`() throws {
        let reader = Sample.reader("pipes:\n")
        #expect(reader.section("pipes") == nil)
        try reader.finish()
    }
}
