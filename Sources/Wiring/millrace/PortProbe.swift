import Glibc
import Settings

/// Looks whether an address could be listened on.
enum PortProbe {
    /// True when nobody holds the port. Hosts that are names count as free: the listener will tell.
    static func isFree(_ address: Address) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var one: Int32 = 1
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_REUSEADDR,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        guard unsafe inet_pton(AF_INET, address.host, &target.sin_addr) == 1 else { return true }
        // SAFETY: the pointer is used only inside the closure; sockaddr_in is a sockaddr.
        return unsafe withUnsafePointer(to: &target) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
