public import Bytes
internal import Compression
internal import JSONText

/// How the blocks of a container file are packed.
public enum AvroCodec: String, Sendable {
    /// Not at all.
    case null
    /// RFC 1951, without zlib's header and checksum.
    case deflate
}

/// What the header of an Avro container file says.
///
/// The file: `Obj` and 1; a map of text to bytes with at least `avro.schema`; a sync mark of 16
/// bytes; then blocks of (number of records, bytes, the records, the sync mark).
public enum AvroContainer {
    internal static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 0x01]
    internal static let syncLength = 16
    internal static let schemaKey = "avro.schema"
    internal static let codecKey = "avro.codec"
    /// Bytes of zlib's checksum that Python's Avro writers (PyIceberg among them) leave behind a
    /// deflate stream, though the specification wants none.
    internal static let checksumBytesMax = 4
    /// Bytes a block may have when it is unpacked.
    public static let blockBytesMax = 1 << 30
}

/// Reads an Avro container file that is wholly in memory, block by block.
public struct AvroContainerReader: ~Escapable {
    /// The schema the file was written with.
    public let schema: AvroSchema
    /// The header's own entries and the writer's.
    public let metadata: [String: [UInt8]]
    /// How the blocks are packed.
    public let codec: AvroCodec

    private let sync: [UInt8]
    private let decompressor = Decompressor()
    private var reader: ByteReader
    private var blocks = 0

    /// Reads the header.
    @_lifetime(copy span)
    public init(_ span: RawSpan) throws(AvroError) {
        var decoder = AvroDecoder(span)
        guard let magic = try? decoder.readFixed(AvroContainer.magic.count),
            magic == AvroContainer.magic
        else { throw .notAContainer }
        var metadata: [String: [UInt8]] = [:]
        while true {
            let count = try decoder.readItemCount()
            if count == 0 { break }
            for _ in 0..<count {
                let key = try decoder.readString()
                metadata[key] = try decoder.readBytes()
            }
        }
        sync = try decoder.readFixed(AvroContainer.syncLength)
        guard let schemaBytes = metadata[AvroContainer.schemaKey] else { throw .noSchema }
        let value: JSONValue
        do { value = try JSONValue.parse(String(decoding: schemaBytes, as: UTF8.self)) } catch {
            throw .schemaNotJSON(error)
        }
        schema = try AvroSchema(json: value)
        let name = metadata[AvroContainer.codecKey].map { String(decoding: $0, as: UTF8.self) }
        guard let codec = AvroCodec(rawValue: name ?? "null") else {
            throw .unknownCodec(name ?? "")
        }
        self.codec = codec
        self.metadata = metadata
        reader = ByteReader(span)
        do { try reader.skip(decoder.offset) } catch { throw .malformed(error) }
    }

    /// The text of a header entry.
    public func text(_ key: String) -> String? {
        metadata[key].map { String(decoding: $0, as: UTF8.self) }
    }

    /// Replaces what `block` holds with the next block's unpacked records; nil at the end of the
    /// file.
    /// - Returns: how many records the block holds.
    @_lifetime(self: copy self)
    public mutating func nextBlock(into block: inout ByteBuffer) throws(AvroError) -> Int? {
        block.removeAll()
        if reader.isAtEnd { return nil }
        do {
            let count = try reader.readVarint()
            let length = try reader.readVarint()
            guard count >= 0, count <= Int64(Int32.max), length >= 0,
                length <= Int64(reader.remaining)
            else {
                throw AvroError.block(
                    number: blocks,
                    reason: "\(count) records in \(length) bytes; \(reader.remaining) are left"
                )
            }
            let packed = try reader.readBytes(Int(length))
            switch codec {
            case .null:
                block.append(packed)
            case .deflate:
                try unpack(packed, into: &block)
            }
            let mark = try reader.readBytes(AvroContainer.syncLength)
            guard Array(copying: mark) == sync else {
                throw AvroError.syncMismatch(block: blocks)
            }
            blocks += 1
            return Int(count)
        } catch let error as ByteError {
            throw .malformed(error)
        } catch let error as AvroError {
            throw error
        } catch {
            throw .block(number: blocks, reason: "\(error)")
        }
    }

    private func unpack(_ packed: RawSpan, into block: inout ByteBuffer) throws(AvroError) {
        do {
            try decompressor.inflateRaw(
                packed,
                into: &block,
                limit: AvroContainer.blockBytesMax,
                trailingMax: AvroContainer.checksumBytesMax
            )
        } catch {
            throw .block(number: blocks, reason: "\(error)")
        }
    }
}

/// Writes an Avro container file into memory.
public struct AvroContainerWriter: ~Copyable {
    /// Bytes of records after which a block is closed.
    private static let blockBytes = 64 * 1024

    private var output: ByteBuffer
    private var block: ByteBuffer
    private var records = 0
    private let codec: AvroCodec
    private let sync: [UInt8]
    /// Level 1: manifests are written in the time a commit takes, and are small.
    private let compressor = Compressor(gzipLevel: 1)

    /// Writes the header.
    /// - Parameter sync: 16 bytes that are unlikely to occur in the data; random ones.
    public init(
        schema: AvroSchema,
        codec: AvroCodec,
        metadata: [(String, String)],
        sync: [UInt8]
    ) {
        precondition(sync.count == AvroContainer.syncLength, "a sync mark has 16 bytes")
        self.codec = codec
        self.sync = sync
        output = ByteBuffer(capacity: 16 * 1024)
        block = ByteBuffer(capacity: 16 * 1024)
        output.append(AvroContainer.magic)
        output.appendAvro(Int64(metadata.count + 2))
        output.appendAvro(AvroContainer.schemaKey)
        output.appendAvro(schema.json.text())
        output.appendAvro(AvroContainer.codecKey)
        output.appendAvro(codec.rawValue)
        for (key, value) in metadata {
            output.appendAvro(key)
            output.appendAvro(value)
        }
        output.appendAvro(Int64(0))
        output.append(sync)
    }

    /// Adds one record; `encode` appends exactly its bytes.
    public mutating func append(_ encode: (inout ByteBuffer) -> Void) throws(AvroError) {
        encode(&block)
        records += 1
        if block.count >= Self.blockBytes { try closeBlock() }
    }

    /// The finished file.
    public consuming func finish() throws(AvroError) -> ByteBuffer {
        try closeBlock()
        return output
    }

    private mutating func closeBlock() throws(AvroError) {
        guard records > 0 else { return }
        output.appendAvro(Int64(records))
        switch codec {
        case .null:
            Self.appendBlock(block, to: &output)
        case .deflate:
            var packed = ByteBuffer(capacity: block.count)
            do { try compressor.deflateRaw(block.bytes, into: &packed) } catch {
                throw .block(number: 0, reason: "\(error)")
            }
            Self.appendBlock(packed, to: &output)
        }
        output.append(sync)
        block.removeAll()
        records = 0
    }

    private static func appendBlock(_ block: borrowing ByteBuffer, to output: inout ByteBuffer) {
        output.appendAvro(Int64(block.count))
        output.append(block.bytes)
    }
}
