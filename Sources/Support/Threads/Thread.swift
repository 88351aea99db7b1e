import CLinux
import Glibc

/// An operating-system thread with a name, for work that blocks: the log's writer, a pipeline's
/// lane, a SQL session.
///
/// Structured code belongs on tasks; a thread is for a loop that owns its state and waits in system
/// calls.
@safe
public final class Thread: @unchecked Sendable {
    // @unchecked Sendable: `handle` is written once before the object is shared and joined at most
    // once by its owner.
    private let handle: pthread_t

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread that runs `body`. Linux shows the first 15 bytes of `name`.
    ///
    /// Traps when the system cannot start a thread: nothing sensible can go on without it.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
        var handle = pthread_t()
        // SAFETY: `start` is retained here and released exactly once, by the new thread.
        let code = unsafe pthread_create(
            &handle,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                unsafe c_linux_name_thread(String(start.name.prefix(15)))
                start.body()
                return nil
            },
            start
        )
        precondition(code == 0, "the system could not start the thread \(name): error \(code)")
        self.handle = handle
    }

    /// Waits until the thread's body has returned. Call once.
    public func join() {
        let code = pthread_join(handle, nil)
        precondition(code == 0, "joining a thread failed: error \(code)")
    }
}
