import Bytes
import Files
import JSONText

/// Files that PyIceberg wrote: `Interop/iceberg/make_golden.py`.
enum Golden {
    static func bytes(_ name: String) throws -> [UInt8] {
        let directory = directoryName(of: #filePath)
        let file = try LocalFiles().contents(
            of: "\(directory)/Golden/\(name)",
            bytesMax: 1 << 20
        )
        return Array(copying: file.bytes)
    }

    static func json(_ name: String) throws -> JSONValue {
        try JSONValue.parse(String(decoding: bytes(name), as: UTF8.self))
    }
}

/// Runs `body` with a view of `bytes`.
func withSpan<R>(_ bytes: [UInt8], _ body: (RawSpan) throws -> R) rethrows -> R {
    var buffer = ByteBuffer()
    buffer.append(bytes)
    return try body(buffer.bytes)
}
