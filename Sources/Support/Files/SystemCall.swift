import Glibc

extension FileError {
    /// EFBIG: the file is larger than the caller is ready to take.
    internal static let tooLarge: Int32 = EFBIG
}

/// Runs a system call again while signals interrupt it, and names it when it fails.
///
/// A descriptor or address that the kernel calls bad is a mistake of ours and traps: going on could
/// write into another file.
@inline(__always)
internal func systemCall<T: FixedWidthInteger & SignedInteger>(
    _ name: StaticString,
    _ path: String,
    _ body: () -> T
) throws(FileError) -> T {
    while true {
        let result = body()
        if result >= 0 { return result }
        let code = errno
        if code == EINTR { continue }
        precondition(
            code != EBADF && code != EFAULT,
            "\(name) of \(path): bad descriptor or address"
        )
        throw FileError(operation: "\(name)", path: path, code: code)
    }
}
