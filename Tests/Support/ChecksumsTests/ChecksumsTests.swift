import Bytes
import Testing

@testable import Checksums

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct CRC32CTests {
    @Test func `published check values are met`() {
        // RFC 3720 appendix B.4 and the usual check value.
        #expect(crc32c(bytes("123456789").bytes) == 0xe306_9283)
        #expect(crc32c([UInt8](repeating: 0, count: 32).bytes) == 0x8a91_36aa)
        #expect(crc32c([UInt8](repeating: 0xff, count: 32).bytes) == 0x62a8_ab43)
        #expect(crc32c(Array(UInt8(0)...31).bytes) == 0x46dd_794e)
        #expect(crc32c([UInt8]().bytes) == 0)
    }

    @Test func `instructions and tables agree on every length and alignment`() {
        var state: UInt64 = 42
        let block = (0..<40_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let all = block.bytes
        let lengths = Array(0...1700) + [2304, 12_287, 12_288, 12_289, 13_056, 24_576, 39_000]
        for length in lengths {
            for start in [0, 1, 7] {
                let part = all.extracting(start..<start + length)
                #expect(crc32c(part) == crc32cByTables(part), "length \(length) at \(start)")
            }
        }
    }

    @Test func `a checksum made in pieces is the checksum of the whole`() {
        let block = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let all = block.bytes
        let whole = crc32c(all)
        for cut in [0, 1, 8, 255, 768, 769, 12_288, 19_999, 20_000] {
            let first = crc32c(all.extracting(0..<cut))
            #expect(crc32c(all.extracting(cut..<20_000), continuing: first) == whole)
        }
    }
}

@Suite struct MurmurTests {
    @Test func `murmur3 meets the hashes of the Iceberg specification`() {
        // Iceberg table spec, appendix B: 32-bit hash requirements.
        #expect(murmur3x86_32(bytes("iceberg").bytes) == 1_210_000_089)
        #expect(murmur3x86_32([0, 1, 2, 3].bytes) == UInt32(bitPattern: -188_683_207))
        let number: [UInt8] = [34, 0, 0, 0, 0, 0, 0, 0]
        #expect(murmur3x86_32(number.bytes) == 2_017_239_379)
        #expect(murmur3x86_32([UInt8]().bytes) == 0)
        #expect(murmur3x86_32([UInt8]().bytes, seed: 1) == 0x514e_28b7)
    }

    @Test func `murmur2 meets the hashes of Kafka's own test`() {
        // org.apache.kafka.common.utils.UtilsTest.testMurmur2
        let cases: [(String, Int32)] = [
            ("21", -973_932_308), ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ]
        for (text, hash) in cases {
            #expect(Int32(bitPattern: murmur2(bytes(text).bytes)) == hash, "\(text)")
        }
    }
}

struct SHA256Tests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func `digests are those of FIPS 180 and of all lengths around a block`() {
        #expect(
            hex(sha256([]))
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
        #expect(
            hex(sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        let sum = (0..<200).reduce(into: [UInt8]()) { all, count in
            all += sha256([UInt8](repeating: UInt8(count), count: count))
        }
        // By Python's hashlib.
        #expect(
            hex(sha256(sum))
                == "6f979b0f53f1f6efc88ce8829b3e9c0d7711e102a3cfe31394c5d6c3232047ad"
        )
    }

    @Test func `codes are those of RFC 4231`() {
        #expect(
            hex(hmacSHA256(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        let key = [UInt8](repeating: 0xaa, count: 131)
        let text = "Test Using Larger Than Block-Size Key - Hash Key First"
        #expect(
            hex(hmacSHA256(key: key, Array(text.utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
    }
}
