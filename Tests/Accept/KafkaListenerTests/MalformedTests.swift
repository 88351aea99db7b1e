import Bytes
import Clocks
import EventLog
import KafkaProtocol
import Telemetry
import Testing

@testable import KafkaListener

/// Whatever bytes come, they end at most their own connection.
@Suite struct MalformedTests {
    /// Sends bytes on a connection of its own; true when the server closes it without an answer.
    private func isClosed(
        _ world: ListenerWorld,
        after bytes: borrowing ByteBuffer
    ) throws -> Bool {
        let client = try WireClient(port: world.port)
        try client.send(bytes.bytes)
        return try client.receiveFrame() == nil
    }

    private func expectAlive(_ world: ListenerWorld) throws {
        let client = try WireClient(port: world.port)
        try client.send(ApiVersionsAPI.self, version: 3, id: 5)
        #expect(try client.receive(ApiVersionsAPI.self, version: 3)?.id == 5)
    }

    @Test(arguments: [-1, Int32.min, Int32.max, (100 << 20) + 1, 0, 1, 7] as [Int32])
    func `a frame whose length lies closes the connection`(length: Int32) throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        var bytes = ByteBuffer()
        bytes.append(length)
        for _ in 0..<16 { bytes.append(0xff as UInt8) }
        #expect(try isClosed(world, after: bytes))
        try expectAlive(world)
        let told = world.lines.lines.contains { $0.contains("connection closed") }
        #expect(told)
    }

    @Test func `unknown requests and versions close the connection`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        for (key, version) in [(0, 0), (0, 99), (1, 0), (3, 50), (24, 0), (12_345, 0), (-7, 3)]
            as [(Int16, Int16)]
        {
            var bytes = ByteBuffer()
            bytes.append(14 as Int32)
            bytes.append(key)
            bytes.append(version)
            bytes.append(9 as Int32)
            bytes.append(-1 as Int16)
            bytes.append(0 as Int32)
            #expect(try isClosed(world, after: bytes))
        }
        try expectAlive(world)
    }

    @Test func `a truncated body closes the connection`() throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        let batch = ListenerWorld.batch(100)
        var whole = ByteBuffer()
        try WireClient.append(ProduceAPI.self, version: 9, id: 1, payload: batch, to: &whole) {
            ListenerWorld.fill(&$0, "t", batch)
        }
        for length in stride(from: 8, to: whole.count - 4, by: 9) {
            var bytes = ByteBuffer()
            bytes.append(Int32(length))
            bytes.append(whole.bytes.extracting(4..<(4 + length)))
            #expect(try isClosed(world, after: bytes))
        }
        try expectAlive(world)
    }

    @Test(arguments: 0..<40) func `random bytes in a valid frame end only their connection`(
        _ seed: Int
    ) throws {
        let world = try ListenerWorld()
        defer { world.stop() }
        _ = try world.log.createTopic("t", partitions: 1)
        var random = SeededRandom(seed: UInt64(seed))
        let keys = APIKey.allCases
        for _ in 0..<20 {
            let client = try WireClient(port: world.port)
            let api = keys[Int(random.next() % UInt64(keys.count))]
            let versions = api.versions
            var bytes = ByteBuffer()
            let length = Int(random.next() % 300)
            bytes.append(Int32(10 + length))
            bytes.append(api.rawValue)
            bytes.append(versions.lowerBound + Int16(random.next() % UInt64(versions.count)))
            bytes.append(1 as Int32)
            bytes.append(-1 as Int16)
            for _ in 0..<length {
                // Small numbers are more likely to be taken for lengths that fit.
                let byte = UInt8(truncatingIfNeeded: random.next())
                bytes.append(random.next() % 2 == 0 ? byte & 3 : byte)
            }
            try? client.send(bytes.bytes)
        }
        try expectAlive(world)
    }

    @Test func `an idle connection is closed and a busy one is not`() throws {
        let world = try ListenerWorld { $0.idleMax = .milliseconds(100) }
        defer { world.stop() }
        let idle = try WireClient(port: world.port)
        let busy = try WireClient(port: world.port)
        var half = ByteBuffer()
        half.append(100 as Int32)
        try idle.send(half.bytes)
        let closed = try idle.receiveFrame() == nil
        #expect(closed)
        try busy.send(ApiVersionsAPI.self, version: 3)
        _ = try? busy.receive(ApiVersionsAPI.self, version: 3)
    }

    @Test func `connections above the limit are refused and others go on`() throws {
        let world = try ListenerWorld { $0.connectionsMax = 2 }
        defer { world.stop() }
        let clients = try (0..<2).map { _ in try WireClient(port: world.port) }
        for client in clients {
            try client.send(ApiVersionsAPI.self, version: 3)
            #expect(try client.receive(ApiVersionsAPI.self, version: 3) != nil)
        }
        let surplus = try WireClient(port: world.port)
        #expect(try surplus.receiveFrame() == nil)
        try clients[0].send(ApiVersionsAPI.self, version: 3)
        #expect(try clients[0].receive(ApiVersionsAPI.self, version: 3) != nil)
    }
}
