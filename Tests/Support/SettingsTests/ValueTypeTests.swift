import Testing

@testable import Settings

@Suite struct ValueTypeTests {
    private func read<Value>(_ type: ValueType<Value>, _ text: String) -> Value? {
        try? type.value(text: text, directory: "/base")
    }

    @Test(arguments: [
        ("64MiB", 64 << 20), ("1GB", 1_000_000_000), ("500 kB", 500_000), ("0", 0), ("7B", 7),
        ("64mib", nil), ("1.5GiB", nil), ("-1", nil), ("", nil), ("9223372036854775807", Int.max),
        ("9223372036854775807KiB", nil), ("1 MiB x", nil), ("٣KiB", nil),
    ])
    func `sizes have exact units`(text: String, bytes: Int?) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(arguments: [0, 1, 1000, 1024, 1536 << 10, 64 << 20, 1 << 40])
    func `the text of a size reads back`(bytes: Int) {
        #expect(ByteCount.parse(ByteCount.text(bytes)) == bytes)
    }

    @Test(arguments: [
        ("127.0.0.1:9092", true), ("localhost:0", true), ("[::1]:80", true), ("127.9.9.9:1", true),
        ("0.0.0.0:9092", false), ("[::]:80", false), ("host-1.example.com:65535", false),
        ("127.0.0.1.example.com:1", false), ("127.1:80", false),
    ])
    func `an address knows whether only this machine can reach it`(text: String, loopback: Bool)
        throws
    {
        let address = try #require(Address(text))
        #expect(address.isLoopback == loopback)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "9092", ":9092", "host", "host:", "host:65536", "host:-1", "::1:80", "[host:80", "a b:80",
        "[]:80", "host:+1", "http://host:80", "host:80/x", "host:٣",
    ])
    func `what is no address is refused`(text: String) {
        #expect(Address(text) == nil)
    }

    @Test func `only true and false are booleans`() {
        #expect(read(.boolean, "true") == true)
        #expect(read(.boolean, "false") == false)
        for text in ["yes", "no", "on", "off", "True", "1", ""] {
            #expect(read(.boolean, text) == nil)
        }
    }

    @Test func `numbers, sizes and durations keep their bounds`() {
        #expect(read(.integer(in: 1...5), "5") == 5)
        #expect(read(.integer(in: 1...5), "6") == nil)
        #expect(read(.bytes(in: 1024...2048), "1KiB") == 1024)
        #expect(read(.bytes(in: 1024...2048), "1023") == nil)
        #expect(read(.duration(in: .seconds(1)...(.seconds(60))), "1m") == .seconds(60))
        #expect(read(.duration(in: .seconds(1)...(.seconds(60))), "61s") == nil)
        #expect(read(.duration(in: .seconds(1)...(.seconds(60))), "5") == nil)
    }

    @Test(arguments: [
        ("/a/b", "/a/b"), ("b", "/base/b"), ("./b", "/base/b"), (".//./b/", "/base/b/"),
        ("../b", "/base/../b"), (".", "/base"), ("./", "/base"),
    ])
    func `relative paths start from the directory`(text: String, path: String) {
        #expect(read(.path, text) == path)
    }

    @Test func `a wrong choice names the nearest`() {
        #expect(throws: SettingsComplaint.self) {
            try ValueType.choice(Colour.self).value(text: "gren", directory: "/")
        }
        do {
            _ = try ValueType.choice(Colour.self).value(text: "gren", directory: "/")
        } catch {
            #expect(error.advice == "did you mean green?")
        }
    }

    @Test(arguments: [
        ("kitten", "sitting", 3), ("", "abc", 3), ("abcd", "abdc", 1), ("same", "same", 0),
        ("listen", "lsiten", 1),
    ])
    func `the distance of names counts changes and swaps`(a: String, b: String, steps: Int) {
        #expect(NearestName.distance(Array(a.utf8), Array(b.utf8)) == steps)
    }
}
