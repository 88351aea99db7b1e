/// Limits of the listener.
public struct ListenerOptions: Sendable {
    /// Threads that serve connections; each connection stays on one.
    public var reactors = 1
    /// Largest frame, in bytes; a connection that announces a larger one is closed at once.
    public var frameBytesMax = 100 << 20
    /// Most connections at a time.
    public var connectionsMax = 10_000
    /// A connection without a whole request for this long, or up to twice as long, is closed.
    public var idleMax = Duration.seconds(600)
    /// Produce requests of one connection that may wait for the log at a time.
    public var pipelinedRequestsMax = 64
    /// Their bytes, together; one request may be larger.
    public var pipelinedBytesMax = 16 << 20
    /// Host that clients are told to connect to; by default the one they did connect to.
    public var advertisedHost: String?
    /// Port that clients are told to connect to; by default the one they did connect to.
    public var advertisedPort: UInt16?

    /// The defaults.
    public init() {}
}
