import CLinux
import Glibc

/// Where a socket is: a numeric host and a port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The host's number, IPv4 or IPv6, without brackets.
    public let host: String
    /// The port.
    public let port: UInt16

    /// `HOST:PORT`, with brackets around an IPv6 host.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address in the first `length` bytes of `storage`.
    internal init(_ storage: sockaddr_storage, _ length: socklen_t) {
        var storage = storage
        // SAFETY: getnameinfo reads `length` bytes of the storage and ends its text with a zero.
        host = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            unsafe text.initialize(repeating: 0)
            _ = unsafe withUnsafePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe getnameinfo(
                        address,
                        length,
                        text.baseAddress,
                        socklen_t(text.count),
                        nil,
                        0,
                        NI_NUMERICHOST
                    )
                }
            }
            return unsafe text.baseAddress.map { unsafe String(cString: $0) } ?? ""
        }
        // SAFETY: both families hold the port in the same two bytes after the family.
        port = unsafe withUnsafeBytes(of: &storage) { bytes in
            unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// The address `descriptor` is bound to.
    internal init(localOf descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // SAFETY: the kernel writes at most `length` bytes into the storage.
        _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(descriptor, address, &length)
            }
        }
        self.init(storage, length)
    }
}
