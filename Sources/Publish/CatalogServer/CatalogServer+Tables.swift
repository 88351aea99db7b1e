internal import Bytes
internal import Catalogs
internal import HTTPServer
internal import IcebergModel
internal import JSONText
internal import Tables

extension CatalogServer {
    func listTables(
        _ request: HTTPRequest,
        _ namespace: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        let page = try CatalogPage(request)
        try mustExist(namespace)
        let tables = try pointed { () throws(CatalogError) in try catalog.listTables(namespace) }
        let part = page.part(of: tables, name: \.name)
        let levels = Self.json(Self.split(namespace))
        return .json([
            "identifiers": .array(
                part.entries.map { ["namespace": levels, "name": .string($0.name)] }
            ),
            "next-page-token": part.next,
        ])
    }

    /// `POST …/tables`: a table, or the draft of one that a commit will make.
    func createTable(
        _ request: HTTPRequest,
        _ namespace: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        try mustExist(namespace)
        let table = try newTable(body, namespace)
        if try body.flag("stage-create") {
            let draft = try made { () throws(TableError) in try catalog.stage(table) }
            return loaded(draft, at: nil)
        }
        let state = try made { () throws(TableError) in try catalog.create(table) }
        return loaded(state.metadata, at: state.metadataLocation)
    }

    private func newTable(
        _ body: CatalogBody,
        _ namespace: [String]
    ) throws(CatalogProblem) -> NewTable {
        let identifier = try CatalogBody.table(namespace, try body.text("name"))
        let schemaJSON = try body.required("schema")
        var table = NewTable(
            identifier,
            schema: try CatalogBody.valid { () throws(IcebergError) in
                try Schema(json: schemaJSON)
            }
        )
        if let json = body.value("partition-spec") {
            table.spec = try CatalogBody.valid { () throws(IcebergError) in
                try UnboundPartitionSpec(json: json)
            }
        }
        if let json = body.value("write-order") {
            table.order = try CatalogBody.valid { () throws(IcebergError) in
                try SortOrder(json: json)
            }
        }
        if table.schema.hasProvisionalIDs { Self.number(&table) }
        table.properties = try body.strings("properties")
        // It is not a property of the table but of this request.
        if let version = table.properties.removeValue(forKey: "format-version"),
            version != "\(TableMetadata.formatVersion)"
        {
            throw .badRequest(
                "format version \(version) is not supported; tables here have version "
                    + "\(TableMetadata.formatVersion)"
            )
        }
        table.location = try body.optionalText("location")
        if let location = table.location { try mustLieInside(location) }
        return table
    }

    /// Gives a new table's fields ids, in its schema and in whatever refers to them.
    private static func number(_ table: inout NewTable) {
        let (schema, ids) = table.schema.numbered()
        table.schema = schema
        for index in table.spec.fields.indices {
            let sent = table.spec.fields[index].sourceID
            table.spec.fields[index].sourceID = ids[sent] ?? sent
        }
        for index in table.order.fields.indices {
            let sent = table.order.fields[index].sourceID
            table.order.fields[index].sourceID = ids[sent] ?? sent
        }
    }

    /// `GET`, `HEAD`, `POST` and `DELETE` of one table.
    func answerTable(
        _ request: HTTPRequest,
        _ namespace: [String],
        _ name: String
    ) throws(CatalogProblem) -> HTTPResponse {
        let table = try CatalogBody.table(namespace, name)
        switch request.method {
        case "GET": return try loadTable(request, table)
        case "HEAD":
            _ = try made { () throws(TableError) in try catalog.revision(of: table) }
            return HTTPResponse(status: 204)
        case "POST": return try commitTable(request, table)
        case "DELETE": return try dropTable(request, table)
        default: throw Self.wrongMethod(request)
        }
    }

