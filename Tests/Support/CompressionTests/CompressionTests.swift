import Bytes
import Compression
import Testing

private let foreign: [(name: String, codec: CompressionCodec, bytes: [UInt8])] = [
    ("gzip, two members", .gzip, CompressionVectors.gzip),
    ("snappy, raw", .snappy, CompressionVectors.snappyRaw),
    ("snappy, xerial", .snappy, CompressionVectors.snappyXerial),
    ("lz4, linked blocks", .lz4, CompressionVectors.lz4Linked),
    ("lz4, independent blocks", .lz4, CompressionVectors.lz4Independent),
    ("zstd, sized", .zstd, CompressionVectors.zstdSized),
    ("zstd, streamed and two frames", .zstd, CompressionVectors.zstdStream),
]

private let real: [CompressionCodec] = [.gzip, .snappy, .lz4, .zstd]

private func decompressed(
    _ bytes: [UInt8],
    _ codec: CompressionCodec,
    limit: Int = 1 << 24
) throws(CompressionError) -> [UInt8] {
    var output = ByteBuffer()
    try codec.decompress(bytes.bytes, into: &output, limit: limit)
    return Array(copying: output.bytes)
}

private func compressed(_ bytes: [UInt8], _ codec: CompressionCodec) throws -> [UInt8] {
    var output = ByteBuffer()
    try codec.compress(bytes.bytes, into: &output)
    return Array(copying: output.bytes)
}

/// Half noise, half repetition, so that every codec has matches and literals.
private func sample(_ count: Int) -> [UInt8] {
    var state: UInt64 = 7
    return (0..<count).map { index in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return index % 64 < 32 ? UInt8(truncatingIfNeeded: state >> 56) : UInt8(index % 7)
    }
}

