import Glibc

/// SIGINT and SIGTERM as something to wait for.
enum StopSignals {
    /// Keeps the two from ending the process. Before any thread is started: threads inherit it.
    static func block() {
        var signals = set
        // SAFETY: the set lives through the call.
        _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        // A client that goes away must not end the game either.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Lets the two end the process again.
    static func unblock() {
        var signals = set
        // SAFETY: the set lives through the call.
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Returns when one of them has come.
    static func wait() {
        var signals = set
        var received: Int32 = 0
        // SAFETY: both live through the call.
        while unsafe sigwait(&signals, &received) != 0 {}
    }

    private static var set: sigset_t {
        var signals = sigset_t()
        // SAFETY: the set is ours.
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        return signals
    }
}
