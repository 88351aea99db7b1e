import Bytes
internal import CMicroHTTPD

/// A response object of libmicrohttpd, and our one reference to it.
@safe
struct MadeResponse: ~Copyable {
    /// Bodies up to this size are copied: cheaper than keeping their block alive.
    private static let copiedBytesMax = 8 * 1024

    let pointer: OpaquePointer

    /// Nil when memory is out.
    init?(_ body: HTTPResponse.Body, for connection: ConnectionHandle) {
        // SAFETY: every response made here is destroyed by `deinit`; bodies are copied or kept.
        let made: OpaquePointer? =
            switch body {
            case .none: unsafe c_microhttpd_copy(nil, 0)
            case .bytes(let slice):
                unsafe slice.count <= Self.copiedBytesMax ? Self.copied(slice) : Self.kept(slice)
            case .stream(let stream): unsafe Self.streamed(stream.queue, connection)
            }
        guard let made = unsafe made else { return nil }
        unsafe pointer = made
    }

    deinit {
        // SAFETY: ours until here; libmicrohttpd keeps its own count.
        unsafe MHD_destroy_response(pointer)
    }

    /// False when libmicrohttpd refuses the line: a control character in it.
    func add(_ name: String, _ value: String) -> Bool {
        // SAFETY: libmicrohttpd copies both strings.
        unsafe MHD_add_response_header(pointer, name, value) == c_microhttpd_yes
    }

    private static func copied(_ slice: SlabSlice) -> OpaquePointer? {
        // SAFETY: libmicrohttpd copies the bytes before it returns.
        unsafe slice.bytes.withUnsafeBytes { unsafe c_microhttpd_copy($0.baseAddress, $0.count) }
    }

    private static func kept(_ slice: SlabSlice) -> OpaquePointer? {
        let owner = unsafe Unmanaged.passRetained(slice.slab)
        // SAFETY: the slab's block does not move and is retained until libmicrohttpd calls the
        // release below.
        let response = unsafe slice.bytes.withUnsafeBytes {
            unsafe MHD_create_response_from_buffer_with_free_callback_cls(
                $0.count,
                UnsafeMutableRawPointer(mutating: $0.baseAddress),
                { context in
                    guard let context = unsafe context else { return }
                    unsafe Unmanaged<Slab>.fromOpaque(context).release()
                },
                owner.toOpaque()
            )
        }
        if unsafe response == nil { unsafe owner.release() }
        return unsafe response
    }

    private static func streamed(
        _ queue: BodyQueue,
        _ connection: ConnectionHandle
    ) -> OpaquePointer? {
        let owner = unsafe Unmanaged.passRetained(
            StreamReader(queue: queue, connection: connection)
        )
        // SAFETY: the reader is retained until libmicrohttpd calls the release below, after its
        // last read.
        let response = unsafe MHD_create_response_from_callback(
            c_microhttpd_size_unknown,
            32 * 1024,
            { context, _, buffer, capacity in
                guard let context = unsafe context, let buffer = unsafe buffer else {
                    return c_microhttpd_end_with_error
                }
                let reader = unsafe Unmanaged<StreamReader>.fromOpaque(context)
                    .takeUnretainedValue()
                let room = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: capacity)
                return unsafe reader.queue.read(reader.connection, into: room)
            },
            owner.toOpaque(),
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<StreamReader>.fromOpaque(context).takeRetainedValue()
                    .queue.disconnect()
            }
        )
        if unsafe response == nil { unsafe owner.release() }
        return unsafe response
    }
}

/// What the content reader needs to know.
private final class StreamReader {
    let queue: BodyQueue
    let connection: ConnectionHandle

    init(queue: BodyQueue, connection: ConnectionHandle) {
        self.queue = queue
        self.connection = connection
    }
}
