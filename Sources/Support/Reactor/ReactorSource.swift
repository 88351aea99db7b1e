import CLinux
import Glibc

/// Something with a descriptor that the reactor watches. Lives on the reactor's thread.
internal protocol ReactorSource: AnyObject {
    /// Tells events of this use of the descriptor from those of an earlier one.
    var generation: UInt32 { get }
    /// epoll reported `events`.
    func becameReady(_ events: UInt32)
    /// The reactor is stopping: close, and wake whoever waits.
    func reactorStops()
}

extension Reactor {
    /// Watches `descriptor` for everything at once, edge-triggered: one system call per connection,
    /// not one per wait.
    internal func register(
        _ descriptor: Int32,
        _ subject: String,
        _ make: (UInt32) -> any ReactorSource
    ) throws(ReactorError) {
        preconditionCurrent()
        precondition(sources[descriptor] == nil, "the descriptor \(descriptor) is already watched")
        lastGeneration = lastGeneration == .max ? 1 : lastGeneration + 1
        var event = unsafe epoll_event()
        unsafe event.events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        unsafe event.data.u64 = Self.userData(descriptor, lastGeneration)
        // SAFETY: the event lives for the call.
        guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
            throw ReactorError("epoll_ctl", subject)
        }
        sources[descriptor] = make(lastGeneration)
    }

    /// Stops watching and closes `descriptor`.
    internal func unregisterAndClose(_ descriptor: Int32) {
        preconditionCurrent()
        sources[descriptor] = nil
        close(descriptor)
    }
}

/// The one task that waits for a source, and the signal it waits for. A signal sent while nobody
/// waits is kept.
@safe
internal struct Signal {
    // SAFETY: `waiter` is set by `park` and resumed exactly once, by the `send` that clears it.
    private var isSet = false
    private var waiter: UnsafeContinuation<Void, Never>?

    mutating func send() {
        if let waiting = unsafe waiter {
            unsafe waiter = nil
            unsafe waiting.resume()
        } else {
            isSet = true
        }
    }

    /// True when a signal was kept, which this takes.
    mutating func take() -> Bool {
        defer { isSet = false }
        return isSet
    }

    /// Keeps `continuation` for the next signal, or resumes it with one that was kept.
    ///
    /// The look for a kept signal must be here: a task may change executors, and let others run,
    /// between deciding to wait and getting here.
    mutating func park(_ continuation: UnsafeContinuation<Void, Never>) {
        // SAFETY: a parked continuation is taken out when it is resumed, so that happens once.
        precondition(unsafe waiter == nil, "two tasks wait for one socket")
        if take() {
            unsafe continuation.resume()
        } else {
            unsafe waiter = continuation
        }
    }
}
