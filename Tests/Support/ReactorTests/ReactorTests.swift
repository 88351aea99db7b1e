import Bytes
import Synchronization
import Testing
import Threads

@testable import Reactor

private actor Counter {
    private let reactor: Reactor
    private(set) var value = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe reactor.actors.asUnownedSerialExecutor()
    }

    init(on reactor: Reactor) { self.reactor = reactor }

    func add(afterSleep: Bool) async {
        #expect(reactor.isCurrent)
        if afterSleep { await reactor.sleep(for: .milliseconds(1)) }
        #expect(reactor.isCurrent)
        value += 1
    }
}

@Suite struct ReactorTests {
    @Test func `work from another thread runs in order`() throws {
        let reactor = try Reactor(name: "order")
        let seen = Condition<[Int]>([])
        for number in 0..<10_000 {
            reactor.execute { seen.update { $0.append(number) } }
        }
        let order = seen.wait(timeout: .seconds(20)) { $0.count == 10_000 ? $0 : nil }
        #expect(order == Array(0..<10_000))
        reactor.stop()
    }

    @Test func `no wake-up is lost between many threads and a sleeping loop`() throws {
        let reactor = try Reactor(name: "wakeups")
        let threads = (0..<4).map { _ in
            Thread("sender") {
                // Each round waits for its answer, so the loop goes to sleep again and again.
                for _ in 0..<2_000 {
                    let answered = Condition(false)
                    reactor.execute { answered.update { $0 = true } }
                    #expect(answered.wait(timeout: .seconds(20)) { $0 ? true : nil } == true)
                }
            }
        }
        for thread in threads { thread.join() }
        reactor.stop()
    }

    @Test func `timers fire in the order they are due and not when cancelled`() throws {
        let reactor = try Reactor(name: "timers")
        let seen = Condition<[Int]>([])
        reactor.execute {
            reactor.schedule(after: .milliseconds(30)) { seen.update { $0.append(3) } }
            reactor.schedule(after: .milliseconds(10)) { seen.update { $0.append(1) } }
            let cancelled = reactor.schedule(after: .milliseconds(15)) {
                seen.update { $0.append(99) }
            }
            reactor.schedule(after: .milliseconds(20)) { seen.update { $0.append(2) } }
            reactor.cancel(cancelled)
        }
        let order = seen.wait(timeout: .seconds(20)) { $0.count == 3 ? $0 : nil }
        #expect(order == [1, 2, 3])
        reactor.stop()
    }

    @Test func `an actor whose executor is the reactor runs on its thread`() async throws {
        let reactor = try Reactor(name: "actor")
        let counter = Counter(on: reactor)
        await withDiscardingTaskGroup { group in
            for number in 0..<100 {
                group.addTask { await counter.add(afterSleep: number.isMultiple(of: 10)) }
            }
        }
        #expect(await counter.value == 100)
        reactor.stop()
    }

    @Test func `an address in use is named in the error`() async throws {
        let reactor = try Reactor(name: "in-use")
        let outcome = Condition<String?>(nil)
        reactor.spawn {
            do throws(ReactorError) {
                let first = try SocketListener(host: "127.0.0.1", port: 0, on: reactor)
                _ = try SocketListener(host: "127.0.0.1", port: first.address.port, on: reactor)
                outcome.update { $0 = "no error" }
            } catch {
                outcome.update { $0 = error.isAddressInUse ? error.description : "\(error)" }
            }
        }
        let text = try #require(outcome.wait(timeout: .seconds(20)) { $0 })
        #expect(text.contains("127.0.0.1:") && text.contains("choose another port"))
        reactor.stop()
    }
}

@Suite struct TimerQueueTests {
    @Test func `cancelled timers do not pile up`() {
        var queue = TimerQueue()
        let kept = queue.add(due: 1_000_000) {}
        for round in 0..<10_000 {
            queue.cancel(queue.add(due: UInt64(round)) {})
        }
        #expect(queue.count == 1)
        #expect(queue.heapCount <= 130)
        #expect(queue.nextDue() == 1_000_000)
        queue.cancel(kept)
        #expect(queue.nextDue() == nil)
    }

    @Test func `any order of adding and cancelling fires what is left in order`() {
        var random = Lehmer(state: 7)
        for _ in 0..<200 {
            var queue = TimerQueue()
            var expected: [UInt64] = []
            let fired = Mutex<[UInt64]>([])
            for _ in 0..<100 {
                let due = random.next() % 50
                let id = queue.add(due: due) { fired.withLock { $0.append(due) } }
                if random.next() % 3 == 0 { queue.cancel(id) } else { expected.append(due) }
            }
            while let due = queue.nextDue() { queue.popDue(now: due)?() }
            #expect(fired.withLock { $0 } == expected.sorted())
        }
    }
}

/// A tiny seeded generator.
private struct Lehmer {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
