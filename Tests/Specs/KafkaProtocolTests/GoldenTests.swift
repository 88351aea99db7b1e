import Testing

@testable import KafkaProtocol

/// Every message in every version against kio and kafka-python, in both directions.
@Suite struct GoldenTests {
    @Test(arguments: APIKey.allCases)
    func `messages of other implementations say here what they say there`(_ key: APIKey) throws {
        let api = AnyAPI(key)
        for golden in try GoldenMessage.all(of: key) {
            let (message, left) = try api.read(golden.isRequest, golden.version, golden.bytes)
            #expect(left == 0, "\(golden): bytes left")
            let found = flattened(message, frame: golden.bytes)
            for (path, value) in golden.values {
                #expect(found[path] == value, "\(golden): \(path)")
            }
            guard !golden.hasUnknownTags else { continue }
            let written = try api.write(message, golden.version, golden.bytes)
            #expect(hexText(written) == hexText(golden.bytes), "\(golden)")
        }
    }

    @Test(arguments: APIKey.allCases)
    func `every version of every message has a golden one`(_ key: APIKey) throws {
        let all = try GoldenMessage.all(of: key)
        for version in key.versions {
            #expect(all.contains { $0.isRequest && $0.version == version }, "request v\(version)")
            #expect(all.contains { !$0.isRequest && $0.version == version }, "response v\(version)")
        }
    }

    @Test(arguments: APIKey.allCases)
    func `fields that a version does not have keep their defaults`(_ key: APIKey) throws {
        let api = AnyAPI(key)
        // What is read in one version and written in another must be readable again there.
        for golden in try GoldenMessage.all(of: key) where !golden.hasUnknownTags {
            let (message, _) = try api.read(golden.isRequest, golden.version, golden.bytes)
            for version in key.versions {
                let written = try api.write(message, version, golden.bytes)
                let (again, left) = try api.read(golden.isRequest, version, written)
                #expect(left == 0, "\(golden) as v\(version)")
                let rewritten = try api.write(again, version, written)
                #expect(rewritten == written, "\(golden) as v\(version)")
            }
        }
    }

    @Test(arguments: APIKey.allCases)
    func `a message cut short anywhere is refused`(_ key: APIKey) throws {
        let api = AnyAPI(key)
        for golden in try GoldenMessage.all(of: key) {
            for length in 0..<golden.bytes.count {
                let error = #expect(throws: ProtocolError.self, "\(golden) of \(length) bytes") {
                    try api.read(golden.isRequest, golden.version, Array(golden.bytes[..<length]))
                }
                #expect((error?.offset ?? -1) <= length)
                #expect(error?.message == golden.description)
            }
        }
    }

    @Test(arguments: APIKey.allCases)
    func `mutated and random messages never trap`(_ key: APIKey) throws {
        let api = AnyAPI(key)
        var random = SplitMix(seed: 0x5eed &+ UInt64(key.rawValue))
        let all = try GoldenMessage.all(of: key)
        var refused = 0
        for round in 0..<3000 {
            let golden = all[round % all.count]
            let bytes =
                round % 8 == 0
                ? random.bytes(Int.random(in: 0...200, using: &random))
                : random.mutate(golden.bytes)
            do throws(ProtocolError) {
                let (message, _) = try api.read(golden.isRequest, golden.version, bytes)
                // What could be read can be written in every version, or is refused.
                _ = try api.write(message, golden.version, bytes)
                _ = try api.write(message, key.versions.lowerBound, bytes)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}
