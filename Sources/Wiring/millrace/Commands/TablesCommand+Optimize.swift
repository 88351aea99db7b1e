import Arguments
import JSONText

/// `millrace tables optimize TABLE`
extension TablesCommand {
    /// One group of files at a time, so that a person sees it go on and may stop it.
    func optimize(
        _ desk: TableDesk,
        _ table: String,
        _ arguments: ParsedArguments
    ) throws -> JSONValue {
        let isDry = arguments.has("dry-run")
        func manifests() throws -> JSONObject {
            let body: JSONValue = ["manifests": true, "dry_run": .bool(isDry)]
            return try desk.change("optimize", table, body).objectValue ?? JSONObject()
        }
        if arguments.has("manifests") { return .object(try manifests()) }
        if isDry {
            let files = try desk.change("optimize", table, ["dry_run": true]).objectValue
            return .object(Self.joined(files ?? JSONObject(), try manifests()))
        }
        // What is being merged when Ctrl-C comes is committed still.
        let signals = try StopSignals()
        var progress = ProgressLine(isShown: !arguments.has("json"))
        defer { progress.end() }
        var files: Int64 = 0
        var rows: Int64 = 0
        while true {
            let answer = try desk.change("optimize", table, ["groups": 1])
            files += answer["files_merged"]?.integerValue ?? 0
            rows += answer["rows_copied"]?.integerValue ?? 0
            let left = answer["groups_left"]?.integerValue ?? 0
            progress.show(
                "\(grouped(files)) files merged, \(grouped(rows)) rows copied; "
                    + "\(grouped(answer["files_left"]?.integerValue ?? 0)) files to go"
            )
            let isInterrupted = signals.arrive(within: .zero)
            guard left > 0, answer["changed"]?.boolValue ?? false, !isInterrupted else {
                var whole = answer.objectValue ?? JSONObject()
                whole["changed"] = .bool(files > 0)
                whole["files_merged"] = .integer(files)
                whole["rows_copied"] = .integer(rows)
                if isInterrupted {
                    whole["interrupted"] = true
                    return .object(whole)
                }
                return .object(Self.joined(whole, try manifests()))
            }
        }
    }

    /// What merging files and merging manifests came to.
    private static func joined(_ files: JSONObject, _ manifests: JSONObject) -> JSONObject {
        var whole = files
        let isChanged = [files, manifests].contains { $0["changed"]?.boolValue ?? false }
        for member in manifests.members { whole[member.key] = member.value }
        whole["changed"] = .bool(isChanged)
        return whole
    }
}
