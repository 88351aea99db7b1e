import Clocks
import Testing
import Threads

@testable import Broker

@Suite struct BlockingWorkTests {
    @Test func `work is done in order, on one thread`() {
        let work = BlockingWork(clock: SystemClocks()) { MonotonicInstant(nanoseconds: .max) }
        let seen = Condition<[Int]>([])
        for number in 0..<1000 { work.perform { seen.update { $0.append(number) } } }
        work.stop()
        #expect(seen.withLock { $0 } == Array(0..<1000))
        work.stop()
    }

    @Test func `a sooner deadline wakes the thread from a longer sleep`() {
        let clock = SystemClocks()
        let ticks = Condition(0)
        let work = BlockingWork(clock: clock) {
            ticks.update { $0 += 1 }
            return MonotonicInstant(nanoseconds: .max)
        }
        let now: MonotonicInstant = clock.now()
        work.wake(at: now + .seconds(3600))
        work.wake(at: now + .milliseconds(20))
        #expect(ticks.wait(timeout: .seconds(20)) { $0 == 1 ? true : nil } == true)
        work.stop()
        #expect(ticks.withLock { $0 } == 1)
    }

    @Test func `a tick names the next one`() {
        let clock = SystemClocks()
        let ticks = Condition(0)
        let work = BlockingWork(clock: clock) {
            let count = ticks.update { count -> Int in
                count += 1
                return count
            }
            let now: MonotonicInstant = clock.now()
            return count < 5 ? now + .milliseconds(1) : MonotonicInstant(nanoseconds: .max)
        }
        work.wake(at: clock.now())
        #expect(ticks.wait(timeout: .seconds(20)) { $0 == 5 ? true : nil } == true)
        work.stop()
    }
}
