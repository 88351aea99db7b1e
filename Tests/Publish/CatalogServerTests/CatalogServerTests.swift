import CatalogServer
import Clocks
import JSONText
import Telemetry
import Testing

struct ConfigurationTests {
    @Test func `endpoints are in the words that PyIceberg compares letter by letter`() throws {
        let reply = try TestServer().ask("GET", "/config")
        let endpoints = reply.json["endpoints"]?.arrayValue?.compactMap(\.stringValue) ?? []
        #expect(endpoints.contains("GET /v1/{prefix}/namespaces/{namespace}"))
        #expect(endpoints.contains("POST /v1/{prefix}/transactions/commit"))
        #expect(Set(endpoints).count == 16)
        #expect(reply.json["overrides"] == [:] && reply.json["defaults"] == [:])
    }

    @Test func `there is one warehouse, by its name, its URI or none`() throws {
        let test = try TestServer()
        for warehouse in ["", "millrace", "file:///lake", "file:///lake/"] {
            #expect(try test.ask("GET", "/config?warehouse=\(warehouse)").status == 200)
        }
        let reply = try test.ask("GET", "/config?warehouse=other")
        #expect(reply.error == "404 NoSuchWarehouseException")
    }

    @Test func `other addresses and methods are refused in the protocol's words`() throws {
        let test = try TestServer()
        #expect(try test.ask("GET", "/moon").error == "404 NotFoundException")
        #expect(try test.ask("PUT", "/config").error == "405 UnsupportedOperationException")
        #expect(
            try test.ask("PATCH", "/namespaces").error == "405 UnsupportedOperationException"
        )
    }
}

struct AccessTests {
    private func secured() throws -> TestServer {
        var options = CatalogServer.Options()
        options.clients = ["me": Secret("a secret+&=%")]
        options.tokenLifetime = .seconds(60)
        return try TestServer(options)
    }

    private let grant = "grant_type=client_credentials&scope=catalog"
    private let credential = "&client_id=me&client_secret=a+secret%2B%26%3D%25"

    @Test func `an open server does not look at Bearer None`() throws {
        let reply = try TestServer().ask(
            "GET",
            "/namespaces",
            headers: [
                ("Authorization", "Bearer None"),
                ("X-Iceberg-Access-Delegation", "vended-credentials"),
            ]
        )
        #expect(reply.status == 200)
    }

    @Test func `an open server gives a token to everybody`() throws {
        let test = try TestServer()
        for form in [grant, grant + "&client_id=x&client_secret=y"] {
            let reply = try test.send("POST", "/oauth/tokens", form)
            #expect(reply.json["token_type"] == "bearer")
            #expect(reply.json["access_token"]?.stringValue?.count == 64)
        }
    }

    @Test func `a secured server refuses whoever has no token of its own`() throws {
        let test = try secured()
        for header in ["", "Bearer None", "Bearer ", "Basic bWU6YQ=="] {
            let headers = header.isEmpty ? [] : [("Authorization", header)]
            let reply = try test.ask("GET", "/config", headers: headers)
            #expect(reply.error == "401 NotAuthorizedException", "\(header)")
        }
    }

    @Test func `a credential gives a token, which times out`() throws {
        let test = try secured()
        let issued = try test.send("POST", "/oauth/tokens", grant + credential)
        #expect(issued.json["expires_in"] == 60)
        let token = try #require(issued.json["access_token"]?.stringValue)
        func ask() throws -> Reply {
            try test.ask("GET", "/config", headers: [("authorization", "bearer \(token)")])
        }
        #expect(try ask().status == 200)
        let exchange =
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=\(token)"
        #expect(try test.send("POST", "/oauth/tokens", exchange).status == 200)
        test.clocks.advance(by: .seconds(61))
        #expect(try ask().error == "419 AuthenticationTimeoutException")
        #expect(try test.send("POST", "/oauth/tokens", exchange).status == 401)
    }

    @Test func `a credential may come in a header`() throws {
        let test = try secured()
        // me:a secret+&=%
        let headers = [("Authorization", "Basic bWU6YSBzZWNyZXQrJj0l")]
        #expect(try test.send("POST", "/oauth/tokens", grant, headers: headers).status == 200)
    }

    @Test func `errors of the token endpoint are OAuth's`() throws {
        let test = try secured()
        for (form, status, error) in [
            (grant + "&client_id=me&client_secret=wrong", 401, "invalid_client"),
            (grant + "&client_id=you&client_secret=a+secret", 401, "invalid_client"),
            (grant, 401, "invalid_client"), ("grant_type=password", 400, "unsupported_grant_type"),
            ("", 400, "unsupported_grant_type"), ("a=%zz", 400, "invalid_request"),
        ] {
            let reply = try test.send("POST", "/oauth/tokens", form)
            #expect(reply.status == status && reply.json["error"] == .string(error), "\(form)")
        }
    }
}

