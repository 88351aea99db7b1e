import Bytes
import Files
import HTTPServer
import IcebergModel
import JSONText
import Stores
import Telemetry
import Testing

struct TableRequestTests {
    private let test: TestServer
    private let made: JSONValue

    init() throws {
        test = try TestServer()
        made = try test.makeTable().json
    }

    private var location: String {
        made["metadata"]?["location"]?.stringValue ?? "nowhere"
    }

    @Test func `a table has its metadata file and the folders that DuckDB does not make`()
        throws
    {
        let file = try #require(made["metadata-location"]?.stringValue)
        #expect(file.hasPrefix("file:///lake/shop/t/metadata/00000-"))
        for uri in [file, "\(location)/data"] { #expect(try test.exists(uri)) }
        #expect(made["metadata"]?["format-version"] == 2)
        #expect(made["config"] == [:])
        let loaded = try test.ask("GET", "/namespaces/shop/tables/t")
        #expect(loaded.json == made)
    }

    @Test func `a draft is not a table, but has its folders`() throws {
        let draft = try test.makeTable("draft", ["stage-create": true]).json
        #expect(draft["metadata-location"] == .null)
        #expect(try test.exists("file:///lake/shop/draft/data"))
        let reply = try test.ask("GET", "/namespaces/shop/tables/draft")
        #expect(reply.error == "404 NoSuchTableException")
    }

    @Test func `specs and orders are taken, unknown members passed over`() throws {
        let reply = try test.makeTable(
            "u",
            [
                "partition-spec": [
                    "type": "struct", "spec-id": 0,
                    "fields": [["source-id": 1, "name": "b", "transform": "bucket[4]"]],
                ],
                "write-order": [
                    "order-id": 1,
                    "fields": [
                        [
                            "transform": "identity", "source-id": 2, "direction": "asc",
                            "null-order": "nulls-last",
                        ]
                    ],
                ], "properties": ["a": "1", "n": 5, "format-version": "2"], "moon": [1],
            ]
        )
        let metadata = try #require(reply.json["metadata"])
        #expect(
            metadata["partition-specs"]?.arrayValue?[0]["fields"]?.arrayValue?[0]["field-id"]
                == 1000
        )
        #expect(metadata["default-sort-order-id"] == 1)
        #expect(metadata["properties"]?["n"] == "5")
        #expect(metadata["properties"]?["format-version"] == nil)
    }

    @Test func `Spark numbers fields from 0 on, and the table gives them ids`() throws {
        let reply = try test.makeTable(
            "spark",
            [
                "schema": [
                    "type": "struct", "schema-id": 0, "identifier-field-ids": [1],
                    "fields": [
                        [
                            "id": 0, "name": "tags", "required": false,
                            "type": [
                                "type": "map", "key-id": 2, "key": "string", "value-id": 3,
                                "value-required": false,
                                "value": [
                                    "type": "list", "element-id": 4, "element": "int",
                                    "element-required": true,
                                ],
                            ],
                        ],
                        ["id": 1, "name": "id", "required": true, "type": "long"],
                    ],
                ],
                "partition-spec": [
                    "fields": [["source-id": 1, "name": "b", "transform": "bucket[4]"]]
                ],
                "write-order": [
                    "order-id": 1,
                    "fields": [
                        [
                            "transform": "identity", "source-id": 1, "direction": "asc",
                            "null-order": "nulls-last",
                        ]
                    ],
                ],
            ]
        )
        let metadata = try #require(reply.json["metadata"])
        let schema = try #require(metadata["schemas"]?.arrayValue?[0])
        let fields = try #require(schema["fields"]?.arrayValue)
        #expect(fields.map { $0["id"] } == [1, 2])
        #expect(fields[0]["type"]?["key-id"] == 3)
        #expect(fields[0]["type"]?["value-id"] == 4)
        #expect(fields[0]["type"]?["value"]?["element-id"] == 5)
        #expect(schema["identifier-field-ids"]?.arrayValue == [2])
        #expect(metadata["last-column-id"] == 5)
        let spec = metadata["partition-specs"]?.arrayValue?[0]
        #expect(spec?["fields"]?.arrayValue?[0]["source-id"] == 2)
        let order = metadata["sort-orders"]?.arrayValue?.last
        #expect(order?["fields"]?.arrayValue?[0]["source-id"] == 2)
        let twice: JSONValue = [
            "type": "struct",
            "fields": [
                ["id": 0, "name": "a", "required": false, "type": "long"],
                ["id": 0, "name": "b", "required": false, "type": "long"],
            ],
        ]
        #expect(try test.makeTable("twice", ["schema": twice]).status == 400)
    }

