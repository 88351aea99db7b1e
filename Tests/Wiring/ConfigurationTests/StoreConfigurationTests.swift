import Settings
import Stores
import Telemetry
import Testing

@testable import Configuration

struct StoreConfigurationTests {
    private func load(
        _ text: String,
        _ environment: [String: String] = [:]
    ) throws -> MillraceConfiguration {
        try configuration(text, environment: environment)
    }

    private func said(_ text: String, _ environment: [String: String] = [:]) -> String {
        do {
            _ = try load(text, environment)
            return ""
        } catch { return "\(error)" }
    }

    @Test func `stores have their options and secrets of the environment`() throws {
        let settings = try load(
            """
            lake: {warehouse: "s3://bucket//lake/", cache: 5GiB}
            stores:
              s3:
                {endpoint: "http://h:1", region: r, style: host, attempts: 3,
                access_key: "${A}", secret_key: "${B}"}
              gs: {anonymous: true}
            """,
            ["A": "id", "B": "word"]
        )
        #expect(settings.lake.warehouse == "s3://bucket/lake")
        #expect(settings.lake.cacheBytes == 5 << 30)
        let store = try #require(settings.stores[.s3])
        #expect(store.endpoint == "http://h:1" && store.region == "r" && store.style == .host)
        #expect(store.accessKey?.revealed == "id" && store.secret?.revealed == "word")
        #expect(store.attempts == 3)
        #expect(settings.stores[.gs]?.isAnonymous == true)
        #expect(settings.stores[.abfs] == nil)
    }

    @Test func `Azure's own variables count`() throws {
        let settings = try load(
            "",
            ["AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_KEY": "a2V5"]
        )
        #expect(settings.stores[.abfs]?.account == "acc")
        #expect(settings.stores[.abfs]?.secret?.revealed == "a2V5")
    }

    @Test(arguments: [
        ("stores: {s4: {}}", "there are s3, gs and abfs"),
        ("stores: {s3: {endpoint: 'h:1'}}", "no address of a store"),
        ("stores: {s3: {access_key: 'AKIA', secret_key: 'x'}}", "may not stand in the settings"),
        ("stores: {s3: {access_key: '${A}'}}", "the environment has no variable A"),
        ("stores: {s3: {acount: x}}", "unknown key stores.s3.acount"),
        ("stores: {hdfs: {}}", "is no store"),
        ("lake: {warehouse: /srv/lake}", "lake.directory"),
        ("lake: {warehouse: 'ftp://host/x'}", "ftp is no store"),
    ])
    func `what is wrong is said with what to do`(text: String, words: String) {
        #expect(said(text).contains(words), "\(said(text))")
    }

    @Test(arguments: [
        ("AWS", "bucket/x", "s3://bucket/x"), ("GCP", "gs://bucket/x", "gs://bucket/x"),
        ("AZURE", "box/x", "abfs://box@acc.dfs.core.windows.net/x"),
        ("AZURE", "box", "abfs://box@acc.dfs.core.windows.net"),
    ])
    func `OUTPUT_FS names a store as the simulator's programs read it`(
        system: String,
        place: String,
        warehouse: String
    ) throws {
        let environment = [
            "OUTPUT_FS": system, "OUTPUT_DIR": place, "AZURE_ACCOUNT_NAME": "acc",
        ]
        #expect(try load("", environment).lake.warehouse == warehouse)
        // The settings win.
        let own = try load("lake: {warehouse: 's3://other'}", environment)
        #expect(own.lake.warehouse == "s3://other")
    }

    @Test func `OUTPUT_FS may be this machine, and nothing else than it says`() throws {
        let local = try load("", ["OUTPUT_FS": "LOCAL", "OUTPUT_DIR": "/usr/local/data"])
        #expect(local.lake.warehouse == nil)
        #expect(local.lake.directory == "/usr/local/data")
        #expect(try load("", ["OUTPUT_DIR": "/x"]).lake.directory.hasSuffix("/.millrace/lake"))
        #expect(said("", ["OUTPUT_FS": "FTP"]).contains("LOCAL, GCP, AWS or AZURE"))
        #expect(said("", ["OUTPUT_FS": "AWS"]).contains("OUTPUT_DIR"))
    }
}
