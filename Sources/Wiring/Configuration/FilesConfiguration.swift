public import Decoding
public import FileSource
import Settings
import Stores

/// Files as where a pipeline's records come from: `from: {files: inbox/*.jsonl}`.
public struct FilesConfiguration: Sendable, Equatable {
    /// Which files, as it was written; never empty.
    public var patterns: [String]
    /// Time between two looks.
    public var poll: Duration
    /// How long a file must stay as it is before it is taken. Objects of buckets are taken at once.
    public var settle: Duration
    /// `http(s)://…` of a store that speaks as S3 does; nil for Amazon's.
    public var endpoint: String?
    /// The bucket's region; nil when it is not said.
    public var region: String?
    /// The bucket or container that the files are in, such as `s3://name`; nil for folders.
    public let bucket: String?

    /// The patterns of a bucket's files, without the bucket.
    public var keyPatterns: [String] {
        patterns.map { pattern in Self.parts(pattern)?.key ?? pattern }
    }

    /// Bucket and rest of a pattern; nil for a folder's.
    static func parts(_ pattern: String) -> (bucket: String, key: String)? {
        guard let colon = pattern.firstRange(of: "://") else { return nil }
        let rest = pattern[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        return (String(pattern[..<slash]), String(rest[slash...].dropFirst()))
    }

    /// What the map under `from` says; nil when it names no files.
    init?(_ pipeline: SettingsSection) {
        guard let section = pipeline.section("from") else { return nil }
        let patterns = section.required("files", .list(of: .filePattern))
        poll = section.value(
            "poll",
            .duration(in: .milliseconds(100)...(.seconds(3600))),
            default: (patterns ?? []).contains { Self.parts($0) != nil }
                ? .seconds(10) : .seconds(1)
        )
        settle = section.value(
            "settle",
            .duration(in: .milliseconds(100)...(.seconds(3600))),
            default: .seconds(2)
        )
        endpoint = section.optional("endpoint", .text)
        region = section.optional("region", .text)
        let buckets = Set(
            (patterns ?? []).map { Self.parts($0)?.bucket }
        )
        bucket = buckets.first.flatMap { $0 }
        if buckets.count > 1 {
            section.complain(
                at: "files",
                "are in several places",
                advice: "name files of folders, or of one bucket"
            )
        }
        if bucket == nil, section.has("endpoint") || section.has("region") {
            section.complain(
                at: section.has("endpoint") ? "endpoint" : "region",
                "is about buckets, and these files are in a folder",
                advice: "leave it away, or name files such as s3://bucket/inbox/*.jsonl"
            )
        }
        if let endpoint, !endpoint.hasPrefix("http://"), !endpoint.hasPrefix("https://") {
            section.complain(
                at: "endpoint",
                "is no address of a store",
                advice: "write for example http://127.0.0.1:9000"
            )
        }
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
            var path = text
            if let (bucket, key) = FilesConfiguration.parts(text) {
                do throws(StoreError) {
                    let scheme = try StoreURI(bucket).scheme
                    path = scheme == .file ? "" : key
                } catch { path = "" }
                if path.isEmpty {
                    throw SettingsComplaint(
                        "\"\(text)\" is neither in a folder nor in a bucket",
                        advice: "write a path such as inbox/*.jsonl, or s3://bucket/inbox/*.jsonl, "
                            + "gs://… or abfs://…"
                    )
                }
            }
            guard PathPattern(path) != nil else {
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