    @Test func `what makes no table is refused, and nothing is left`() throws {
        #expect(try test.makeTable().error == "409 AlreadyExistsException")
        #expect(
            try test.makeTable("t", ["stage-create": true]).error == "409 AlreadyExistsException"
        )
        for more: JSONObject in [
            ["properties": ["format-version": "3"]], ["location": "file:///etc/t"],
            ["location": "file:///lake/../etc"], ["schema": ["type": "list"]],
            ["schema": ["type": "struct", "fields": []], "stage-create": "yes"],
            ["partition-spec": ["fields": [["source-id": 9, "name": "x", "transform": "day"]]]],
            ["name": ""],
        ] {
            let reply = try test.makeTable("bad", more)
            #expect(reply.status == 400, "\(more)")
        }
        #expect(try test.ask("HEAD", "/namespaces/shop/tables/bad").status == 404)
        let reply = try test.ask(
            "POST",
            "/namespaces/moon/tables",
            ["name": "t", "schema": TestServer.schema]
        )
        #expect(reply.error == "404 NoSuchNamespaceException")
    }

    @Test func `a table that did not change is not sent again`() throws {
        let first = try test.ask("GET", "/namespaces/shop/tables/t")
        let tag = try #require(first.headers["ETag"])
        func again(_ known: String, _ query: String = "") throws -> Int {
            try test.ask(
                "GET",
                "/namespaces/shop/tables/t\(query)",
                headers: [("If-None-Match", known)]
            ).status
        }
        #expect(try again(tag) == 304)
        #expect(try again("\"other\", W/\(tag)") == 304)
        #expect(try again("*") == 304)
        #expect(try again("\"other\"") == 200)
        #expect(try again(tag, "?snapshots=refs") == 200)
        let commit: JSONValue = [
            "requirements": [], "updates": [["action": "set-properties", "updates": ["a": "b"]]],
        ]
        #expect(try test.ask("POST", "/namespaces/shop/tables/t", commit).status == 200)
        #expect(try again(tag) == 200)
    }

    @Test func `snapshots that nothing names are left out when asked so`() throws {
        var updates: [JSONValue] = []
        for id: Int64 in 1...3 {
            updates.append([
                "action": "add-snapshot",
                "snapshot": [
                    "snapshot-id": .integer(id), "sequence-number": .integer(id),
                    "timestamp-ms": 1_767_225_600_000, "manifest-list": "file:///lake/m",
                    "summary": ["operation": "append"],
                ],
            ])
        }
        updates.append([
            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 3,
        ])
        let commit: JSONValue = ["requirements": [], "updates": .array(updates)]
        #expect(try test.ask("POST", "/namespaces/shop/tables/t", commit).status == 200)
        func count(_ choice: String) throws -> Int? {
            try test.ask("GET", "/namespaces/shop/tables/t?snapshots=\(choice)")
                .json["metadata"]?["snapshots"]?.arrayValue?.count
        }
        #expect(try count("all") == 3 && count("refs") == 1)
        let odd = try test.ask("GET", "/namespaces/shop/tables/t?snapshots=some")
        #expect(odd.error == "400 BadRequestException")
    }

    @Test func `tables are listed in pages`() throws {
        for name in ["b", "ä", "a"] { try test.makeTable(name) }
        var names: [String] = []
        var token = ""
        repeat {
            let page = try test.ask(
                "GET",
                "/namespaces/shop/tables?pageSize=3&pageToken=\(token)"
            ).json
            names += page["identifiers"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
            token = page["next-page-token"]?.stringValue ?? ""
        } while !token.isEmpty
        #expect(names == ["a", "b", "t", "ä"])
        #expect(
            try test.ask("GET", "/namespaces/moon/tables").error == "404 NoSuchNamespaceException"
        )
    }

    @Test func `a dropped table's files stay unless PyIceberg says True`() throws {
        try test.makeTable("u")
        let file = try #require(made["metadata-location"]?.stringValue)
        #expect(
            try test.ask("DELETE", "/namespaces/shop/tables/t?purgeRequested=False").status == 204
        )
        #expect(try test.exists(file))
        let other = try #require(
            test.ask("GET", "/namespaces/shop/tables/u").json["metadata-location"]?.stringValue
        )
        #expect(
            try test.ask("DELETE", "/namespaces/shop/tables/u?purgeRequested=True").status == 204
        )
        #expect(try !test.exists(other))
        let again = try test.ask("DELETE", "/namespaces/shop/tables/t")
        #expect(again.error == "404 NoSuchTableException")
    }

    @Test func `a purge deletes nothing outside of the table's folder`() throws {
        try test.makeTable("victim")
        let victim = try #require(
            test.ask("GET", "/namespaces/shop/tables/victim").json["metadata-location"]?
                .stringValue
        )
        let commit: JSONValue = [
            "requirements": [],
            "updates": [
                [
                    "action": "add-snapshot",
                    "snapshot": [
                        "snapshot-id": 1, "sequence-number": 1,
                        "timestamp-ms": 1_767_225_600_000, "manifest-list": .string(victim),
                    ],
                ]
            ],
        ]
        #expect(try test.ask("POST", "/namespaces/shop/tables/t", commit).status == 200)
        #expect(
            try test.ask("DELETE", "/namespaces/shop/tables/t?purgeRequested=true").status == 204
        )
        #expect(try test.exists(victim))
    }

    @Test func `a table gets another name, if that is free`() throws {
        try test.makeTable("taken")
        #expect(try test.ask("POST", "/namespaces", ["namespace": ["other"]]).status == 200)
        func rename(_ from: String, _ namespace: String, _ to: String) throws -> Reply {
            try test.ask(
                "POST",
                "/tables/rename",
                [
                    "source": ["namespace": ["shop"], "name": .string(from)],
                    "destination": [
                        "namespace": [.string(namespace)], "name": .string(to),
                    ],
                ]
            )
        }
        #expect(try rename("t", "shop", "taken").error == "409 AlreadyExistsException")
        #expect(try rename("none", "shop", "x").error == "404 NoSuchTableException")
        #expect(try rename("t", "moon", "x").error == "404 NoSuchNamespaceException")
        #expect(try rename("t", "other", "x").status == 204)
        let moved = try test.ask("GET", "/namespaces/other/tables/x").json
        #expect(moved == made)
    }

    @Test func `a metadata file that lies there becomes a table`() throws {
        let file = try #require(made["metadata-location"])
        #expect(try test.ask("DELETE", "/namespaces/shop/tables/t").status == 204)
        func register(_ location: JSONValue, _ more: JSONObject = [:]) throws -> Reply {
            var body: JSONObject = ["name": "r", "metadata-location": location]
            for member in more.members { body[member.key] = member.value }
            return try test.ask("POST", "/namespaces/shop/register", .object(body))
        }
        #expect(try register(file).json == made)
        #expect(try register(file).error == "409 AlreadyExistsException")
        #expect(try register(file, ["overwrite": true]).status == 200)
        #expect(try register("file:///lake/none.json").error == "404 NotFoundException")
        #expect(try register("file:///etc/passwd").error == "400 BadRequestException")
        #expect(try register("file:///lake/../etc/passwd").error == "400 BadRequestException")
        var bytes = ByteBuffer()
        bytes.append(utf8: #"{"format-version":3}"#)
        try LocalStore(test.files).create("file:///lake/v3.json", Slab(bytes))
        #expect(try register("file:///lake/v3.json").error == "400 ValidationException")
    }

    @Test func `reports are taken and counted`() throws {
        let report: JSONValue = ["report-type": "scan-report", "table-name": "t"]
        let path = "/namespaces/shop/tables/t/metrics"
        for _ in 0..<2 { #expect(try test.ask("POST", path, report).status == 204) }
        #expect(test.metrics.render().contains("millrace_catalog_reports_total 2"))
    }
}
