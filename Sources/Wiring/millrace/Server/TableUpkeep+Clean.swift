import Clocks
import HTTPServer
import IcebergModel
import JSONText
import Maintenance
import Pipelines
import Stores
import Synchronization
import Tables

extension TableUpkeep {
    /// Age below which a person has to say that no engine is writing: in milliseconds.
    static let carelessAge: Int64 = 86_400_000
    /// Age when nobody says one, in milliseconds.
    static let cleanAge: Int64 = 3 * 86_400_000
    /// Files that an answer names.
    private static let shownFiles = 1000

    /// Orphans of a table.
    struct Cleaned {
        var found: OrphanFiles.Result
        /// Nil when nothing was to be removed.
        var removed: OrphanFiles.Result?
    }

    /// Removes files older than `age` milliseconds that nothing names.
    ///
    /// - Parameter goesOn: told now and then how far it has come.
    /// - Returns: nil when somebody else works on the table.
    func clean(
        _ table: Table,
        age: Int64,
        isDry: Bool = false,
        goesOn: (OrphanFiles.Progress) -> Void = { _ in }
    ) throws(MaintenanceError) -> Cleaned? {
        let name = "\(table.identifier)"
        let before = SystemClocks().now().milliseconds.subtractingReportingOverflow(age)
        guard !before.overflow else { return Cleaned(found: OrphanFiles.Result()) }
        let rules = OrphanFiles.Rules(before: max(0, before.partialValue) &* 1_000_000) {
            table,
            name in table.awaits(name)
        }
        return try alone(table) { () throws(MaintenanceError) in
            defer { cleaning.withLock { $0[name] = nil } }
            func going(_ progress: OrphanFiles.Progress) -> Bool {
                cleaning.withLock { $0[name] = progress }
                goesOn(progress)
                return !isStopped
            }
            let orphans = OrphanFiles(in: service.lake, store: service.store)
            let found = try orphans.find(table, rules, goesOn: going)
            if isDry || found.files.isEmpty { return Cleaned(found: found) }
            let removed = try orphans.remove(found, of: table, rules, goesOn: going)
            return Cleaned(found: found, removed: removed)
        }
    }

    /// `POST /v1/tables/{table}/clean`: removes files that nothing names and that are older than
    /// `older_than_ms` (three days); less than a day needs `yes`. With `dry_run` nothing is done.
    func clean(
        _ table: Table,
        _ body: JSONValue,
        goesOn: (OrphanFiles.Progress) -> Void = { _ in }
    ) throws(HTTPProblem) -> JSONValue {
        let age = body["older_than_ms"]?.integerValue ?? Self.cleanAge
        let isDry = body["dry_run"]?.boolValue ?? false
        guard age >= 0 else {
            throw HTTPProblem(400, "The age is not usable", "older_than_ms is \(age).")
        }
        guard age >= Self.carelessAge || isDry || body["yes"]?.boolValue ?? false else {
            throw HTTPProblem(
                409,
                "Writers may be at work on files as young as that",
                "Another process or engine that writes to \(table.identifier) would lose what it "
                    + "has not committed yet, and its commit would break the table. Send \"yes\" "
                    + "when none does."
            )
        }
        let cleaned: Cleaned?
        do throws(MaintenanceError) {
            cleaned = try clean(table, age: age, isDry: isDry, goesOn: goesOn)
        } catch {
            let status =
                if case .forbidden = error { 409 } else { error.isRetriable ? 503 : 500 }
            throw HTTPProblem(status, "The table was not cleaned", error.description)
        }
        guard let cleaned else { throw Self.isBusy(table) }
        return Self.answer(cleaned, table)
    }

    private static func answer(_ cleaned: Cleaned, _ table: Table) -> JSONValue {
        let (found, removed) = (cleaned.found, cleaned.removed ?? OrphanFiles.Result())
        let files: [JSONValue] = found.files.prefix(shownFiles).map { file in
            let changed = Timestamp(milliseconds: file.changedNanoseconds / 1_000_000)
            return [
                "path": .string(file.uri), "bytes": .integer(file.bytes),
                "changed_at": .string(changed.iso8601),
            ]
        }
        return [
            "table": .string("\(table.identifier)"), "changed": .bool(!removed.files.isEmpty),
            "files_looked_at": .integer(Int64(found.looked)),
            "files_found": .integer(Int64(found.files.count)),
            "bytes_found": .integer(found.bytes),
            "files_deleted": .integer(Int64(removed.files.count)),
            "bytes_deleted": .integer(removed.bytes), "files_young": .integer(Int64(found.young)),
            "files": .array(files),
        ]
    }

    /// `GET /v1/tables/{table}/clean`: how far it has come.
    func cleanProgress(_ table: Table) -> JSONValue {
        let progress = cleaning.withLock { $0["\(table.identifier)"] }
        return [
            "table": .string("\(table.identifier)"), "running": .bool(progress != nil),
            "files_looked_at": .integer(Int64(progress?.looked ?? 0)),
            "files_deleted": .integer(Int64(progress?.removed ?? 0)),
        ]
    }
}

extension Table {
    /// True for a data file of a pipeline's writer that may still commit: it does so whenever the
    /// catalog answers again, be it after days.
    ///
    /// Writers put pipeline and epoch into the names of their files; the table's mark says which
    /// epochs are alive. One that is fenced off can commit no more. A table gets its mark with the
    /// first commit of some rows: until then nobody is fenced off.
    fileprivate func awaits(_ name: String) -> Bool {
        guard let writer = DataFileName(name) else { return false }
        let key = CommitMarker.propertyKey(pipeline: writer.pipeline)
        guard let text = metadata.properties[key], let marker = try? CommitMarker(json: text) else {
            return true
        }
        return writer.epoch >= marker.epoch || marker.epochs.contains(writer.epoch)
    }
}
