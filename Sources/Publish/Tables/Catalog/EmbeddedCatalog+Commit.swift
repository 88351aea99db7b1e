internal import Catalogs
internal import Clocks
internal import IcebergModel
internal import Stores

extension EmbeddedCatalog {
    /// How often a change is applied again because somebody else's, which does not concern it, came
    /// first. Each repetition means that another writer succeeded.
    private static let attemptsMax = 20

    /// A table with a change applied, whose metadata file is written.
    private struct Staged {
        /// Nil: the table is made.
        let old: TableState?
        let new: TableState
        /// Metadata files nobody refers to after the change.
        let expired: [String]
    }

    /// Changes one or several tables, all of them or none: applied to their states as they are
    /// found, and again to newer ones as long as the requirements hold.
    public func commit(
        _ changes: [CatalogChange]
    ) throws(CatalogChangeError) -> [TableState] {
        for _ in 0..<Self.attemptsMax {
            let staged = try stageAll(changes)
            let files = staged.map(\.new.metadataLocation)
            do throws(CatalogError) {
                try pointers.commit(
                    staged.map {
                        PointerSwap(
                            table: $0.new.identifier,
                            expected: $0.old?.metadataLocation,
                            new: $0.new.metadataLocation
                        )
                    }
                )
            } catch {
                switch error {
                case .conflict, .noSuchTable, .tableExists:
                    store.deleteQuietly(files, logger)
                    continue
                case .unknownOutcome(_, let reason):
                    throw .unknownOutcome(reason: reason, metadata: files)
                default:
                    store.deleteQuietly(files, logger)
                    throw .failed(.catalog(error))
                }
            }
            return staged.map(finish)
        }
        throw .failed(.catalog(.busy(path: pointers.name)))
    }

    private func stageAll(
        _ changes: [CatalogChange]
    ) throws(CatalogChangeError) -> [Staged] {
        var staged: [Staged] = []
        do throws(CatalogChangeError) {
            for change in changes { staged.append(try stage(change)) }
            // One sync of the folders for all files of the attempt, before anybody sees them.
            for (entry, change) in zip(staged, changes) {
                do throws(StoreError) {
                    try store.makeDurable(
                        written: [],
                        names: change.names + [entry.new.metadataLocation],
                        below: entry.new.metadata.location
                    )
                } catch { throw .failed(.store(entry.new.identifier, error)) }
            }
        } catch {
            store.deleteQuietly(staged.map(\.new.metadataLocation), logger)
            throw error
        }
        return staged
    }

    private func stage(_ change: CatalogChange) throws(CatalogChangeError) -> Staged {
        let old = try base(of: change)
        let changed: TableMetadata
        do throws(TableUpdateError) { changed = try apply(change, to: old?.metadata) } catch {
            throw .rejected(change.table, error)
        }
        var metadata = changed
        var dropped: [String] = []
        if let old {
            (metadata, dropped) = changed.logging(
                previousFile: old.metadataLocation,
                previousTimestampMilliseconds: old.metadata.lastUpdatedMilliseconds,
                limit: changed.number(TableProperty.previousVersionsMax, default: 100)
            )
        }
        let version = old.map { $0.metadataVersion + 1 } ?? 0
        let file = metadataFile(version: version, of: changed)
        if changed.location != old?.metadata.location {
            do throws(TableError) { try makeFolders(of: changed, change.table) } catch {
                throw .failed(error)
            }
        }
        do throws(StoreError) { try write(metadata, to: file) } catch {
            throw .failed(.store(change.table, error))
        }
        let deletes = changed.properties[TableProperty.deleteMetadataAfterCommit] == "true"
        return Staged(
            old: old,
            new: TableState(identifier: change.table, metadataLocation: file, metadata: metadata),
            expired: deletes ? dropped : []
        )
    }

    /// The table that is changed; nil when the change makes it.
    private func base(of change: CatalogChange) throws(CatalogChangeError) -> TableState? {
        do throws(TableError) {
            return try state(of: change.table)
        } catch {
            if error.isNoSuchTable, change.requirements.contains(.create) { return nil }
            throw .failed(error)
        }
    }

    private func apply(
        _ change: CatalogChange,
        to old: TableMetadata?
    ) throws(TableUpdateError) -> TableMetadata {
        for (key, expected) in change.expectedProperties where old?.properties[key] != expected {
            throw .outdated(reason: "the property \(key) was changed by somebody else")
        }
        var updates = change.updates
        if old == nil {
            // Where the sender says none: what the sender says comes later, and counts.
            updates = [.assignUUID(identities.uuid())] + updates
        }
        return try .applying(
            updates,
            requiring: change.requirements,
            to: old,
            atMilliseconds: clock.now().milliseconds
        )
    }

    private func finish(_ staged: Staged) -> TableState {
        cache.keep(
            staged.new.metadata,
            at: staged.new.metadataLocation,
            insteadOf: staged.old?.metadataLocation
        )
        store.deleteQuietly(staged.expired, logger)
        return staged.new
    }
}
