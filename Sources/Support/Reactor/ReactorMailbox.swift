import CLinux
import Glibc
import Synchronization

/// What reaches a reactor: jobs of the Swift runtime and work from other threads, with the wake-up
/// of its loop.
///
/// It is also the `SerialExecutor` of actors that live on the reactor. The task executor is the
/// reactor itself: they are two objects because a job must run as what it was enqueued as, or the
/// runtime changes executors at every `await`.
public final class ReactorMailbox: SerialExecutor, @unchecked Sendable {
    // @unchecked Sendable: `inbox`, `owner` and `isAwake` are shared and guarded; `ready` is
    // touched by the reactor's thread alone.

    /// A job, and on which of the two executors it was enqueued.
    internal struct Job {
        let job: UnownedJob
        let isOfActor: Bool
    }

    internal struct Inbox {
        var jobs: [Job] = []
        var work: [@Sendable () -> Void] = []
        var isStopping = false
        var isEmpty: Bool { jobs.isEmpty && work.isEmpty }
    }

    /// The eventfd the reactor's epoll watches, edge-triggered: it is never read.
    internal let wakeup: Int32
    private let owner = Atomic<UInt>(0)
    private let isAwake = Atomic<Bool>(false)
    private let inbox = Mutex(Inbox())
    /// Jobs to run in the next turn. The reactor's thread only.
    internal var ready: [Job] = []

    internal init(name: String) throws(ReactorError) {
        wakeup = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeup >= 0 else { throw ReactorError("eventfd", name) }
    }

    deinit {
        if wakeup >= 0 { close(wakeup) }
    }

    /// True on the reactor's own thread.
    internal var isCurrent: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// The calling thread is the reactor's.
    internal func becomeOwner() {
        owner.store(UInt(pthread_self()), ordering: .relaxed)
    }

    /// The executor's entry point; called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(Job(job: UnownedJob(job), isOfActor: true))
    }

    /// Called by the Swift runtime to check an assumption of isolation.
    public func checkIsolated() {
        precondition(isCurrent, "state of a reactor was touched from another thread")
    }

    internal func enqueue(_ job: Job) {
        if isCurrent {
            ready.append(job)
        } else {
            post { $0.jobs.append(job) }
        }
    }

    /// Changes the inbox and makes sure that the loop looks at it.
    internal func post(_ change: (inout Inbox) -> Void) {
        inbox.withLock { change(&$0) }
        if isAwake.exchange(true, ordering: .sequentiallyConsistent) { return }
        var one: UInt64 = 1
        // SAFETY: eight bytes of a local. A full counter (never reached) would still wake the loop.
        _ = retryingInterrupts { unsafe Glibc.write(wakeup, &one, 8) }
    }

    /// Empties the inbox into `ready` and runs the work; true when the reactor is to stop.
    internal func takeInbox() -> Bool {
        var taken = Inbox()
        inbox.withLock {
            taken.isStopping = $0.isStopping
            if !$0.isEmpty { swap(&taken, &$0) }
        }
        ready.append(contentsOf: taken.jobs)
        for work in taken.work { work() }
        return taken.isStopping
    }

    /// The loop is about to sleep: from here on a sender writes to the eventfd. False when
    /// something is there already.
    internal func prepareToSleep() -> Bool {
        isAwake.store(false, ordering: .sequentiallyConsistent)
        return inbox.withLock { $0.isEmpty && !$0.isStopping }
    }

    /// The loop is awake: senders need not write.
    internal func wokeUp() {
        isAwake.store(true, ordering: .sequentiallyConsistent)
    }
}
