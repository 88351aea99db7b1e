public import Catalogs
internal import Clocks
public import IcebergModel

/// Why a table's definition was not changed.
public enum DefinitionError: Error, Sendable {
    /// The table cannot be changed so. Nothing was done.
    case refused(String)
    /// The catalog or a file failed. Nothing was done.
    case failed(TableError)
    /// The change may or may not have happened.
    case unknownOutcome(String)
}

/// A change of a table's definition: its metadata before and after.
public struct DefinitionChange: Sendable {
    /// The table that was changed.
    public let before: TableMetadata
    /// What it has become; the same when nothing was to be done.
    public let after: TableMetadata
    /// True when something was to be done.
    public let isChange: Bool
}

extension Lake {
    /// How often a change is made anew because somebody else's commit came first.
    private static let definitionAttemptsMax = 50

    /// Changes columns, partitions, properties or references of a table in one commit, whatever
    /// others commit meanwhile: `plan` is asked again for the table as it is then.
    ///
    /// - Parameters:
    ///   - isRehearsal: true to find out what it would be, and to change nothing.
    ///   - plan: the updates of a table, and what they rely on.
    public func define(
        _ identifier: TableIdentifier,
        isRehearsal: Bool = false,
        plan: (TableMetadata) throws(AlterationError) -> (
            updates: [TableUpdate], requirements: [TableRequirement]
        )
    ) throws(DefinitionError) -> DefinitionChange {
        var base = try found(identifier)
        let uuid = base.metadata.uuid
        for _ in 0..<Self.definitionAttemptsMax {
            guard base.metadata.uuid == uuid else {
                throw .refused("\(identifier) was dropped and made anew by somebody else")
            }
            let planned: (updates: [TableUpdate], requirements: [TableRequirement])
            do throws(AlterationError) { planned = try plan(base.metadata) } catch {
                throw .refused(error.description)
            }
            let before = base.metadata
            if planned.updates.isEmpty {
                return DefinitionChange(before: before, after: before, isChange: false)
            }
            let expected: TableMetadata
            do throws(TableUpdateError) {
                expected = try .applying(
                    planned.updates,
                    requiring: planned.requirements,
                    to: before,
                    atMilliseconds: clock.now().milliseconds
                )
            } catch { throw .refused(error.description) }
            if isRehearsal {
                return DefinitionChange(before: before, after: expected, isChange: true)
            }
            let change = CatalogChange(
                identifier,
                requirements: planned.requirements,
                updates: planned.updates
            )
            if let after = try attempt(change, expected) {
                return DefinitionChange(before: before, after: after, isChange: true)
            }
            base = try found(identifier)
        }
        throw .failed(.catalog(.busy(path: catalog.name)))
    }

    /// Nil when it did not happen and never will, because the table has changed or for a reason
    /// that is over.
    private func attempt(
        _ change: CatalogChange,
        _ expected: TableMetadata
    ) throws(DefinitionError) -> TableMetadata? {
        do throws(CatalogChangeError) {
            return try catalog.commit([change])[0].metadata
        } catch {
            switch error {
            case .rejected(_, let reason):
                // On the way to a foreign catalog somebody may have sent it twice.
                if !catalog.isEmbedded {
                    let table = try foundAfter(change.table, "it was refused: \(reason)")
                    if table.metadata.isDefined(as: expected, by: change.updates) {
                        return table.metadata
                    }
                }
                guard reason.isConflict else { throw .refused(reason.description) }
                return nil
            case .failed(let error): throw .failed(error)
            case .unknownOutcome(let reason, let metadata):
                do throws(TableError) { try catalog.settle(change.table) } catch {
                    throw .unknownOutcome("\(reason); \(error)")
                }
                let table = try foundAfter(change.table, reason)
                let isThere =
                    metadata.contains(table.metadataLocation)
                    || table.metadata.metadataLog.contains { metadata.contains($0.file) }
                if isThere || table.metadata.isDefined(as: expected, by: change.updates) {
                    return table.metadata
                }
                // What is on its way to a foreign catalog may arrive later.
                guard catalog.isEmbedded else { throw .unknownOutcome(reason) }
                deleteQuietly(metadata)
                return nil
            }
        }
    }

    private func found(_ identifier: TableIdentifier) throws(DefinitionError) -> Table {
        do throws(TableError) { return try table(identifier) } catch { throw .failed(error) }
    }

    /// The table after a commit whose outcome only it tells.
    private func foundAfter(
        _ identifier: TableIdentifier,
        _ reason: String
    ) throws(DefinitionError) -> Table {
        do throws(TableError) { return try table(identifier) } catch {
            throw .unknownOutcome("\(reason); and the table cannot be read: \(error)")
        }
    }
}

extension TableMetadata {
    /// True when everything that `updates` are about is as in `expected`.
    fileprivate func isDefined(as expected: TableMetadata, by updates: [TableUpdate]) -> Bool {
        uuid == expected.uuid
            && updates.allSatisfy { update in
                switch update {
                case .addSchema, .setCurrentSchema:
                    schema.hasSameColumns(as: expected.schema)
                case .addSpec, .setDefaultSpec: spec.fields == expected.spec.fields
                case .addSortOrder, .setDefaultSortOrder:
                    sortFields == expected.sortFields
                case .setProperties(let set): set.allSatisfy { properties[$0] == $1 }
                case .removeProperties(let keys): keys.allSatisfy { properties[$0] == nil }
                case .setReference(let name, let reference):
                    references[name]?.snapshotID == reference.snapshotID
                        && references[name]?.kind == reference.kind
                case .removeReference(let name): references[name] == nil
                default: false
                }
            }
    }

    private var sortFields: [SortField] {
        sortOrders.first { $0.id == defaultSortOrderID }?.fields ?? []
    }
}
