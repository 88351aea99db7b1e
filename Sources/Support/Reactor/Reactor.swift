import CLinux
import Glibc
import Threads

/// One thread with an epoll loop that is also the executor of everything that uses its sockets.
///
/// A connection is a straight-line `async` function on a task that prefers the reactor as its
/// executor, or an actor whose `unownedExecutor` is `actors`; it never leaves the thread.
/// Suspending costs a function return, not a thread switch. Other threads reach it with `execute`,
/// whose wake-ups are batched: while the loop is awake nobody pays for a system call.
///
/// The loop per turn: jobs that are ready, work from other threads, timers that are due, then
/// readiness of sockets. Each part takes what was there when it began, so that none of them can
/// starve the others.
public final class Reactor: TaskExecutor, @unchecked Sendable {
    // @unchecked Sendable: `actors` and `finished` guard themselves; everything else is touched by
    // the reactor's own thread alone, which the entry points check.

    /// The executor of actors that live on this reactor.
    public let actors: ReactorMailbox
    internal let epoll: Int32
    private let finished = Condition(false)
    private var timers = TimerQueue()
    /// What is watched, by descriptor. A stale event is recognised by its generation.
    internal var sources: [Int32: any ReactorSource] = [:]
    internal var lastGeneration: UInt32 = 0

    private static let eventsPerTurnMax = 256
    /// In epoll's user data, the wake-up has this generation; sources begin at 1.
    private static let wakeupGeneration: UInt32 = 0

    /// Starts the reactor's thread. Linux shows the first 15 bytes of `name`.
    public init(name: String) throws(ReactorError) {
        actors = try ReactorMailbox(name: name)
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw ReactorError("epoll_create1", name) }
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue | EPOLLET.rawValue
        unsafe event.data.u64 = Self.userData(actors.wakeup, Self.wakeupGeneration)
        // SAFETY: the event lives for the call.
        guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, actors.wakeup, &event) == 0 else {
            let error = ReactorError("epoll_ctl", name)
            close(epoll)
            throw error
        }
        _ = Thread(name) { [self] in loop() }
    }

    // MARK: From any thread

    /// True on the reactor's own thread.
    public var isCurrent: Bool { actors.isCurrent }

    /// Starts a task that runs on this reactor.
    @discardableResult
    public func spawn(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await body() }
    }

    /// Runs `work` on the reactor's thread: soon, in the order of the calls of one thread.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        actors.post { $0.work.append(work) }
    }

    /// The task executor's entry point; called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        actors.enqueue(ReactorMailbox.Job(job: UnownedJob(job), isOfActor: false))
    }

    /// Closes every socket, lets the tasks that used them end, and stops the thread.
    ///
    /// Timers fire early. Returns when the thread is gone. Not for the reactor's own thread.
    public func stop() {
        precondition(!isCurrent, "a reactor cannot wait for its own end")
        actors.post { $0.isStopping = true }
        finished.wait { $0 ? () : nil }
    }

    // MARK: On the reactor's thread

    /// Traps unless called on the reactor's thread.
    public func preconditionCurrent() {
        actors.checkIsolated()
    }

    /// Runs `action` on this thread when `delay` has passed.
    @discardableResult
    public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> TimerID {
        preconditionCurrent()
        return timers.add(due: Self.now() &+ Self.nanoseconds(delay), action)
    }

    /// Forgets a scheduled action. No effect when it already ran.
    public func cancel(_ timer: TimerID) {
        preconditionCurrent()
        timers.cancel(timer)
    }

    /// Suspends the calling task, which runs on this reactor, for `delay`.
    public func sleep(for delay: Duration, isolation: isolated (any Actor)? = #isolation) async {
        // SAFETY: the timer fires once, so the continuation is resumed once.
        unsafe await withUnsafeContinuation(isolation: isolation) { continuation in
            schedule(after: delay) { unsafe continuation.resume() }
        }
    }

    private func loop() {
        actors.becomeOwner()
        let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.eventsPerTurnMax)
        while true {
            runReadyJobs()
            let isStopping = actors.takeInbox()
            let now = isStopping ? .max : Self.now()
            while let action = timers.popDue(now: now) { action() }
            if isStopping && actors.ready.isEmpty {
                if sources.isEmpty { break }
                for source in Array(sources.values) { source.reactorStops() }
                continue
            }
            let count = unsafe waitForEvents(events)
            for index in 0..<count {
                let event = unsafe events[index]
                let data = unsafe event.data.u64
                let descriptor = Int32(truncatingIfNeeded: data & 0xffff_ffff)
                let generation = UInt32(truncatingIfNeeded: data >> 32)
                guard let source = sources[descriptor], source.generation == generation else {
                    // The wake-up, or an event of a descriptor closed earlier in this turn.
                    continue
                }
                unsafe source.becameReady(event.events)
            }
        }
        // SAFETY: allocated above and not used after this line.
        unsafe events.deallocate()
        close(epoll)
        finished.update { $0 = true }
    }

    private func runReadyJobs() {
        guard !actors.ready.isEmpty else { return }
        let jobs = actors.ready
        actors.ready = []
        // SAFETY: both executors outlive the call; every job is run once, as what it was enqueued
        // as.
        let serial = unsafe actors.asUnownedSerialExecutor()
        let task = unsafe asUnownedTaskExecutor()
        for entry in jobs {
            if entry.isOfActor {
                unsafe entry.job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            } else {
                unsafe entry.job.runSynchronously(on: task)
            }
        }
    }

    private func waitForEvents(_ events: UnsafeMutablePointer<epoll_event>) -> Int {
        var timeout: Int32 = 0
        if actors.ready.isEmpty {
            timeout = timeoutUntilNextTimer()
            if !actors.prepareToSleep() { timeout = 0 }
        }
        // SAFETY: the block holds `eventsPerTurnMax` events.
        let count = unsafe epoll_wait(epoll, events, Int32(Self.eventsPerTurnMax), timeout)
        actors.wokeUp()
        if count < 0 {
            precondition(errno == EINTR, "epoll_wait failed: error \(errno)")
            return 0
        }
        return Int(count)
    }

    private func timeoutUntilNextTimer() -> Int32 {
        guard let due = timers.nextDue() else { return -1 }
        let now = Self.now()
        if due <= now { return 0 }
        // Rounded up: a timer must not fire early, and must not spin through its last millisecond.
        return Int32(clamping: (due - now + 999_999) / 1_000_000)
    }

    internal static func userData(_ descriptor: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }

    private static func now() -> UInt64 {
        var time = timespec()
        // SAFETY: a local is filled in.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let capped = UInt64(min(seconds, 1 << 32))
        return capped * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
    }
}
