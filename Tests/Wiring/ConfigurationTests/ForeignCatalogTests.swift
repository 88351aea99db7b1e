import Configuration
import Telemetry
import Testing

struct ForeignCatalogTests {
    private let secrets = [
        "MILLRACE_LAKE_CATALOG_CREDENTIAL": "me:secret", "MILLRACE_LAKE_CATALOG_TOKEN": "token",
    ]

    private func environment(_ names: String...) -> [String: String] {
        secrets.filter { names.contains($0.key) }
    }

    @Test func `an address is a catalog of somebody else, a path a file`() throws {
        let foreign = try configuration(
            "lake: {catalog: 'https://c.example.com/x', catalog_warehouse: w}",
            environment: environment("MILLRACE_LAKE_CATALOG_CREDENTIAL")
        ).lake
        #expect(foreign.foreign?.uri == "https://c.example.com/x")
        #expect(foreign.foreign?.warehouse == "w" && foreign.foreign?.scope == "catalog")
        #expect(foreign.foreign?.credential == Secret("me:secret"))
        // What is noted besides has a file all the same.
        #expect(foreign.catalog.hasSuffix("/lake/catalog.db"))
        #expect(try configuration("lake: {catalog: c.db}").lake.foreign == nil)
    }

    @Test func `what means nothing together is refused`() {
        let both = problems(
            "lake: {catalog: 'https://c.example.com'}",
            environment: secrets
        )
        #expect(both.contains("stands beside lake.catalog_credential"))
        let file = problems("lake: {catalog: c.db, catalog_warehouse: w}")
        #expect(file.contains("lake.catalog: is no address"))
        let place = problems("lake: {catalog: 'https://c', warehouse: 's3://bucket/lake'}")
        #expect(place.contains("lake.warehouse: means nothing beside a REST catalog"))
    }

    @Test func `requests are signed with the environment's keys`() throws {
        let text = "lake: {catalog: 'https://c', catalog_signing: eu-central-1/glue}"
        let keys = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]
        let signing = try #require(configuration(text, environment: keys).lake.foreign?.signing)
        #expect(signing.region == "eu-central-1" && signing.service == "glue")
        #expect(signing.accessKey == "a" && signing.sessionToken == nil)
        #expect(problems(text).contains("has no keys to sign with"))
        let odd = "lake: {catalog: 'https://c', catalog_signing: glue}"
        #expect(problems(odd, environment: keys).contains("is no region and service"))
        let both = keys.merging(environment("MILLRACE_LAKE_CATALOG_TOKEN")) { own, _ in own }
        #expect(problems(text, environment: both).contains("stands beside a token"))
    }

    @Test func `secrets go to other machines encrypted`() {
        let token = environment("MILLRACE_LAKE_CATALOG_TOKEN")
        let open = "lake: {catalog: 'http://c.example.com'}"
        #expect(problems(open, environment: token).contains("is not encrypted"))
        #expect(problems("insecure: true\n" + open, environment: token).isEmpty)
        #expect(problems(open).isEmpty)
        #expect(problems("lake: {catalog: 'http://127.0.0.1:8181'}", environment: token).isEmpty)
        let away = "lake: {catalog: 'https://c', catalog_oauth_uri: 'http://login.example.com'}"
        #expect(problems(away, environment: token).contains("login.example.com is not encrypted"))
    }
}
