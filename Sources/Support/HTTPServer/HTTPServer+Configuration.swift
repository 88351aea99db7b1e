extension HTTPServer {
    /// Where a server listens, and its limits.
    public struct Configuration: Sendable {
        /// What the server is called in metrics, where a process has several.
        public var name = "main"
        /// Name or number of the address.
        public var address: String
        /// The port; 0 takes any that is free.
        public var port: UInt16
        /// Threads that read, call the handler and write.
        public var threads: Int
        /// Connections open at a time; further ones wait in the kernel's queue.
        public var connectionsMax = 4096
        /// Memory of a connection for its request line, header lines and network buffer.
        ///
        /// libmicrohttpd clears it after every request, so it costs time as well.
        public var connectionBytesMax = 16 * 1024
        /// Bytes of one body as it is sent. Above: 413.
        public var bodyBytesMax: Int
        /// Memory for all bodies of open requests together. Above: 503.
        public var allBodiesBytesMax = 512 * 1024 * 1024
        /// Bytes of a refused body that are read and thrown away so that the client comes to read
        /// the answer. Above: the connection is closed.
        public var discardedBytesMax = 256 * 1024 * 1024
        /// How long a connection may be silent.
        public var idleTimeout = Duration.seconds(60)

        /// A configuration with these values and the limits above.
        public init(
            address: String = "127.0.0.1",
            port: UInt16 = 0,
            threads: Int = 2,
            bodyBytesMax: Int = 16 * 1024 * 1024
        ) {
            precondition((1...256).contains(threads), "a server has 1 to 256 threads")
            precondition(bodyBytesMax > 0, "a body must be allowed a byte")
            self.address = address
            self.port = port
            self.threads = threads
            self.bodyBytesMax = bodyBytesMax
        }
    }
}
