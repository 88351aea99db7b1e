import JSONText

/// What `millrace verify TOPIC/PARTITION@OFFSET` prints.
enum PlaceText {
    /// Stretches printed of each table.
    private static let stretchesMax = 100

    static func show(_ answer: JSONValue) {
        Terminal.write("\(answer["place"]?.stringValue ?? "")\n\n")
        for entry in answer["tables"]?.arrayValue ?? [] {
            let name =
                "\(entry["table"]?.stringValue ?? "") (\(entry["pipeline"]?.stringValue ?? ""))"
            if let fate = entry["fate"]?.stringValue {
                Terminal.write("\(name): \(fate): \(entry["meaning"]?.stringValue ?? "")\n")
                let detail = entry["detail"]?.stringValue ?? ""
                for line in detail.isEmpty ? [] : detail.split(separator: "; ") {
                    Terminal.write("  \(line)\n")
                }
            } else {
                show(stretchesOf: entry, name)
            }
        }
    }

    private static func show(stretchesOf entry: JSONValue, _ name: String) {
        let counts = entry["counts"]?.objectValue?.members ?? []
        let sums = counts.map { "\(grouped($0.value.integerValue ?? 0)) \($0.key)" }
        Terminal.write("\(name): \(sums.isEmpty ? "nothing" : sums.joined(separator: ", "))\n")
        let stretches = entry["stretches"]?.arrayValue ?? []
        var table = TextTable([("from", .right), ("to", .right), ("", .left)])
        for stretch in stretches.prefix(stretchesMax) {
            func offset(_ key: String) -> Int64 { stretch[key]?.integerValue ?? 0 }
            table.append([
                String(offset("from_offset")), String(offset("to_offset") - 1),
                stretch["fate"]?.stringValue ?? "",
            ])
        }
        if !stretches.isEmpty { Terminal.write(table.text) }
        let more =
            Int64(stretches.count) - Int64(min(stretches.count, stretchesMax))
            + (entry["stretches_omitted"]?.integerValue ?? 0)
        if more > 0 { Terminal.write("\(grouped(more)) more stretches; --json has 10,000\n") }
        Terminal.write("\n")
    }
}
