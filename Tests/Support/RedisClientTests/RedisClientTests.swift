import Testing

@testable import RedisClient

private func problem(_ text: String) -> String {
    do throws(RedisAddress.Problem) {
        _ = try RedisAddress(text)
        return ""
    } catch { return error.message }
}

@Test func `an address has a host, and what else it needs`() throws {
    let plain = try RedisAddress("redis://localhost")
    #expect(plain.host == "localhost" && plain.port == 6379 && plain.database == 0)
    #expect(plain.user == nil && plain.password == nil)
    let full = try RedisAddress("redis://ops:p%40ss%2Fw@[::1]:7000/3")
    #expect(full.host == "::1" && full.port == 7000 && full.database == 3)
    #expect(full.user == "ops" && full.password == "p@ss/w")
    let word = try RedisAddress("redis://secret@cache/")
    #expect(word.user == nil && word.password == "secret" && word.database == 0)
    #expect(try RedisAddress("redis://:secret@cache").password == "secret")
}

@Test func `an address shown to people has no password`() throws {
    #expect("\(try RedisAddress("redis://ops:secret@cache:1/2"))" == "redis://ops@cache:1/2")
    #expect("\(try RedisAddress("redis://secret@[::1]"))" == "redis://[::1]:6379/0")
}

@Test(arguments: [
    ("http://cache", "redis://"), ("rediss://cache", "TLS"), ("redis://", "no host"),
    ("redis://cache:0", "port"), ("redis://cache:x", "port"), ("redis://cache/x", "database"),
    ("redis://a%4@cache", "hexadecimal"), ("redis://a%zz@cache", "hexadecimal"),
])
func `what is no address is refused with a reason`(text: String, reason: String) {
    #expect(problem(text).contains(reason))
}

@Test func `a server that does not listen is unreachable`() throws {
    // Port 1 is nobody's on the loopback.
    let address = try RedisAddress("redis://127.0.0.1:1")
    do throws(RedisError) {
        _ = try RedisConnection(address, timeout: .seconds(2))
        Issue.record("somebody answered")
    } catch {
        guard case .unreachable(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("refused"))
    }
}
