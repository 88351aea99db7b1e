/// Why the server could not start.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `address` is neither a name nor a number that this machine knows.
    case unknownAddress(String)
    /// Another process listens on the port already.
    case addressInUse(String, port: UInt16)
    /// The system refused `call` for the address.
    case system(call: String, address: String, port: UInt16, error: Int32, message: String)
    /// libmicrohttpd could not start its threads.
    case library

    /// What happened, to what, and what to do.
    public var description: String {
        switch self {
        case .unknownAddress(let address):
            "the address \(address) is not known on this machine; use 127.0.0.1, or 0.0.0.0 for all"
        case .addressInUse(let address, let port):
            "\(address):\(port) is in use by another process; stop it or choose another port"
        case .system(let call, let address, let port, _, let message):
            "\(call) for \(address):\(port) failed: \(message)"
        case .library:
            "libmicrohttpd could not start; the limits on threads or open files may be reached"
        }
    }
}