    private func loadTable(
        _ request: HTTPRequest,
        _ table: TableIdentifier
    ) throws(CatalogProblem) -> HTTPResponse {
        let choice = request.queryValue("snapshots") ?? "all"
        guard choice == "all" || choice == "refs" else {
            throw .badRequest("snapshots is \"\(choice)\"; it can be all or refs")
        }
        let state = try made { () throws(TableError) in try catalog.state(of: table) }
        let tag = Self.tag(state, choice)
        let known = request.headers["If-None-Match"] ?? ""
        if known.split(separator: ",").contains(where: {
            let candidate = $0.filter { $0 != " " }
            return candidate == "*" || candidate == tag || candidate == "W/\(tag)"
        }) {
            return HTTPResponse(status: 304, headers: [HTTPHeader("ETag", tag)])
        }
        let metadata = choice == "refs" ? state.metadata.withReferencedSnapshots : state.metadata
        var response = loaded(metadata, at: state.metadataLocation)
        response.headers.append(HTTPHeader("ETag", tag))
        return response
    }

    /// Names this version of a table in this form.
    private static func tag(_ state: TableState, _ choice: String) -> String {
        // FNV-1a: names are short, and two versions of a table differ in their time besides.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in state.metadataLocation.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let time = state.metadata.lastUpdatedMilliseconds
        return "\"\(String(hash, radix: 16))-\(String(time, radix: 16))-\(choice)\""
    }

    private func dropTable(
        _ request: HTTPRequest,
        _ table: TableIdentifier
    ) throws(CatalogProblem) -> HTTPResponse {
        // PyIceberg writes it as `True`.
        let purges = request.queryValue("purgeRequested")?.lowercased() == "true"
        let last =
            purges ? try made { () throws(TableError) in try lake.table(table) } : nil
        let pointers = catalog.pointers
        _ = try pointed { () throws(CatalogError) in try pointers.dropTable(table) }
        if let last { lake.purge(last) }
        return HTTPResponse(status: 204)
    }

    func renameTable(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        let source = try body.identifier("source")
        let destination = try body.identifier("destination")
        let pointers = catalog.pointers
        try pointed { () throws(CatalogError) in
            try pointers.renameTable(source, to: destination)
        }
        return HTTPResponse(status: 204)
    }

    func registerTable(
        _ request: HTTPRequest,
        _ namespace: [String]
    ) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        let table = try CatalogBody.table(namespace, try body.text("name"))
        let location = try body.text("metadata-location")
        let overwrites = try body.flag("overwrite")
        try mustLieInside(location)
        try mustExist(namespace)
        let state = try made { () throws(TableError) in
            try catalog.register(table, metadataLocation: location, overwrites: overwrites)
        }
        return loaded(state.metadata, at: location)
    }

    /// Clients may write and delete below the warehouse and nowhere else.
    func mustLieInside(_ location: String) throws(CatalogProblem) {
        let warehouse = catalog.pointers.warehouse
        let isPlain = !location.split(separator: "/").contains("..")
        guard location.hasPrefix(warehouse + "/"), isPlain else {
            throw .badRequest("\(location) does not lie in the warehouse \(warehouse)")
        }
    }

    /// `LoadTableResult`. Metadata are written as they are, without a detour over values.
    private func loaded(_ metadata: TableMetadata, at location: String?) -> HTTPResponse {
        var buffer = ByteBuffer(capacity: 4096 + metadata.snapshots.count * 1024)
        buffer.append(utf8: "{\"metadata-location\":")
        if let location {
            buffer.appendJSON(string: location)
        } else {
            buffer.append(utf8: "null")
        }
        buffer.append(utf8: ",\"metadata\":")
        metadata.write(to: &buffer)
        buffer.append(utf8: ",\"config\":")
        Self.json(options.tableConfiguration).write(to: &buffer)
        buffer.append(utf8: "}")
        return HTTPResponse(status: 200, contentType: "application/json", buffer)
    }

    func made<R>(
        _ body: () throws(TableError) -> R
    ) throws(CatalogProblem) -> R {
        do throws(TableError) { return try body() } catch { throw CatalogProblem(error) }
    }
}
