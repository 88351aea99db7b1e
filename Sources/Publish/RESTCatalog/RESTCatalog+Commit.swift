internal import Catalogs
internal import HTTPClient
internal import IcebergModel
internal import JSONText
public import Tables

extension RESTCatalog {
    /// Changes one table, or several in one transaction.
    public func commit(
        _ changes: [CatalogChange]
    ) throws(CatalogChangeError) -> [TableState] {
        if changes.count == 1 { return [try commit(changes[0])] }
        guard try configured().commitsTogether else {
            throw .failed(
                .catalog(
                    .foreign(
                        catalog: name,
                        reason: "it offers no transactions over several tables",
                        isRetriable: false
                    )
                )
            )
        }
        let entries = changes.map { change in
            var entry = Self.json(change)
            entry["identifier"] = [
                "namespace": .array(change.table.namespace.map { .string($0) }),
                "name": .string(change.table.name),
            ]
            return JSONValue.object(entry)
        }
        _ = try send(
            ["table-changes": .array(entries)],
            to: { () throws(CatalogError) in try url("transactions/commit") },
            changes
        )
        var states: [TableState] = []
        for change in changes { states.append(try reread(change.table)) }
        return states
    }

    private func commit(_ change: CatalogChange) throws(CatalogChangeError) -> TableState {
        let answer = try send(
            .object(Self.json(change)),
            to: { () throws(CatalogError) in try url(of: change.table) },
            [change]
        )
        do throws(TableError) { return try read(answer, change.table) } catch {
            // It happened; only its answer could not be read.
            return try reread(change.table)
        }
    }

    /// The table after a change that happened.
    private func reread(_ table: TableIdentifier) throws(CatalogChangeError) -> TableState {
        do throws(TableError) { return try state(of: table) } catch {
            throw .unknownOutcome(
                reason: "the change happened, but \(table) cannot be read: \(error)",
                metadata: []
            )
        }
    }

    private func configured() throws(CatalogChangeError) -> Configuration {
        do throws(CatalogError) { return try configuration() } catch {
            throw .failed(.catalog(error))
        }
    }

    private static func json(_ change: CatalogChange) -> JSONObject {
        [
            "requirements": .array(change.requirements.map(\.json)),
            "updates": .array(change.updates.map(\.json)),
        ]
    }

    /// Sends a change and tells what became of it.
    private func send(
        _ body: JSONValue,
        to address: () throws(CatalogError) -> String,
        _ changes: [CatalogChange]
    ) throws(CatalogChangeError) -> HTTPAnswer {
        let answer: HTTPAnswer
        do throws(CatalogError) {
            answer = try transport.change(.post, try address(), body)
        } catch {
            if case .unknownOutcome(_, let reason) = error {
                throw .unknownOutcome(reason: reason, metadata: [])
            }
            throw .failed(.catalog(error))
        }
        let table = changes[0].table
        let message = Self.message(answer)
        switch answer.status {
        case 200..<300: return answer
        case 409: throw .rejected(table, .outdated(reason: message))
        case 400, 422: throw .rejected(table, .invalid(reason: message))
        case 404 where changes.count == 1: throw .failed(.catalog(.noSuchTable(table)))
        case 503, ..<500: throw .failed(.catalog(refusal(answer, "a commit to \(table)")))
        default:
            throw .unknownOutcome(reason: "it answers \(answer.status): \(message)", metadata: [])
        }
    }
}
