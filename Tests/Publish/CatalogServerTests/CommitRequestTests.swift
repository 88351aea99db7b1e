import Catalogs
import Clocks
import Files
import HTTPServer
import JSONText
import Testing
import Threads

private func setting(_ key: String, _ value: String) -> JSONValue {
    [
        "requirements": [],
        "updates": [
            .object([
                "action": "set-properties",
                "updates": .object(JSONObject([(key, .string(value))])),
            ])
        ],
    ]
}

struct CommitRequestTests {
    private let test: TestServer
    private let path = "/namespaces/shop/tables/t"

    init() throws {
        test = try TestServer()
        try test.makeTable()
    }

    private func properties() throws -> JSONValue? {
        try test.ask("GET", path).json["metadata"]?["properties"]
    }

    @Test func `a commit answers with the new metadata, which lie there`() throws {
        let reply = try test.ask("POST", path, setting("a", "b")).json
        let file = try #require(reply["metadata-location"]?.stringValue)
        #expect(file.contains("/metadata/00001-"))
        #expect(try test.exists(file))
        #expect(reply["metadata"]?["metadata-log"]?.arrayValue?.count == 1)
        #expect(try test.ask("GET", path).json["metadata"] == reply["metadata"])
    }

    @Test func `unknown actions and requirements are 400, and nothing is done`() throws {
        for body: JSONValue in [
            [
                "requirements": [],
                "updates": [
                    ["action": "set-properties", "updates": ["a": "b"]],
                    ["action": "fly-to-the-moon"],
                ],
            ],
            [
                "requirements": [["type": "assert-full-moon"]],
                "updates": [["action": "set-properties", "updates": ["a": "b"]]],
            ],
            ["updates": []], ["requirements": []], ["requirements": [:], "updates": []],
        ] {
            #expect(try test.ask("POST", path, body).error == "400 BadRequestException")
        }
        #expect(try properties()?["a"] == nil)
    }

    @Test func `a requirement that fails is 409, a change that makes no table 400`() throws {
        let failing: JSONValue = [
            "requirements": [
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7]
            ], "updates": [],
        ]
        #expect(try test.ask("POST", path, failing).error == "409 CommitFailedException")
        let broken: JSONValue = [
            "requirements": [], "updates": [["action": "set-current-schema", "schema-id": 7]],
        ]
        #expect(try test.ask("POST", path, broken).error == "400 ValidationException")
        let missing = try test.ask("POST", "/namespaces/shop/tables/none", setting("a", "b"))
        #expect(missing.error == "404 NoSuchTableException")
        let away: JSONValue = [
            "requirements": [], "updates": [["action": "set-location", "location": "file:///etc"]],
        ]
        #expect(try test.ask("POST", path, away).error == "400 BadRequestException")
    }

    @Test func `a commit is repeated on what somebody else changed meanwhile`() throws {
        let test = test
        let path = path
        test.pointers.next(
            .after {
                let theirs = try test.ask("POST", path, setting("theirs", "1"))
                #expect(theirs.status == 200)
            }
        )
        #expect(try test.ask("POST", path, setting("mine", "1")).status == 200)
        #expect(try properties()?["theirs"] == "1" && properties()?["mine"] == "1")
        // The metadata file of the attempt that came too late is gone.
        #expect(try test.files.list("/lake/shop/t/metadata").count == 3)
    }

    @Test func `500 means unknown and 503 that nothing was done`() throws {
        test.pointers.next(.fails(.unknownOutcome(path: "c", reason: "the disk")))
        let unknown = try test.ask("POST", path, setting("a", "b"))
        #expect(unknown.error == "500 CommitStateUnknownException")
        test.pointers.next(.fails(.busy(path: "c")))
        let busy = try test.ask("POST", path, setting("a", "b"))
        #expect(busy.error == "503 ServiceUnavailableException")
        #expect(busy.headers["Retry-After"] == "1")
        // What is unknown may be referred to: its file stays; the other's is gone.
        #expect(try test.files.list("/lake/shop/t/metadata").count == 2)
    }

    @Test func `commits of many threads all happen`() throws {
        let test = test
        let path = path
        let running = Condition(4)
        for number in 0..<4 {
            _ = Thread("commits-\(number)") {
                for count in 0..<5 {
                    let body = setting("p\(number)-\(count)", "x")
                    let status = (try? test.ask("POST", path, body))?.status
                    #expect(status == 200)
                }
                running.update { $0 -= 1 }
            }
        }
        try #require(running.wait(timeout: .seconds(60)) { $0 == 0 ? true : nil } == true)
        let count = try properties()?.objectValue?.keys.filter { $0.hasPrefix("p") }.count
        #expect(count == 20)
    }
}

struct TransactionTests {
    private let test: TestServer

    init() throws {
        test = try TestServer()
        try test.makeTable("a")
        try test.makeTable("b")
    }

    private func change(_ name: String, _ commit: JSONValue) -> JSONValue {
        var object = commit.objectValue ?? [:]
        object["identifier"] = ["namespace": ["shop"], "name": .string(name)]
        return .object(object)
    }

    private func commit(_ changes: [JSONValue]) throws -> Reply {
        try test.ask("POST", "/transactions/commit", ["table-changes": .array(changes)])
    }

    private func property(_ table: String) throws -> JSONValue? {
        try test.ask("GET", "/namespaces/shop/tables/\(table)")
            .json["metadata"]?["properties"]?["x"]
    }

    @Test func `several tables change together`() throws {
        let reply = try commit([
            change("a", setting("x", "1")), change("b", setting("x", "2")),
        ])
        #expect(reply.status == 204)
        #expect(try property("a") == "1" && property("b") == "2")
    }

