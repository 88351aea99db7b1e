import Configuration
import Decoding
import FileSource
import Settings
import Testing

@Suite struct FilesConfigurationTests {
    @Test func `files stand in place of topics, and the pipeline is their topic`() throws {
        let configuration = try configuration(
            """
            pipelines:
              drops:
                from: {files: inbox/*.jsonl}
                into: a
              more:
                from: {files: [a/*, "/b/**/c.csv"], settle: 10s, poll: 250ms}
                format: csv
                tables:
                  b: {}
                  c: {documents: many}
            """
        )
        let drops = try #require(configuration.pipelines.first)
        #expect(drops.topics == ["drops"] && drops.source == nil)
        #expect(drops.files?.patterns == ["inbox/*.jsonl"])
        #expect(drops.files?.settle == .seconds(2) && drops.files?.poll == .seconds(1))
        let more = try #require(configuration.pipelines.last)
        #expect(more.files?.patterns == ["a/*", "/b/**/c.csv"])
        #expect(more.files?.settle == .seconds(10) && more.files?.poll == .milliseconds(250))
        // A record of a file is a row.
        #expect(more.tables.map(\.format.documents) == [.one, .many])
        #expect(
            RecordFraming(more.tables[0].format.format)
                == .rows(delimiter: 0x2C, quote: 0x22, hasHeader: true)
        )
    }

    @Test func `files of a bucket have a place and a poll of their own`() throws {
        let configuration = try configuration(
            """
            pipelines:
              drops:
                from: {files: ["s3://b-1.x/in/*.csv", "s3://b-1.x/*"], endpoint: "http://h:1"}
                into: a
            """
        )
        let files = try #require(configuration.pipelines.first?.files)
        #expect(files.bucket == "s3://b-1.x" && files.keyPatterns == ["in/*.csv", "*"])
        #expect(files.poll == .seconds(10) && files.endpoint == "http://h:1")
        #expect(files.region == nil)
    }

    @Test func `what does not go with files is said`() {
        func said(_ pipeline: String) -> String { problems("pipelines: {p: {\(pipeline)}}") }
        #expect(
            said("from: {files: a/*}, into: t, share: true").contains("does not go with files")
        )
        #expect(said("from: {files: a/*}, into: t, source: x").contains("stands beside files"))
        #expect(said("from: {files: a/**}, into: t").contains("names no files"))
        #expect(said("from: {files: 'ftp://b/*'}, into: t").contains("nor in a bucket"))
        #expect(said("from: {files: 's3://b'}, into: t").contains("nor in a bucket"))
        #expect(said("from: {files: 's3://b?x/*'}, into: t").contains("nor in a bucket"))
        #expect(said("from: {files: [a/*, 's3://b/*']}, into: t").contains("in several places"))
        #expect(said("from: {files: a/*, region: x}, into: t").contains("is about buckets"))
        #expect(
            said("from: {files: 's3://b/*', endpoint: 'h:1'}, into: t").contains("no address")
        )
        #expect(said("from: {poll: 1s}, into: t").contains("lacks the key files"))
        #expect(said("from: {files: a/*, setle: 1s}, into: t").contains("did you mean settle"))
        #expect(
            said("from: {files: a/*}, tables: {t: {}, u: {format: csv}}")
                .contains("t and u cut the same files into records in different ways")
        )
        #expect(
            said("from: {files: a/*}, format: csv, tables: {t: {}, u: {csv: {columns: [a]}}}")
                .contains("in different ways")
        )
    }
}
