public import Decoding
public import FileSource
import Settings

/// Files as where a pipeline's records come from: `from: {files: inbox/*.jsonl}`.
public struct FilesConfiguration: Sendable, Equatable {
    /// Which files, as it was written; never empty.
    public var patterns: [String]
    /// Time between two looks.
    public var poll: Duration
    /// How long a file must stay as it is before it is taken.
    public var settle: Duration

    /// What the map under `from` says; nil when it names no files.
    init?(_ pipeline: SettingsSection) {
        guard let section = pipeline.section("from") else { return nil }
        let patterns = section.required("files", .list(of: .filePattern))
        poll = section.value(
            "poll",
            .duration(in: .milliseconds(100)...(.seconds(3600))),
            default: .seconds(1)
        )
        settle = section.value(
            "settle",
            .duration(in: .milliseconds(100)...(.seconds(3600))),
            default: .seconds(2)
        )
        section.finish()
        if pipeline.has("source") {
            pipeline.complain(
                at: "source",
                "stands beside files, which are in no cluster",
                advice: "leave it away, or name topics in from"
            )
        }
        guard let patterns else { return nil }
        self.patterns = patterns
    }

    /// Tables of the same files must agree about what a record is: its offset is the same in all.
    func check(_ tables: [TableConfiguration], _ section: SettingsSection) {
        guard let first = tables.first else { return }
        let framing = RecordFraming(first.format.format)
        guard let other = tables.first(where: { RecordFraming($0.format.format) != framing }) else {
            return
        }
        section.complain(
            at: "tables",
            "\(first.name) and \(other.name) cut the same files into records in different ways",
            advice: "write format and csv once, beside from"
        )
    }
}

extension RecordFraming {
    /// How files that are written in `format` are cut into records.
    public init(_ format: RecordFormat) {
        switch format {
        case .json, .raw:
            self = .lines
        case .csv(let csv):
            self = .rows(
                delimiter: csv.delimiter,
                quote: csv.quote,
                hasHeader: csv.columns == nil
            )
        }
    }
}

extension ValueType where Value == String {
    /// Which files of a folder.
    static var filePattern: ValueType {
        ValueType(name: "files", example: "inbox/*.jsonl") { (text) throws(SettingsComplaint) in
            guard !text.contains("://") else {
                throw SettingsComplaint(
                    "\"\(text)\" is not in a folder of this machine",
                    advice: "write a path such as inbox/*.jsonl"
                )
            }
            guard PathPattern(text) != nil else {
                throw SettingsComplaint(
                    "\"\(text)\" names no files",
                    advice: "write a path such as inbox/*.jsonl, or inbox/**/*.csv for folders in "
                        + "folders"
                )
            }
            return text
        }
    }
}
