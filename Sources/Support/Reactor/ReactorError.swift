import Glibc

/// A system call on a socket failed.
public struct ReactorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Name of the call that failed, as in its manual page.
    public let call: String
    /// What it was about: an address, a peer.
    public let subject: String
    /// The error number (or, for `getaddrinfo`, its own code).
    public let code: Int32

    /// An error of `call` about `subject`; without `code` the thread's current error number.
    internal init(_ call: String, _ subject: String, code: Int32 = errno) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// The address is taken by another process.
    public var isAddressInUse: Bool { call == "bind" && code == EADDRINUSE }

    /// What happened, to what, and what to do where that is known.
    public var description: String {
        if call == "getaddrinfo" {
            return "\(subject): not an address this machine knows; use HOST:PORT such as "
                + "127.0.0.1:9092"
        }
        // SAFETY: strerror's text is copied at once.
        let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        let advice =
            isAddressInUse ? "; another process listens there: stop it or choose another port" : ""
        return "\(subject): \(call) failed: \(reason)\(advice)"
    }
}

/// Repeats a system call while a signal interrupts it.
@inline(__always)
internal func retryingInterrupts(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
