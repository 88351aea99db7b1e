internal import Catalogs
internal import IcebergModel
public import Stores
public import Tables

/// Finds and removes files below a table's location that nothing names any more: what is left of a
/// merge, a commit or an expiry that was interrupted, or of a writer that never came back.
///
/// A file that somebody may still commit stays. A writer may be at work for hours on files that
/// nobody names yet, so only what is older than a threshold is looked at. The folder is listed
/// first and the table is read after that: a file that was committed in between is named. The table
/// is read again before files are removed. Snapshots of all branches and tags count, as do the log
/// of metadata and statistics.
public struct OrphanFiles {
    /// Which files may be orphans.
    public struct Rules: Sendable {
        /// Nanoseconds since 1970: what was made or changed later stays.
        public var before: Int64
        /// Says of a file by its name whether one of the writers that the table knows may still
        /// commit it. Asked anew for every state of the table.
        public var isAwaited: @Sendable (_ table: Table, _ name: String) -> Bool

        /// Files older than `before` that are not awaited.
        public init(
            before: Int64,
            isAwaited: @escaping @Sendable (_ table: Table, _ name: String) -> Bool = { _, _ in
                false
            }
        ) {
            self.before = before
            self.isAwaited = isAwaited
        }
    }

    /// What was found, or removed.
    public struct Result: Sendable {
        /// The files.
        public var files: [StoreEntry] = []
        /// Files that were looked at.
        public var looked = 0
        /// Files that nothing names and that are not old enough.
        public var young = 0

        /// Nothing.
        public init() {}