    @Test func `one that cannot change keeps all from changing`() throws {
        let stale: JSONValue = [
            "requirements": [["type": "assert-table-uuid", "uuid": "another"]], "updates": [],
        ]
        let reply = try commit([change("a", setting("x", "1")), change("b", stale)])
        #expect(reply.error == "409 CommitFailedException")
        #expect(try property("a") == nil)
        #expect(try test.files.list("/lake/shop/a/metadata").count == 1)
        let missing = try commit([
            change("a", setting("x", "1")), change("none", setting("x", "1")),
        ])
        #expect(missing.error == "404 NoSuchTableException")
        let twice = try commit([
            change("a", setting("x", "1")), change("a", setting("x", "2")),
        ])
        #expect(twice.error == "400 BadRequestException")
        #expect(try property("a") == nil)
    }

    @Test func `DuckDB makes a table by a draft and a commit that there is none`() throws {
        let draft = try test.makeTable("c", ["stage-create": true]).json
        let metadata = try #require(draft["metadata"])
        let make: JSONValue = [
            "requirements": [["type": "assert-create"]],
            "updates": [
                ["action": "assign-uuid", "uuid": metadata["table-uuid"] ?? .null],
                ["action": "upgrade-format-version", "format-version": 2],
                ["action": "add-schema", "schema": TestServer.schema, "last-column-id": 2],
                ["action": "add-spec", "spec": ["type": "struct", "spec-id": 0, "fields": []]],
                ["action": "set-default-spec", "spec-id": 0],
                ["action": "add-sort-order", "sort-order": ["order-id": 0, "fields": []]],
                ["action": "set-default-sort-order", "sort-order-id": 0],
                ["action": "set-location", "location": metadata["location"] ?? .null],
                ["action": "set-current-schema", "schema-id": 0],
            ],
        ]
        // Together with a change of another table: both or none.
        let both = [change("a", setting("x", "1")), change("c", make)]
        #expect(try commit(both).status == 204)
        let made = try test.ask("GET", "/namespaces/shop/tables/c").json
        #expect(made["metadata"]?["table-uuid"] == metadata["table-uuid"])
        #expect(made["metadata-location"]?.stringValue?.contains("/metadata/00000-") == true)
        #expect(try commit([change("c", make)]).error == "409 CommitFailedException")
        let single = try test.ask("POST", "/namespaces/shop/tables/c", make)
        #expect(single.error == "409 CommitFailedException")
    }
}

struct FuzzTests {
    /// Bodies of every kind; what is sent is one of them with some bytes changed.
    private let seeds: [(String, String)] = [
        ("/namespaces", #"{"namespace":["n"],"properties":{"a":"b"}}"#),
        (
            "/namespaces/shop/tables",
            #"{"name":"x","schema":{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"i","#
                + #""required":true,"type":"long"}]},"partition-spec":{"spec-id":0,"fields":["#
                + #"{"source-id":1,"field-id":1000,"name":"b","transform":"bucket[8]"}]}}"#
        ),
        (
            "/namespaces/shop/tables/t",
            #"{"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null}],"#
                + #""updates":[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"#
                + #""sequence-number":1,"timestamp-ms":1767225600000,"manifest-list":"m","#
                + #""summary":{"operation":"append"}}},{"action":"set-snapshot-ref","#
                + #""ref-name":"main","type":"branch","snapshot-id":1}]}"#
        ),
        (
            "/namespaces/shop/tables/t",
            #"{"requirements":[{"type":"assert-current-schema-id","current-schema-id":0}],"#
                + #""updates":[{"action":"add-schema","schema":{"type":"struct","schema-id":1,"#
                + #""fields":[{"id":1,"name":"id","required":true,"type":"long"},{"id":3,"#
                + #""name":"l","required":false,"type":{"type":"list","element-id":4,"element":"#
                + #""string","element-required":false}}]}},{"action":"set-current-schema","#
                + #""schema-id":-1},{"action":"add-spec","spec":{"spec-id":1,"fields":["#
                + #"{"source-id":1,"name":"t","transform":"truncate[10]"}]}},"#
                + #"{"action":"set-default-spec","spec-id":-1},{"action":"add-sort-order","#
                + #""sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"#
                + #""direction":"desc","null-order":"nulls-first"}]}}]}"#
        ),
        ("/tables/rename", #"{"source":{"namespace":["shop"],"name":"q"},"destination":{}}"#),
    ]

    @Test(arguments: 0..<8)
    func `mutated requests are answered, and the table stays readable`(seed: Int) throws {
        let test = try TestServer()
        try test.makeTable()
        var random = SeededRandom(seed: UInt64(seed))
        let numbers = [
            "-1", "0", "2147483647", "2147483648", "9223372036854775807", "1e99", "null",
        ]
        for _ in 0..<250 {
            let (path, text) = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes.suffix(9), at: place)
                default:
                    // A number in the place of another: what parses is more telling.
                    guard let start = bytes[place...].firstIndex(where: { (48...57).contains($0) })
                    else { continue }
                    let end =
                        bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.count
                    let number = numbers.randomElement(using: &random) ?? "0"
                    bytes.replaceSubrange(start..<end, with: Array(number.utf8))
                }
            }
            let reply = try test.send("POST", path, String(decoding: bytes, as: UTF8.self))
            #expect([200, 204, 400, 404, 409].contains(reply.status), "\(reply.text)")
            guard reply.status == 200, path.hasSuffix("/t") else { continue }
            // Read by another process: from its file, by the rules for files.
            let location = try #require(reply.json["metadata-location"]?.stringValue)
            let again = try test.ask(
                "POST",
                "/namespaces/shop/register",
                ["name": "copy", "overwrite": true, "metadata-location": .string(location)]
            )
            #expect(again.status == 200, "\(again.text)")
        }
    }
}
