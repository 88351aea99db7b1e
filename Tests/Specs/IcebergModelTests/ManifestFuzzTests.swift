import AvroFormat
import Bytes
import Clocks
import Glibc
import IcebergModel
import Testing

/// How much fuzzing is done: `make fuzz ITERATIONS=100000`.
enum Fuzzing {
    /// Inputs that each of eight seeds makes; of fewer than these not enough could be read.
    static var iterations: Int {
        guard let text = unsafe getenv("MILLRACE_FUZZ_ITERATIONS"),
            let number = Int(unsafe String(cString: text)), number > 0
        else { return 300 }
        return max(number, 300)
    }
}

/// Manifests and their lists are other programs' files: whatever they say, they are read or
/// refused. Without compression here, so that faults reach the records.
struct ManifestFuzzTests {
    private static let sync = [UInt8](repeating: 0x5a, count: 16)

    @Test(arguments: 0..<8)
    func `mutated manifest lists are read or refused`(seed: Int) throws {
        let golden = try withSpan(Golden.bytes("manifest-list.avro")) {
            try ManifestList.read($0, path: "golden")
        }
        let list = try ManifestList.write(
            golden,
            snapshotID: 1,
            parentSnapshotID: nil,
            sequenceNumber: 3,
            codec: .null,
            sync: Self.sync
        )
        var random = SeededRandom(seed: UInt64(seed))
        var readable = 0
        for _ in 0..<Fuzzing.iterations {
            let bytes = Self.mutated(Array(copying: list.bytes), &random)
            let read = try? withSpan(bytes) { try ManifestList.read($0, path: "fuzz") }
            guard let read else { continue }
            readable += 1
            // Readable is writable.
            let again = try ManifestList.write(
                read,
                snapshotID: 1,
                parentSnapshotID: nil,
                sequenceNumber: 3,
                codec: .null,
                sync: Self.sync
            )
            #expect(try ManifestList.read(again.bytes, path: "written") == read)
        }
        #expect(readable > 10)
    }

    @Test(arguments: 0..<8)
    func `mutated manifests are read or refused`(seed: Int) throws {
        let metadata = try withSpan(Golden.bytes("metadata.json")) {
            try TableMetadata($0, document: "golden")
        }
        let listing = try #require(
            withSpan(Golden.bytes("manifest-list.avro")) {
                try ManifestList.read($0, path: "golden")
            }.first
        )
        let spec = try metadata.spec(id: listing.partitionSpecID)
        let type = try metadata.partitionType(of: spec)
        let entries = try withSpan(Golden.bytes("manifest-0.avro")) {
            try Manifest.read($0, listing: listing, partitionType: type)
        }
        let written = try Manifest.write(
            entries,
            schema: metadata.schema,
            spec: spec,
            partitionType: type,
            path: "fuzz",
            snapshotID: listing.addedSnapshotID,
            sequenceNumber: listing.sequenceNumber,
            codec: .null,
            sync: Self.sync
        )
        let bytes = Array(copying: written.bytes.bytes)
        var random = SeededRandom(seed: UInt64(seed))
        var readable = 0
        for _ in 0..<Fuzzing.iterations {
            let read = try? withSpan(Self.mutated(bytes, &random)) {
                try Manifest.read($0, listing: listing, partitionType: type)
            }
            guard let read else { continue }
            readable += 1
            for entry in read {
                #expect(entry.file.recordCount >= 0 && !entry.file.path.isEmpty)
                for (_, bound) in entry.file.lowerBounds {
                    for column in metadata.schema.allFields {
                        _ = IcebergValue(singleValueBytes: bound, type: column.type)
                    }
                }
            }
        }
        #expect(readable > 10)
    }

    /// One to three faults; most behind the header, which is more than half of such a file.
    private static func mutated(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where bytes.count > 64 {
            let isHeader = Int.random(in: 0..<4, using: &random) == 0
            // The second mark ends the file; the first ends its header.
            let header = (bytes.firstIndex(of: 0x5a) ?? 0) + 16
            let range =
                isHeader || header >= bytes.count - 20 ? 0..<bytes.count : header..<bytes.count
            let place = Int.random(in: range, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 4: bytes.removeSubrange(place...)
            default:
                for index in place..<min(place + 5, bytes.count) { bytes[index] = 0xff }
            }
        }
        return bytes
    }
}
