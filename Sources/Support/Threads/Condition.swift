import Glibc

/// A value behind a lock with a way to wait until it changes.
///
/// For the few places where a thread must sleep until another thread has something for it. The
/// closures run under the lock: keep them short, and never do I/O or call back into other code from
/// inside.
///
/// SAFETY: lock and condition are allocated in `init`, freed in `deinit`, and never leave the
/// object.
@safe
public final class Condition<Value>: @unchecked Sendable {
    // @unchecked Sendable: `value` is only touched while `mutex` is held.
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    /// A condition guarding `value`.
    public init(_ value: sending Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe changed.initialize(to: pthread_cond_t())
        // SAFETY: both live until `deinit`; the attribute makes timed waits immune to changes of
        // the wall clock.
        var attribute = pthread_condattr_t()
        unsafe pthread_condattr_init(&attribute)
        unsafe pthread_condattr_setclock(&attribute, CLOCK_MONOTONIC)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, &attribute)
        unsafe pthread_condattr_destroy(&attribute)
    }

    deinit {
        // SAFETY: nobody can be waiting: a waiter would hold a reference.
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// Reads or changes the value, without waking anybody.
    public func withLock<Result, E: Error>(
        _ body: (inout Value) throws(E) -> Result
    ) throws(E) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Changes the value and wakes every waiter.
    public func update<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(changed)
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&value)
    }

    /// Waits until `body` returns something, asking it again after every `update`; nil when
    /// `timeout` passes first.
    ///
    /// Without a timeout it waits for ever.
    public func wait<Result>(
        timeout: Duration? = nil,
        until body: (inout Value) -> Result?
    ) -> Result? {
        let deadline = timeout.map(Self.deadline(after:))
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value) { return result }
            if var deadline {
                if unsafe pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT {
                    return body(&value)
                }
            } else {
                unsafe pthread_cond_wait(changed, mutex)
            }
        }
    }

    private static func deadline(after timeout: Duration) -> timespec {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = Int64(now.tv_nsec) + attoseconds / 1_000_000_000
        let capped = min(max(seconds, 0), 1 << 32)
        return timespec(
            tv_sec: now.tv_sec + Int(capped) + Int(nanoseconds / 1_000_000_000),
            tv_nsec: Int(nanoseconds % 1_000_000_000)
        )
    }
}
