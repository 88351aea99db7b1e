public import Catalogs
internal import Clocks
public import IcebergModel
internal import Stores

extension EmbeddedCatalog {
    /// Makes a table in a namespace that is there, and the folders `metadata` and `data` in its
    /// location: some engines write into them and do not make them.
    public func create(_ table: NewTable) throws(TableError) -> TableState {
        let metadata = try draft(table)
        return try enter(metadata, as: table.identifier)
    }

    /// The metadata of a table that is not made yet. Its folders are made, because who asks for a
    /// draft writes files before the table is there.
    public func stage(_ table: NewTable) throws(TableError) -> TableMetadata {
        try mustNotExist(table.identifier)
        let metadata = try draft(table)
        try makeFolders(of: metadata, table.identifier)
        return metadata
    }

    /// Enters a table whose metadata file is there already.
    /// - Parameter overwrites: takes the place of a table of that name.
    public func register(
        _ table: TableIdentifier,
        metadataLocation: String,
        overwrites: Bool = false
    ) throws(TableError) -> TableState {
        let metadata = try readMetadata(table, at: metadataLocation)
        do throws(CatalogError) {
            try pointers.register(table, metadataLocation: metadataLocation)
        } catch {
            guard overwrites, case .tableExists = error else { throw .catalog(error) }
            let swap = PointerSwap(
                table: table,
                expected: try revision(of: table),
                new: metadataLocation
            )
            try catalogued { () throws(CatalogError) in try pointers.commit([swap]) }
        }
        return TableState(
            identifier: table,
            metadataLocation: metadataLocation,
            metadata: metadata
        )
    }

    private func mustNotExist(_ table: TableIdentifier) throws(TableError) {
        do throws(TableError) {
            _ = try revision(of: table)
        } catch {
            if error.isNoSuchTable { return }
            throw error
        }
        throw .catalog(.tableExists(table))
    }

    private func draft(_ table: NewTable) throws(TableError) -> TableMetadata {
        let uuid = identities.uuid()
        let location =
            if let given = table.location { given } else {
                try freshLocation(for: table.identifier, uuid: uuid)
            }
        do throws(TableUpdateError) {
            return try .applying(
                [
                    .assignUUID(uuid), .setLocation(location), .addSchema(table.schema),
                    .addSpec(table.spec), .addSortOrder(table.order),
                    .setProperties(
                        Self.defaultProperties.merging(table.properties) { _, given in given }
                    ),
                ],
                requiring: [.create],
                to: nil,
                atMilliseconds: clock.now().milliseconds
            )
        } catch { throw .rejected(table.identifier, reason: error.description) }
    }

    /// Writes the first metadata file of a table and its pointer.
    private func enter(
        _ metadata: TableMetadata,
        as table: TableIdentifier
    ) throws(TableError) -> TableState {
        let file = metadataFile(version: 0, of: metadata)
        try makeFolders(of: metadata, table)
        try stored(table) { () throws(StoreError) in
            try write(metadata, to: file)
            try store.makeDurable(written: [], names: [file], below: metadata.location)
        }
        do throws(CatalogError) {
            try pointers.register(table, metadataLocation: file)
        } catch {
            if case .unknownOutcome = error { throw .catalog(error) }
            store.deleteQuietly([file], logger)
            throw .catalog(error)
        }
        cache.keep(metadata, at: file)
        return TableState(identifier: table, metadataLocation: file, metadata: metadata)
    }

    func makeFolders(
        of metadata: TableMetadata,
        _ table: TableIdentifier
    ) throws(TableError) {
        try stored(table) { () throws(StoreError) in
            try store.createFolder("\(metadata.location)/metadata")
            try store.createFolder("\(metadata.location)/data")
        }
    }

    /// A folder below the warehouse that no table used before: data files of a dropped table of
    /// that name may still lie there.
    private func freshLocation(
        for identifier: TableIdentifier,
        uuid: String
    ) throws(TableError) -> String {
        let parts = identifier.namespace + [identifier.name]
        let folder =
            pointers.warehouse + "/"
            + parts.map(FileURI.folderName).joined(separator: "/")
        let isTaken = try stored(identifier) { () throws(StoreError) in
            try store.exists("\(folder)/metadata")
        }
        return isTaken ? "\(folder)-\(uuid.prefix(8))" : folder
    }
}
