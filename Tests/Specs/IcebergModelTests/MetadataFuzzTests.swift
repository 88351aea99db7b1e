import Bytes
import Clocks
import IcebergModel
import Testing

/// Metadata come from other writers and over the network: whatever they say, they are read or
/// refused, and what was read is written as something that can be read.
struct MetadataFuzzTests {
    private static let numbers = [
        "-1", "0", "1", "999", "2147483647", "2147483648", "-9223372036854775808",
        "9223372036854775807", "1e300", "null", "\"7\"", "[]", "{}",
    ]

    @Test(arguments: 0..<8)
    func `mutated metadata are read or refused`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let golden = try Golden.bytes("metadata.json")
        var readable = 0
        for _ in 0..<Fuzzing.iterations {
            var bytes = golden
            for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&bytes, &random) }
            guard let read = try? withSpan(bytes, { try TableMetadata($0, document: "fuzz") })
            else { continue }
            readable += 1
            var buffer = ByteBuffer()
            read.write(to: &buffer)
            let again = try TableMetadata(buffer.bytes, document: "written")
            #expect(again.schemas == read.schemas && again.snapshots == read.snapshots)
            #expect(again.references == read.references)
            use(read)
        }
        // Otherwise only the JSON reader was tried.
        #expect(readable > 10)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0x20...0x7e, using: &random)
        case 1: bytes.remove(at: place)
        default:
            guard let start = bytes[place...].firstIndex(where: { (48...57).contains($0) }) else {
                return
            }
            let end = bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.count
            let number = Self.numbers.randomElement(using: &random) ?? "0"
            bytes.replaceSubrange(start..<end, with: Array(number.utf8))
        }
    }

    /// What a commit does with metadata that were read.
    private func use(_ metadata: TableMetadata) {
        for spec in metadata.partitionSpecs { _ = try? metadata.partitionType(of: spec) }
        _ = metadata.ancestors(of: metadata.currentSnapshotID)
        _ = metadata.withReferencedSnapshots
        let snapshot = Snapshot(
            id: 4711,
            parentID: metadata.currentSnapshotID,
            sequenceNumber: metadata.lastSequenceNumber + 1,
            timestampMilliseconds: metadata.lastUpdatedMilliseconds,
            manifestList: "file:///m",
            summary: [:],
            schemaID: metadata.currentSchemaID
        )
        _ = try? TableMetadata.applying(
            [
                .addSchema(metadata.schema), .setCurrentSchema(-1), .addSnapshot(snapshot),
                .setReference("main", SnapshotReference(snapshotID: 4711, kind: .branch)),
                .removeSnapshots(metadata.snapshots.map(\.id)),
            ],
            requiring: [.tableUUID(metadata.uuid)],
            to: metadata,
            atMilliseconds: 0
        )
        _ = try? metadata.adding(columns: [NewColumn("fuzz", .long)])
    }
}
