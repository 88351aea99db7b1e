import Bytes
import EventLog
import Files
import KafkaProtocol
import Testing

@testable import Broker

@Suite struct TableTests {
    @Test func `everything advertised can be read and written`() {
        for handler in Broker<CrashFiles>.table {
            #expect(handler.api.versions.contains(handler.versions.lowerBound))
            #expect(handler.api.versions.contains(handler.versions.upperBound))
            #expect(handler.advertised.upperBound == handler.versions.upperBound)
        }
    }

    @Test(arguments: Int16(0)...4) func `ApiVersions tells the table`(version: Int16) throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        let response = try world.ask(ApiVersionsAPI.self, version: version)
        #expect(response.errorCode == .none)
        let told = Dictionary(uniqueKeysWithValues: response.apis.map { ($0.key, $0) })
        #expect(told.count == Broker<CrashFiles>.table.count)
        for handler in Broker<CrashFiles>.table {
            #expect(told[handler.api.rawValue]?.versionMin == handler.advertised.lowerBound)
            #expect(told[handler.api.rawValue]?.versionMax == handler.advertised.upperBound)
        }
        // Old librdkafka turns compression off when it sees another minimum.
        #expect(told[APIKey.produce.rawValue]?.versionMin == 0)
    }

    @Test func `an unknown version of ApiVersions is answered in version 0`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        var frame = ByteBuffer()
        frame.append(APIKey.apiVersions.rawValue)
        frame.append(99 as Int16)
        frame.append(77 as Int32)
        frame.append(utf8: "whatever follows in a version nobody knows")
        let answer = try #require(try world.answer(to: Slab(frame)))
        var bytes = ByteBuffer()
        try answer.write(into: &bytes)
        let response = try BrokerWorld.decode(ApiVersionsAPI.self, version: 0, bytes.bytes)
        #expect(response.errorCode == .unsupportedVersion)
        #expect(response.apis.contains { $0.key == 18 && $0.versionMax == 4 })
    }

    @Test func `other unknown requests close the connection`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        for (key, version) in [(3, 99), (0, 2), (1, 3), (999, 0), (-1, 0)] as [(Int16, Int16)] {
            var frame = ByteBuffer()
            frame.append(key)
            frame.append(version)
            frame.append(77 as Int32)
            frame.append(-1 as Int16)
            let slab = Slab(frame)
            #expect(throws: BrokerWorld.Closed.self) { try world.answer(to: slab) }
        }
        let empty = Slab(ByteBuffer())
        #expect(throws: BrokerWorld.Closed.self) { try world.answer(to: empty) }
    }

    @Test func `every handler survives every beginning of its request`() throws {
        let world = try BrokerWorld()
        defer { world.stop() }
        for handler in Broker<CrashFiles>.table where handler.api != .fetch {
            for version in handler.versions {
                for length in 0..<40 {
                    var frame = ByteBuffer()
                    frame.append(handler.api.rawValue)
                    frame.append(version)
                    frame.append(77 as Int32)
                    frame.append(-1 as Int16)
                    for index in 0..<length { frame.append(UInt8(truncatingIfNeeded: index &* 7)) }
                    _ = world.outcome(of: Slab(frame))
                }
            }
        }
    }
}
