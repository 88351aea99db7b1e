/// The name of a data file that a pipeline writes: `<pipeline>-<epoch>-<number>-<UUID>.parquet`.
struct DataFileName {
    /// The pipeline; its name may have dashes.
    let pipeline: String
    /// The writer's epoch.
    let epoch: Int64

    private static let suffix = ".parquet"
    /// Dashes within a UUID.
    private static let uuidDashes = 4

    /// Reads a name; nil for other files.
    init?(_ name: String) {
        guard name.hasSuffix(Self.suffix) else { return nil }
        let parts = name.dropLast(Self.suffix.utf8.count)
            .split(separator: "-", omittingEmptySubsequences: false)
        let uuidStart = parts.count - Self.uuidDashes - 1
        guard uuidStart >= 3, parts[uuidStart...].map(\.utf8.count) == [8, 4, 4, 4, 12],
            UInt64(parts[uuidStart - 1]) != nil, let epoch = Int64(parts[uuidStart - 2])
        else { return nil }
        self.epoch = epoch
        pipeline = parts[..<(uuidStart - 2)].joined(separator: "-")
    }

    /// A name for the `number`th file of a writer.
    static func make(pipeline: String, epoch: Int64, number: UInt64, uuid: String) -> String {
        "\(pipeline)-\(epoch)-\(number)-\(uuid)\(suffix)"
    }
}