@Suite struct CompressionTests {
    @Test func `codecs are numbered as Kafka numbers them`() {
        #expect(CompressionCodec.allCases.map(\.rawValue) == [0, 1, 2, 3, 4])
        #expect(
            CompressionCodec.allCases.map(\.description)
                == ["none", "gzip", "snappy", "lz4", "zstd"]
        )
    }

    @Test func `what other libraries compressed is read`() throws {
        let text = Array(CompressionVectors.text.utf8)
        for vector in foreign {
            let found = try decompressed(vector.bytes, vector.codec)
            #expect(found == text, "\(vector.name)")
        }
        var output = ByteBuffer()
        let deflate = CompressionVectors.deflate
        try Decompressor().inflateRaw(deflate.bytes, into: &output, limit: 1000)
        #expect(Array(copying: output.bytes) == text)
    }

    @Test(arguments: CompressionCodec.allCases, [0, 1, 100, 65_536, 70_000, 1_000_000])
    func `bytes come back as they were`(_ codec: CompressionCodec, _ count: Int) throws {
        let original = sample(count)
        let small = try compressed(original, codec)
        if codec != .none, count > 1000 { #expect(small.count < count * 4 / 5) }
        #expect(try decompressed(small, codec) == original)
        #expect(try decompressed(small, codec, limit: count) == original)
    }

    @Test func `bare deflate comes back as it was`() throws {
        let original = sample(100_000)
        var small = ByteBuffer()
        let compressor = Compressor()
        try compressor.deflateRaw(original.bytes, into: &small)
        var output = ByteBuffer()
        try Decompressor().inflateRaw(small.bytes, into: &output, limit: 100_000)
        #expect(Array(copying: output.bytes) == original)
    }

    @Test func `bytes behind a bare deflate stream are refused unless the caller allows them`()
        throws
    {
        var original = ByteBuffer()
        original.append(utf8: "swords and shields")
        var packed = ByteBuffer()
        try Compressor().deflateRaw(original.bytes, into: &packed)
        packed.appendZeros(3)
        var output = ByteBuffer()
        #expect(throws: CompressionError.self) {
            try Decompressor().inflateRaw(packed.bytes, into: &output, limit: 1000)
        }
        #expect(Array(copying: output.bytes).isEmpty)
        try Decompressor().inflateRaw(packed.bytes, into: &output, limit: 1000, trailingMax: 3)
        #expect(Array(copying: output.bytes) == Array(copying: original.bytes))
    }

    @Test func `output is appended, and contexts serve again after an error`() throws {
        let decompressor = Decompressor()
        let compressor = Compressor()
        for codec in CompressionCodec.allCases {
            var small = ByteBuffer()
            small.append(utf8: "before")
            try compressor.compress(sample(5000).bytes, with: codec, into: &small)
            let body = small.bytes.extracting(6...)
            for _ in 0..<3 {
                var output = ByteBuffer()
                output.append(utf8: "kept")
                try decompressor.decompress(body, with: codec, into: &output, limit: 5000)
                #expect(Array(copying: output.bytes) == Array("kept".utf8) + sample(5000))
                output.truncate(to: 4)
                #expect(throws: CompressionError.self, "\(codec)") {
                    try decompressor.decompress(body, with: codec, into: &output, limit: 4999)
                }
                #expect(Array(copying: output.bytes) == Array("kept".utf8))
            }
        }
    }

    @Test(arguments: real) func `a bomb is an error and takes no memory`(
        _ codec: CompressionCodec
    ) throws {
        let bomb = try compressed([UInt8](repeating: 0, count: 20_000_000), codec)
        #expect(bomb.count < 1_000_000)
        var output = ByteBuffer()
        do {
            try codec.decompress(bomb.bytes, into: &output, limit: 100_000)
            Issue.record("\(codec) made more than it was allowed")
        } catch {
            #expect(error.reason == .tooLarge(limit: 100_000))
        }
        let capacity = output.capacity
        #expect(capacity < 1_000_000)
        let count = output.count
        #expect(count == 0)
    }

    @Test func `a lie about the size is not believed`() throws {
        // Snappy: four bytes that announce 4 GiB - 1. zstd: a frame of one byte announcing 2^40.
        for (codec, bytes) in [
            (CompressionCodec.snappy, hex("ffffffff0f")),
            (.zstd, hex("28b52ffdc04000000000000100000b0000aa")),
        ] {
            var output = ByteBuffer()
            #expect(throws: CompressionError.self) {
                try codec.decompress(bytes.bytes, into: &output, limit: Int.max)
            }
            let capacity = output.capacity
            #expect(capacity < 1_000_000)
        }
    }

    @Test func `input cut short anywhere is an error`() throws {
        for vector in foreign {
            for length in 0..<vector.bytes.count {
                let cut = Array(vector.bytes[..<length])
                // A cut between two members, frames or blocks leaves something whole.
                guard let found = try? decompressed(cut, vector.codec) else { continue }
                let whole = Array(CompressionVectors.text.utf8)
                #expect(found.count < whole.count && found[...] == whole[..<found.count])
                #expect(
                    ["gzip, two members", "snappy, xerial"].contains(vector.name)
                        || vector.name.hasPrefix("zstd, streamed")
                )
            }
        }
    }

    @Test func `bytes behind the end are an error`() throws {
        for vector in foreign {
            #expect(throws: CompressionError.self, "\(vector.name)") {
                try decompressed(vector.bytes + [1, 2, 3, 4, 5], vector.codec)
            }
        }
    }

    @Test func `mutated and random bytes never trap and never exceed the limit`() {
        var random = SplitMix(seed: 11)
        var refused = 0
        let decompressor = Decompressor()
        for round in 0..<8000 {
            let vector = foreign[round % foreign.count]
            let bytes = round % 5 == 0 ? random.bytes(64) : random.mutate(vector.bytes)
            var output = ByteBuffer()
            do throws(CompressionError) {
                try decompressor.decompress(
                    bytes.bytes,
                    with: vector.codec,
                    into: &output,
                    limit: 2000
                )
            } catch {
                refused += 1
            }
            let count = output.count
            #expect(count <= 2000)
        }
        #expect(refused > 4000)
    }
}
