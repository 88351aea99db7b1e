import Bytes
import Synchronization
import Testing
import Threads

@testable import Reactor

/// An echo server on one reactor.
private final class EchoServer: Sendable {
    let reactor: Reactor
    let port: UInt16
    let ended: Condition<Int>

    init() throws {
        let reactor = try Reactor(name: "echo")
        let listening = Condition<Result<UInt16, ReactorError>?>(nil)
        let ended = Condition(0)
        reactor.spawn {
            do throws(ReactorError) {
                let listener = try SocketListener(host: "127.0.0.1", port: 0, on: reactor)
                listening.update { $0 = .success(listener.address.port) }
                await withDiscardingTaskGroup { group in
                    while let accepted = await listener.accept() {
                        guard let socket = try? Socket(accepted, on: reactor) else { continue }
                        group.addTask(executorPreference: reactor) {
                            await Self.serve(socket)
                            ended.update { $0 += 1 }
                        }
                    }
                }
            } catch {
                listening.update { $0 = .failure(error) }
            }
        }
        self.reactor = reactor
        self.ended = ended
        port = try #require(listening.wait { $0 }).get()
    }

    private static func serve(_ socket: Socket) async {
        var buffer = ByteBuffer(capacity: 4096)
        while (try? await socket.read(into: &buffer, limit: 4096)) == true {
            #expect(socket.reactor.isCurrent)
            do { try await socket.write(&buffer) } catch { break }
            #expect(socket.reactor.isCurrent)
        }
        socket.close()
    }
}

@Suite struct EchoTests {
    @Test func `every client gets its own bytes back`() throws {
        let server = try EchoServer()
        let wrong = Mutex<[String]>([])
        let threads = (0..<16).map { number in
            Thread("client") {
                do {
                    let client = try BlockingClient(port: server.port)
                    for round in 0..<50 {
                        let message = [UInt8](repeating: UInt8(number), count: 1 + round * 97)
                        try client.send(message)
                        let answer = try client.receive(message.count)
                        if answer != message { wrong.withLock { $0.append("\(number)/\(round)") } }
                    }
                } catch {
                    wrong.withLock { $0.append("\(number): \(error)") }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == [])
        server.reactor.stop()
        #expect(server.ended.withLock { $0 } == 16)
    }

    @Test func `a peer that reads slowly gets everything`() throws {
        let server = try EchoServer()
        let client = try BlockingClient(port: server.port)
        let message = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let sender = Thread("sender") { [message] in try? client.send(message) }
        let answer = try client.receive(message.count)
        sender.join()
        #expect(answer == message)
        server.reactor.stop()
    }

    @Test func `a peer that goes away ends its connection and no other`() throws {
        let server = try EchoServer()
        let staying = try BlockingClient(port: server.port)
        do {
            let leaving = try BlockingClient(port: server.port)
            try leaving.send([1])
            #expect(try leaving.receive(1) == [1])
        }
        let ended = server.ended.wait(timeout: .seconds(20)) { $0 == 1 ? true : nil }
        #expect(ended == true)
        try staying.send([2, 3])
        #expect(try staying.receive(2) == [2, 3])
        server.reactor.stop()
    }

    @Test func `stopping closes idle connections and ends their tasks`() throws {
        let server = try EchoServer()
        let clients = try (0..<5).map { _ in try BlockingClient(port: server.port) }
        for client in clients {
            try client.send([9])
            #expect(try client.receive(1) == [9])
        }
        server.reactor.stop()
        #expect(server.ended.withLock { $0 } == 5)
        for client in clients { #expect(try client.receive(1) == []) }
    }
}
