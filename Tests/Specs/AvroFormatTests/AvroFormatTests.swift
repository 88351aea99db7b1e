import AvroFormat
import Bytes
import JSONText
import Testing

private let sync = [UInt8](0..<16)

private let eventSchema = AvroSchema(
    .record(
        name: "event",
        fields: [
            AvroField("id", AvroSchema(.long), attributes: ["field-id": .integer(1)]),
            AvroField(
                "name",
                .optional(AvroSchema(.string)),
                defaultValue: .null,
                attributes: ["field-id": .integer(2)]
            ),
            AvroField(
                "sizes",
                AvroSchema(
                    .array(items: AvroSchema(.long)),
                    attributes: ["element-id": .integer(133)]
                )
            ),
        ]
    )
)

private func write(_ count: Int, codec: AvroCodec) throws -> [UInt8] {
    var writer = AvroContainerWriter(
        schema: eventSchema,
        codec: codec,
        metadata: [("writer", "test")],
        sync: sync
    )
    for number in 0..<count {
        try writer.append { record in
            record.appendAvro(Int64(number))
            record.appendAvro(Int64(1))
            record.appendAvro("name \(number)")
            record.appendAvro(Int64(2))
            record.appendAvro(Int64(number))
            record.appendAvro(Int64(-number))
            record.appendAvro(Int64(0))
        }
    }
    let file = try writer.finish()
    return Array(copying: file.bytes)
}

/// The ids of all records of a file that `write` made.
private func read(_ file: [UInt8]) throws -> [Int64] {
    var buffer = ByteBuffer()
    buffer.append(file)
    var container = try AvroContainerReader(buffer.bytes)
    #expect(container.schema == eventSchema)
    #expect(container.text("writer") == "test")
    var ids: [Int64] = []
    var block = ByteBuffer()
    while let count = try container.nextBlock(into: &block) {
        var decoder = AvroDecoder(block.bytes)
        for _ in 0..<count {
            let id = try decoder.readLong()
            #expect(try decoder.readBranch(of: 2) == 1)
            #expect(try decoder.readString() == "name \(id)")
            #expect(try decoder.readItemCount() == 2)
            #expect(try decoder.readLong() == id)
            #expect(try decoder.readLong() == -id)
            #expect(try decoder.readItemCount() == 0)
            ids.append(id)
        }
        let isAtEnd = decoder.isAtEnd
        #expect(isAtEnd)
    }
    return ids
}

struct AvroContainerTests {
    @Test(arguments: [AvroCodec.null, .deflate])
    func `records come back in order over many blocks`(codec: AvroCodec) throws {
        let file = try write(10_000, codec: codec)
        #expect(try read(file) == (0..<10_000).map(Int64.init))
    }

    @Test func `deflate makes the file smaller`() throws {
        #expect(
            try write(10_000, codec: .deflate).count < write(10_000, codec: .null).count / 2
        )
    }

    @Test func `a file without records is read as empty`() throws {
        #expect(try read(write(0, codec: .deflate)).isEmpty)
    }

    @Test func `a damaged sync mark is noticed`() throws {
        var file = try write(3, codec: .null)
        file[file.count - 1] ^= 1
        #expect(throws: AvroError.syncMismatch(block: 0)) { _ = try read(file) }
    }

    @Test func `every truncation is an error and never a trap`() throws {
        let file = try write(3, codec: .deflate)
        // The file cut exactly behind the header is whole: it has no blocks.
        let header = try write(0, codec: .deflate).count
        for length in 0..<file.count where length != header {
            #expect(throws: AvroError.self) { _ = try read(Array(file[..<length])) }
        }
    }

    @Test func `any damaged byte is an error or other records but never a trap`() throws {
        let file = try write(3, codec: .null)
        for position in 0..<file.count {
            var damaged = file
            damaged[position] ^= 0xFF
            var buffer = ByteBuffer()
            buffer.append(damaged)
            guard var container = try? AvroContainerReader(buffer.bytes) else { continue }
            var block = ByteBuffer()
            while let count = try? container.nextBlock(into: &block) {
                var decoder = AvroDecoder(block.bytes)
                for _ in 0..<min(count, 10) where (try? decoder.skip(container.schema)) == nil {
                    break
                }
            }
        }
    }

    @Test func `an unknown codec is named`() throws {
        var writer = AvroContainerWriter(
            schema: eventSchema,
            codec: .null,
            metadata: [],
            sync: sync
        )
        try writer.append { $0.appendAvro(Int64(0)) }
        let file = try writer.finish()
        var text = Array(copying: file.bytes)
        // "null" behind "avro.codec" becomes "zstd".
        let name = Array("avro.codec".utf8)
        let start = try #require(
            text.indices.first { text[$0...].starts(with: name) }
        )
        text.replaceSubrange((start + name.count + 1)..<(start + name.count + 5), with: "zstd".utf8)
        #expect(throws: AvroError.unknownCodec("zstd")) { _ = try read(text) }
    }
}

struct AvroSchemaTests {
    @Test func `attributes of fields and types survive`() throws {
        let text = eventSchema.json.text()
        #expect(text.contains("\"field-id\":2"))
        #expect(text.contains("\"element-id\":133"))
        #expect(try AvroSchema.parse(text) == eventSchema)
    }

    @Test func `a named type is written once and referred to by name`() throws {
        let hash = AvroSchema(.fixed(name: "hash", size: 4))
        let schema = AvroSchema(
            .record(name: "pair", fields: [AvroField("a", hash), AvroField("b", hash)])
        )
        let text = schema.json.text()
        #expect(text.split(separator: "\"size\"").count == 2)
        #expect(try AvroSchema.parse(text) == schema)
    }

    @Test(arguments: [
        #""nothing""#, #"{"type":"record","name":"r"}"#, #"{"type":"array"}"#, "5", "{",
        #"{"type":"fixed","name":"f","size":-1}"#, #"{"type":"enum","name":"e","symbols":[]}"#,
    ])
    func `what is no schema is refused`(text: String) {
        #expect(throws: AvroError.self) { _ = try AvroSchema.parse(text) }
    }

    @Test func `nesting without end is refused`() {
        let text =
            String(repeating: #"{"type":"array","items":"#, count: 100) + "\"int\""
            + String(repeating: "}", count: 100)
        #expect(throws: AvroError.self) { _ = try AvroSchema.parse(text) }
    }
}

struct AvroDecoderTests {
    @Test
    func `an announced number of items beyond the bytes left is refused before anything is made`()
        throws
    {
        var buffer = ByteBuffer()
        buffer.appendAvro(Int64(1) << 40)
        var decoder = AvroDecoder(buffer.bytes)
        #expect(throws: AvroError.self) { _ = try decoder.readItemCount() }
    }

    @Test func `a negative item count is followed by the size of its block`() throws {
        var buffer = ByteBuffer()
        buffer.appendAvro(Int64(-3))
        buffer.appendAvro(Int64(3))
        buffer.appendZeros(3)
        var decoder = AvroDecoder(buffer.bytes)
        #expect(try decoder.readItemCount() == 3)
    }

    @Test func `a length beyond the bytes left is refused`() throws {
        var buffer = ByteBuffer()
        buffer.appendAvro(Int64(100))
        var decoder = AvroDecoder(buffer.bytes)
        #expect(throws: AvroError.self) { _ = try decoder.readString() }
    }
}
