import Configuration
import Settings
import Testing

@Suite struct SourceConfigurationTests {
    private let yaml = """
        sources:
          prod:
            kafka:
              bootstrap.servers: a:1,b:2
              sasl.password: x-${SECRET}-${OTHER}
              fetch.wait.max.ms: 100
        pipelines:
          p: {source: prod, from: ["game-*", plain], into: t}
        """

    @Test func `a source is properties, with the environment's values in them`() throws {
        let configuration = try configuration(
            yaml,
            environment: ["SECRET": "${OTHER}", "OTHER": "o"]
        )
        let source = try #require(configuration.sources.first)
        #expect(source.name == "prod" && configuration.sources.count == 1)
        #expect(
            source.properties.map { "\($0.name)=\($0.value)" } == [
                "bootstrap.servers=a:1,b:2", "sasl.password=x-${OTHER}-o",
                "fetch.wait.max.ms=100",
            ]
        )
        #expect(configuration.pipelines.first?.source == "prod")
        #expect(configuration.pipelines.first?.topics == ["game-*", "plain"])
    }

    @Test func `what a source lacks is said`() {
        #expect(
            problems(yaml, environment: ["SECRET": "s"])
                .contains("sasl.password: the environment has no variable OTHER")
        )
        #expect(
            problems("sources: {s: {}}")
                .contains("sources.s: does not say what it is; a Kafka cluster is kafka:")
        )
        #expect(problems("sources: {s: {kafka: {a: b}, more: 1}}").contains("sources.s.more"))
        #expect(
            problems("pipelines: {p: {source: prod, from: a, into: t}}")
                .contains("pipelines.p.source: there is no source prod; name it under sources")
        )
        #expect(
            problems(
                "sources: {x: {kafka: {a: b}}}\npipelines: {p: {source: y, from: a, into: t}}"
            ).contains("there is no source y; there are x")
        )
    }

    @Test(arguments: ["*", "a*", "*.b-*_c"])
    func `a star makes a pattern of a topic's name`(pattern: String) throws {
        let configuration = try configuration("pipelines: {p: {from: '\(pattern)', into: t}}")
        #expect(configuration.pipelines.first?.topics == [pattern])
    }
}
