internal import Bytes
internal import Catalogs
internal import HTTPServer
internal import IcebergModel
internal import JSONText
internal import Tables

extension CatalogServer {
    /// Tables that one transaction may change.
    private static let tablesMax = 1000

    /// `POST …/tables/{table}`
    func commitTable(
        _ request: HTTPRequest,
        _ table: TableIdentifier
    ) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        // The identifier in the body is optional; the address is what counts.
        let change = try change(body, table)
        let states = try commit([change])
        var buffer = ByteBuffer(capacity: 4096 + states[0].metadata.snapshots.count * 1024)
        buffer.append(utf8: "{\"metadata-location\":")
        buffer.appendJSON(string: states[0].metadataLocation)
        buffer.append(utf8: ",\"metadata\":")
        states[0].metadata.write(to: &buffer)
        buffer.append(utf8: "}")
        return HTTPResponse(status: 200, contentType: "application/json", buffer)
    }

    /// `POST /v1/transactions/commit`: several tables, all of them or none.
    func commitTransaction(_ request: HTTPRequest) throws(CatalogProblem) -> HTTPResponse {
        let body = try CatalogBody(request)
        _ = try body.required("table-changes")
        var changes: [CatalogChange] = []
        var seen: Set<TableIdentifier> = []
        for element in try body.elements("table-changes") {
            let entry = try CatalogBody(element, "a table change")
            let table = try entry.identifier("identifier")
            guard seen.insert(table).inserted, changes.count < Self.tablesMax else {
                throw .badRequest("\(table) is there twice, or there are too many tables")
            }
            changes.append(try change(entry, table))
        }
        if !changes.isEmpty { _ = try commit(changes) }
        return HTTPResponse(status: 204)
    }

    private func change(
        _ body: CatalogBody,
        _ table: TableIdentifier
    ) throws(CatalogProblem) -> CatalogChange {
        let requirements = try body.required("requirements")
        let updates = try body.required("updates")
        let change = CatalogChange(
            table,
            requirements: try CatalogBody.valid { () throws(IcebergError) in
                try TableRequirement.all(json: requirements)
            },
            updates: try CatalogBody.valid { () throws(IcebergError) in
                try TableUpdate.all(json: updates)
            }
        )
        for case .setLocation(let location) in change.updates { try mustLieInside(location) }
        return change
    }

    private func commit(_ changes: [CatalogChange]) throws(CatalogProblem) -> [TableState] {
        do throws(CatalogChangeError) {
            return try catalog.commit(changes)
        } catch { throw CatalogProblem(error) }
    }
}