        /// Bytes of the files.
        public var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }
    }

    /// How far the work has come.
    public struct Progress: Sendable {
        /// Files that were looked at.
        public var looked = 0
        /// Files that were removed.
        public var removed = 0
    }

    /// Property: false forbids engines to delete files of the table, since others name them, too.
    public static let isOwnerProperty = "gc.enabled"

    /// Files between two looks at the table.
    private static let batchFiles = 200

    private let lake: Lake
    private let store: any ObjectStore

    /// Orphans of tables of `lake`, whose files lie in `store`.
    public init(in lake: Lake, store: any ObjectStore) {
        self.lake = lake
        self.store = store
    }

    /// Finds orphans of a table.
    ///
    /// - Parameter goesOn: told now and then how far it has come; false stops the work.
    public func find(
        _ table: Table,
        _ rules: Rules,
        goesOn: (Progress) -> Bool = { _ in true }
    ) throws(MaintenanceError) -> Result {
        try table.mustOwnItsFiles()
        let place = try place(of: table)
        var progress = Progress()
        func going() -> Bool { goesOn(progress) }
        // Only so that not every file has to be remembered: this is done again below.
        var named = NamedFiles()
        try named.add(table, goesOn: going)
        var result = Result()
        var folders = ["\(place)"]
        while let folder = folders.popLast() {
            for entry in try entries(of: folder) {
                if entry.isFolder {
                    if !Self.isHidden(entry.name) { folders.append(entry.uri) }
                } else if Self.isTables(entry.name) {
                    progress.looked += 1
                    if try isOrphan(entry, table, named, rules, &result) {
                        result.files.append(entry)
                    }
                }
            }
            guard going() else { throw .stopped }
        }
        result.looked = progress.looked
        if result.files.isEmpty { return result }
        let now = try same(table)
        try named.add(now, goesOn: going)
        result.files.removeAll { isNamed($0, now, named, rules) }
        try keepApart(now, place, &result.files)
        try mustBeOwn(result.files, of: now)
        result.files.sort { $0.uri < $1.uri }
        return result
    }

    /// Removes what `find` found, but for what somebody has committed since.
    ///
    /// Interrupted at any point, it leaves orphans that are found again.
    /// - Returns: what was removed.
    public func remove(
        _ found: Result,
        of table: Table,
        _ rules: Rules,
        goesOn: (Progress) -> Bool = { _ in true }
    ) throws(MaintenanceError) -> Result {
        var removed = found
        removed.files = []
        var named = NamedFiles()
        var progress = Progress(looked: found.looked)
        var left = found.files[...]
        while !left.isEmpty {
            let now = try same(table)
            try named.add(now) { goesOn(progress) }
            for file in left.prefix(Self.batchFiles) where !isNamed(file, now, named, rules) {
                guard goesOn(progress) else { return removed }
                do throws(StoreError) { try store.delete(file.uri) } catch { throw .store(error) }
                removed.files.append(file)
                progress.removed += 1
            }
            left = left.dropFirst(Self.batchFiles)
        }
        return removed
    }

    // What may be an orphan

    /// What hides from readers of folders, and is no partition's folder.
    private static func isHidden(_ folder: String) -> Bool {
        (folder.hasPrefix("_") || folder.hasPrefix(".")) && !folder.contains("=")
    }

    /// True for names that files of Iceberg tables have. Whatever else lies there stays.
    private static func isTables(_ name: String) -> Bool {
        let endings = [
            ".parquet", ".orc", ".avro", ".metadata.json", ".metadata.json.gz", ".stats", ".puffin",
        ]
        return endings.contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
    }

    private func isOrphan(
        _ entry: StoreEntry,
        _ table: Table,
        _ named: NamedFiles,
        _ rules: Rules,
        _ result: inout Result
    ) throws(MaintenanceError) -> Bool {
        guard entry.changedNanoseconds > 0 else {
            throw .forbidden(
                table.identifier,
                reason: "its store does not tell when \(entry.uri) was made, so that nobody can "
                    + "know whether a writer is still at it"
            )
        }
        if isNamed(entry, table, named, rules) { return false }
        if entry.changedNanoseconds >= rules.before {
            result.young += 1
            return false
        }
        return true
    }

    private func isNamed(
        _ entry: StoreEntry,
        _ table: Table,
        _ named: NamedFiles,
        _ rules: Rules
    ) -> Bool {
        named.contains(entry.uri) || lake.isUnderWay(entry.name)
            || table.mayBecomeCurrent(metadataFile: entry.name)
            || rules.isAwaited(table, entry.name)
    }

    // What lies around the table

    private func place(of table: Table) throws(MaintenanceError) -> StoreURI {
        let place: StoreURI
        do throws(StoreError) { place = try StoreURI(table.metadata.location) } catch {
            throw .store(error)
        }
        guard !place.key.split(separator: "/").isEmpty else {
            throw .forbidden(
                table.identifier,
                reason: "its location is \(place), which is no folder of its own"
            )
        }
        return place
    }

    /// The table as it is now, if it still is the one whose folder was listed.
    private func same(_ table: Table) throws(MaintenanceError) -> Table {
        let now: Table
        do throws(TableError) { now = try table.refreshed() } catch { throw .table(error) }
        guard now.metadata.uuid == table.metadata.uuid,
            now.metadata.location == table.metadata.location
        else { throw .refused(table.identifier, reason: "it was made anew meanwhile") }
        try now.mustOwnItsFiles()
        return now
    }

    /// Takes out what lies in folders of other tables; throws when this table's own folder is part
    /// of one.
    private func keepApart(
        _ table: Table,
        _ place: StoreURI,
        _ files: inout [StoreEntry]
    ) throws(MaintenanceError) {
        var others: [StoreURI] = []
        for other in try otherTables(than: table) {
            for location in other.metadata.places {
                // What is no name of a store is nowhere near.
                guard let theirs = try? StoreURI(location) else { continue }
                if theirs.contains(place) {
                    throw .forbidden(
                        table.identifier,
                        reason: "its folder \(place) lies in \(theirs) of \(other.identifier); "
                            + "files of the two cannot be told apart"
                    )
                }
                if place.contains(theirs) { others.append(theirs) }
            }
        }
        if others.isEmpty { return }
        files.removeAll { file in
            guard let uri = try? StoreURI(file.uri) else { return true }
            return others.contains { $0.contains(uri) }
        }
    }

    private func otherTables(than table: Table) throws(MaintenanceError) -> [Table] {
        var others: [Table] = []
        do {
            for namespace in try lake.catalog.listNamespaces() {
                for identifier in try lake.catalog.listTables(namespace)
                where identifier != table.identifier {
                    do throws(TableError) { others.append(try lake.table(identifier)) } catch {
                        if !error.isNoSuchTable { throw error }
                    }
                }
            }
        } catch {
            throw .forbidden(
                table.identifier,
                reason: "nobody knows whether the folder of another table lies in its own: \(error)"
            )
        }
        return others
    }

    /// Files of metadata tell whose folder it is: a table that was dropped, or that is in another
    /// catalog, may have been there before.
    private func mustBeOwn(
        _ files: [StoreEntry],
        of table: Table
    ) throws(MaintenanceError) {
        for file in files where file.name.contains(".metadata.json") {
            let uuid: String?
            do throws(StoreError) { uuid = try lake.uuid(inMetadataFile: file.uri) } catch {
                throw .store(error)
            }
            guard let uuid, uuid != table.metadata.uuid else { continue }
            throw .forbidden(
                table.identifier,
                reason: "in its folder lie files of the table \(uuid), which was dropped or is in "
                    + "another catalog (\(file.uri)); remove them yourself if nobody needs them"
            )
        }
    }

    private func entries(of folder: String) throws(MaintenanceError) -> [StoreEntry] {
        do throws(StoreError) { return try store.entries(of: folder) } catch {
            throw .store(error)
        }
    }
}

extension Table {
    /// Throws where the table says that its files are not its alone.
    func mustOwnItsFiles() throws(MaintenanceError) {
        guard metadata.properties[OrphanFiles.isOwnerProperty] != "false" else {
            throw .forbidden(
                identifier,
                reason: "its property \(OrphanFiles.isOwnerProperty) is false: others may name its "
                    + "files, so none is deleted"
            )
        }
    }
}

extension TableMetadata {
    /// Folders in which the table's files lie.
    fileprivate var places: [String] {
        let properties = [
            "write.data.path", "write.metadata.path", "write.object-storage.path",
            "write.folder-storage.path",
        ]
        return [location] + properties.compactMap { self.properties[$0] }
    }
}
