import Configuration
import RedisClient
import Testing

@Suite struct MirrorConfigurationTests {
    private func yaml(_ mirror: String) -> String {
        "pipelines: {p: {from: a, into: t, mirror: \(mirror)}}"
    }

    @Test func `a mirror has an address, with the environment's values in it, and a prefix`() throws
    {
        let full = try configuration(
            yaml(#"{redis: "redis://:${WORD}@cache:7000/2", prefix: "lake:"}"#),
            environment: ["WORD": "secret"]
        )
        let mirror = try #require(full.pipelines.first?.mirror)
        #expect(mirror.redis.password == "secret" && mirror.redis.port == 7000)
        #expect(mirror.prefix == "lake:")
        let plain = try configuration(yaml("{redis: redis://cache}"))
            .pipelines.first?.mirror
        #expect(plain?.prefix == "" && plain?.redis.port == 6379)
    }

    @Test func `what is wrong with a mirror is said`() {
        #expect(problems(yaml("{prefix: x}")).contains("p.mirror lacks the key redis"))
        #expect(
            problems(yaml("{redis: cache}"))
                .contains("mirror.redis: is no address of Redis: it does not begin with redis://")
        )
        #expect(problems(yaml("{redis: rediss://cache}")).contains("TLS is not supported"))
        #expect(
            problems(yaml("{redis: 'redis://${WORD}@cache'}"))
                .contains("the environment has no variable WORD")
        )
        #expect(problems(yaml("{redis: redis://cache, more: 1}")).contains("p.mirror.more"))
    }
}
