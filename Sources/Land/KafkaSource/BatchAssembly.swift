import Bytes
internal import CRdKafka
import Glibc
import KafkaProtocol

/// Record batches under construction from librdkafka's messages. Offsets at which there is no
/// record, because they hold control data or were aborted or compacted away, stay gaps.
struct BatchAssembly {
    /// Length of the buffer before the first batch.
    let start: Int
    /// Offset after everything that is accounted for.
    private(set) var next: Int64
    /// Records appended.
    private(set) var records = 0
    private var writer = RecordBatchWriter()
    private var isOpen = false
    /// Offset after everything that the batches so far cover.
    private var covered: Int64

    /// An assembly of records from offset `offset` on.
    init(from offset: Int64, buffer: Int) {
        start = buffer
        next = offset
        covered = offset
    }

    /// Appends a record; false when it lies before what is wanted.
    mutating func append(
        _ message: UnsafeMutablePointer<rd_kafka_message_t>,
        into buffer: inout ByteBuffer
    ) -> Bool {
        // SAFETY: the message is the caller's for the duration of the call, with key, value and
        // headers of the lengths it says.
        let offset = unsafe message.pointee.offset
        guard offset >= next else { return false }
        if isOpen, !writer.canHold(offset: offset) { close(into: &buffer) }
        if !isOpen {
            writer.begin(baseOffset: offset, into: &buffer)
            isOpen = true
        }
        var headers: OpaquePointer?
        var headerCount = 0
        var headerBytes = 0
        if unsafe rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR {
            unsafe Self.forEachHeader(headers) { name, value, size in
                headerCount += 1
                headerBytes += unsafe RecordBatchWriter.headerSize(
                    keyBytes: strlen(name),
                    valueBytes: value == nil ? nil : size
                )
            }
        }
        let key = unsafe UnsafeRawBufferPointer(
            start: message.pointee.key,
            count: message.pointee.key == nil ? 0 : message.pointee.key_len
        )
        let value = unsafe UnsafeRawBufferPointer(
            start: message.pointee.payload,
            count: message.pointee.payload == nil ? 0 : message.pointee.len
        )
        unsafe writer.append(
            offset: offset,
            timestamp: rd_kafka_message_timestamp(message, nil),
            key: message.pointee.key == nil ? nil : key.bytes,
            value: message.pointee.payload == nil ? nil : value.bytes,
            headerCount: headerCount,
            headerBytes: headerBytes,
            into: &buffer
        )
        if headerCount > 0 {
            unsafe Self.forEachHeader(headers) { name, value, size in
                let key = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
                let bytes = unsafe UnsafeRawBufferPointer(start: value, count: size)
                unsafe writer.appendHeader(
                    key: key.bytes,
                    value: value == nil ? nil : bytes.bytes,
                    into: &buffer
                )
            }
        }
        records += 1
        next = offset + 1
        return true
    }

    /// Accounts for everything below `end`: there are no more records before it.
    mutating func reach(_ end: Int64) {
        next = max(next, end)
    }

    /// Finishes the last batch; a gap behind its last record, or one without any, becomes part of
    /// it or a batch of its own.
    mutating func finish(into buffer: inout ByteBuffer) {
        close(into: &buffer)
        while covered < next {
            writer.begin(baseOffset: covered, into: &buffer)
            isOpen = true
            close(into: &buffer)
        }
    }

    private mutating func close(into buffer: inout ByteBuffer) {
        guard isOpen else { return }
        let last = min(next - 1, writer.baseOffset + RecordBatchWriter.offsetDeltaMax)
        writer.finish(lastOffset: last, into: &buffer)
        covered = last + 1
        isOpen = false
    }

    private static func forEachHeader(
        _ headers: OpaquePointer?,
        _ body: (UnsafePointer<CChar>, UnsafeRawPointer?, Int) -> Void
    ) {
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        // SAFETY: names and values belong to the message that the headers are of.
        while unsafe rd_kafka_header_get_all(headers, index, &name, &value, &size)
            == RD_KAFKA_RESP_ERR_NO_ERROR
        {
            if let name = unsafe name { unsafe body(name, value, size) }
            index += 1
        }
    }
}