struct NamespaceTests {
    private let test: TestServer

    init() throws {
        test = try TestServer()
        for levels: [JSONValue] in [["a"], ["a", "b"], ["a", "b", "c"], ["d"]] {
            let body: JSONValue = ["namespace": .array(levels), "properties": ["owner": "me"]]
            #expect(try test.ask("POST", "/namespaces", body).status == 200)
        }
    }

    private func list(_ query: String) throws -> String {
        try test.ask("GET", "/namespaces\(query)").json["namespaces"]?.text() ?? "none"
    }

    @Test func `a list has one level, that inside of its parent`() throws {
        #expect(try list("") == #"[["a"],["d"]]"#)
        #expect(try list("?parent=a") == #"[["a","b"]]"#)
        #expect(try list("?parent=a%1Fb") == #"[["a","b","c"]]"#)
        #expect(try list("?parent=d") == "[]")
        let reply = try test.ask("GET", "/namespaces?parent=moon")
        #expect(reply.error == "404 NoSuchNamespaceException")
    }

    @Test func `PyIceberg encodes the parent twice`() throws {
        #expect(try list("?parent=a%251Fb") == #"[["a","b","c"]]"#)
    }

    @Test func `Java sends an empty page token, PyIceberg none`() throws {
        for query in ["?pageToken=&pageSize=1", "?pageSize=1"] {
            let first = try test.ask("GET", "/namespaces\(query)").json
            #expect(first["namespaces"] == [["a"]])
            let token = try #require(first["next-page-token"]?.stringValue)
            let second = try test.ask("GET", "/namespaces?pageSize=1&pageToken=\(token)").json
            #expect(second["namespaces"] == [["d"]] && second["next-page-token"] == .null)
        }
        #expect(try list("?pageToken=") == #"[["a"],["d"]]"#)
        #expect(try test.ask("GET", "/namespaces?pageSize=0").error == "400 BadRequestException")
    }

    @Test func `a namespace is looked at, changed and dropped`() throws {
        #expect(try test.ask("HEAD", "/namespaces/a%1Fb").status == 204)
        #expect(try test.ask("HEAD", "/namespaces/x").status == 404)
        let body: JSONValue = ["updates": ["k": "v"], "removals": ["owner", "never"]]
        let changed = try test.ask("POST", "/namespaces/a%1Fb/properties", body).json
        #expect(
            changed == ["updated": ["k"], "removed": ["owner"], "missing": ["never"]]
        )
        let loaded = try test.ask("GET", "/namespaces/a%1Fb").json
        #expect(loaded == ["namespace": ["a", "b"], "properties": ["k": "v"]])
        let both: JSONValue = ["updates": ["k": "v"], "removals": ["k"]]
        let refused = try test.ask("POST", "/namespaces/a/properties", both)
        #expect(refused.error == "422 UnprocessableEntityException")
        #expect(try test.ask("DELETE", "/namespaces/d").status == 204)
        #expect(try test.ask("DELETE", "/namespaces/d").error == "404 NoSuchNamespaceException")
    }

    @Test func `a namespace with something in it stays`() throws {
        #expect(try test.ask("DELETE", "/namespaces/a").error == "409 NamespaceNotEmptyException")
        try test.makeTable()
        #expect(
            try test.ask("DELETE", "/namespaces/shop").error == "409 NamespaceNotEmptyException"
        )
        #expect(try test.ask("DELETE", "/namespaces/a%1Fb%1Fc").status == 204)
    }

    @Test func `the mark of a namespace without properties is not shown and not lost`() throws {
        #expect(try test.ask("POST", "/namespaces", ["namespace": ["bare"]]).status == 200)
        #expect(try test.ask("GET", "/namespaces/bare").json["properties"] == [:])
        let body: JSONValue = ["removals": ["exists"], "updates": [:]]
        #expect(try test.ask("POST", "/namespaces/bare/properties", body).status == 200)
        #expect(try test.ask("HEAD", "/namespaces/bare").status == 204)
    }

    @Test func `what cannot be a namespace is refused`() throws {
        for name: JSONValue in [[], [""], ["a.b"], "a", [1]] {
            let reply = try test.ask("POST", "/namespaces", ["namespace": name])
            #expect(reply.error == "400 BadRequestException", "\(name)")
        }
        let again = try test.ask("POST", "/namespaces", ["namespace": ["a"]])
        #expect(again.error == "409 AlreadyExistsException")
        #expect(try test.send("POST", "/namespaces", "{").error == "400 BadRequestException")
    }

    @Test func `there are no views`() throws {
        #expect(try test.ask("GET", "/namespaces/a/views").json["identifiers"] == [])
        #expect(try test.ask("GET", "/namespaces/a/views/v").error == "404 NoSuchViewException")
    }
}
