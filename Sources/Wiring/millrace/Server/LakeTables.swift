import Catalogs
import Clocks
import IcebergModel
import SQLEngine
import Stores
import Tables

/// How SQL sees the tables of a lake.
extension Lake {
    /// Every table of every namespace, to be read when SQL asks for it.
    func queryableTables() throws -> [QueryableTable] {
        var tables: [QueryableTable] = []
        for namespace in try catalog.listNamespaces() {
            for identifier in try catalog.listTables(namespace) {
                let location = try catalog.revision(of: identifier)
                tables.append(
                    QueryableTable(
                        namespace: namespace.joined(separator: "."),
                        name: identifier.name,
                        revision: location,
                        isElsewhere: !StoreSet.isLocal(location),
                        past: { try self.table(identifier).contents(at: $0) },
                        contents: { try self.table(identifier).contents() }
                    )
                )
            }
        }
        return tables
    }
}

extension Table {
    /// The current snapshot.
    func contents() throws -> QueryableTable.Contents {
        let scan = try scan()
        return try contents(metadata.schema.fields, scan.files, of: scan)
    }

    /// The snapshot that `moment` means, with the columns it had: those of the table now for a
    /// branch, which goes on, those of the snapshot for everything that stands still
    /// (specification, "Point in Time Reads").
    func contents(at moment: TableMoment) throws -> QueryableTable.Contents {
        let (snapshot, isBranch) = try snapshot(at: moment)
        let schema = isBranch ? nil : metadata.schemas.first { $0.id == snapshot.schemaID }
        let scan = try scan(snapshotID: snapshot.id)
        return try contents((schema ?? metadata.schema).fields, scan.files, of: scan)
    }

    /// Some files of a scan.
    func contents(
        _ columns: [NestedField],
        _ files: [TableScan.File],
        of scan: TableScan
    ) throws(IcebergError) -> QueryableTable.Contents {
        let mapping = try metadata.properties[NameMapping.property].map {
            (text) throws(IcebergError) in try NameMapping(json: text)
        }
        var identities: [Int: [(position: Int, id: Int)]] = [:]
        for spec in metadata.partitionSpecs {
            identities[spec.id] = spec.fields.enumerated()
                .filter { $0.element.transform == .identity }
                .map { ($0.offset, $0.element.sourceID) }
        }
        let wanted = Set(files.flatMap(\.deletes)).sorted()
        var contents = QueryableTable.Contents(
            columns: columns,
            files: files.map { file in
                let data = file.live.file
                var shown = TableFile(
                    data.path,
                    division: file.division,
                    sequenceNumber: file.live.sequenceNumber
                )
                // Files of Hive's layout do not hold the columns that their folders are named for.
                for (position, id) in identities[file.live.specID] ?? []
                where mapping != nil || (!data.valueCounts.isEmpty && data.valueCounts[id] == nil) {
                    if position < data.partition.count {
                        shown.constants[id] = data.partition[position]
                    }
                }
                return shown
            },
            deletes: wanted.map { index in
                let deletes = scan.deletes[index]
                return TableFile(
                    deletes.live.file.path,
                    division: deletes.division,
                    sequenceNumber: deletes.live.sequenceNumber
                )
            }
        )
        contents.nameMapping = mapping
        contents.mayNameFieldsDifferently = metadata.hasRenamedInnerFields
        return contents
    }

    private func snapshot(
        at moment: TableMoment
    ) throws(NoSuchSnapshot) -> (snapshot: Snapshot, isBranch: Bool) {
        switch moment {
        case .snapshot(let id): return (try snapshot(id: id), false)
        case .named(let name):
            if let reference = metadata.references[name],
                let snapshot = metadata.snapshot(id: reference.snapshotID)
            {
                return (snapshot, reference.kind == .branch)
            }
            // A table without snapshots has no branch yet.
            if let id = Int64(name) { return (try snapshot(id: id), false) }
            throw NoSuchSnapshot("there is no branch or tag \(name); what there is: \(names)")
        case .time(let microseconds):
            return (try snapshot(microseconds: microseconds), false)
        }
    }

    private func snapshot(id: Int64) throws(NoSuchSnapshot) -> Snapshot {
        if let snapshot = metadata.snapshot(id: id) { return snapshot }
        let known = metadata.snapshotLog.contains { $0.snapshotID == id }
        throw NoSuchSnapshot(
            "there is no snapshot \(id)\(known ? " any more: it has expired" : ""); \(range)"
        )
    }

    /// The one that was the current one then, as the table's log of them tells. It begins behind
    /// the latest snapshot that has expired: before that nobody knows what there was.
    private func snapshot(microseconds: Int64) throws(NoSuchSnapshot) -> Snapshot {
        let milliseconds = Self.floor(microseconds)
        let text = Timestamp(milliseconds: milliseconds).iso8601
        guard let first = metadata.snapshotLog.first else {
            throw NoSuchSnapshot("nothing is known of \(text): \(range)")
        }
        let entry = metadata.snapshotLog.last { $0.timestampMilliseconds <= milliseconds }
        guard let entry else {
            let start = Timestamp(milliseconds: first.timestampMilliseconds).iso8601
            let older = metadata.snapshots.last { $0.timestampMilliseconds <= milliseconds }
            guard let older else {
                throw NoSuchSnapshot(
                    "it has no snapshot as old as \(text): its history begins at \(start)"
                )
            }
            let made = Timestamp(milliseconds: older.timestampMilliseconds).iso8601
            throw NoSuchSnapshot(
                "its history is known since \(start), and snapshots before have expired, so nobody "
                    + "knows how it was at \(text); the last one kept from before is of \(made): "
                    + "FOR VERSION AS OF \(older.id)"
            )
        }
        guard let snapshot = metadata.snapshot(id: entry.snapshotID) else {
            throw NoSuchSnapshot(
                "the snapshot of \(text), \(entry.snapshotID), has expired; \(range)"
            )
        }
        return snapshot
    }

    /// Whole milliseconds, down.
    private static func floor(_ microseconds: Int64) -> Int64 {
        microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0)
    }

    private var names: String {
        let names = metadata.references.sorted { $0.key < $1.key }
            .map { "\($0.value.kind.rawValue) \($0.key)" }
        return names.isEmpty ? "neither" : names.joined(separator: ", ")
    }

    /// What there is instead, for messages.
    private var range: String {
        guard let first = metadata.snapshots.first, let last = metadata.snapshots.last else {
            return "the table has no snapshots yet"
        }
        func text(_ snapshot: Snapshot) -> String {
            "\(snapshot.id) of \(Timestamp(milliseconds: snapshot.timestampMilliseconds).iso8601)"
        }
        let count = metadata.snapshots.count
        return count == 1
            ? "the only one is \(text(first))"
            : "there are \(count), from \(text(first)) to \(text(last)); 'millrace tables "
                + "snapshots \(identifier)' lists them"
    }
}
