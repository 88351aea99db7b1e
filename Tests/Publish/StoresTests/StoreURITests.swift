import Stores
import Testing

struct StoreURITests {
    @Test(arguments: [
        ("s3://bucket/a/b.parquet", "s3://bucket/a/b.parquet"), ("s3://bucket", "s3://bucket"),
        ("s3://bucket//a///b/", "s3://bucket/a/b"), ("s3a://bucket/a", "s3a://bucket/a"),
        ("gs://bucket/ä b%20", "gs://bucket/ä b%20"),
        ("abfss://c@acc.dfs.core.windows.net/x", "abfss://c@acc.dfs.core.windows.net/x"),
        ("/lake/t", "file:///lake/t"),
        ("file:/lake/t", "file:///lake/t"),
    ])
    func `a URI is written as it was read`(text: String, written: String) throws {
        #expect("\(try StoreURI(text))" == written)
    }

    @Test func `a URI has a store, a bucket and a name`() throws {
        let uri = try StoreURI("s3a://bucket/a/b")
        #expect(uri.scheme == .s3)
        #expect(uri.authority == "bucket")
        #expect(uri.key == "a/b")
        #expect(uri.lastComponent == "b")
        #expect("\(uri.appending("c"))" == "s3a://bucket/a/b/c")
        #expect("\(uri.root)" == "s3a://bucket")
        #expect("\(uri.root.appending("c"))" == "s3a://bucket/c")
        #expect(try StoreURI("/a").appending("b").key == "/a/b")
    }

    @Test(arguments: [
        "ftp://host/x", "hdfs://node:8020/lake", "s3:///key", "s3://bucket/../secret",
        "s3://bucket/a/./b",
        "s3://buc?ket/a", "s3://user:word@bucket/a", "gs://", "lake/t", "s3://b/a\nb",
    ])
    func `what names no store or leads out of its folder is refused`(text: String) {
        #expect(throws: StoreError.self) { try StoreURI(text) }
    }
}
