import JSONText

/// What the server says of tables, as text for people.
enum TableText {
    /// By the word of `millrace tables`.
    static let verbs: [String: @Sendable (JSONValue) -> String] = [
        "describe": description, "snapshots": snapshots, "history": history, "files": files,
        "diff": diff, "optimize": merged, "expire": expired, "rollback": rolledBack,
        "alter": altered, "branch": referred, "tag": referred,
    ]

    private static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): grouped(number)
        case .bool(let isTrue): isTrue ? "yes" : "no"
        default: "-"
        }
    }

    @Sendable static func list(_ answer: JSONValue) -> String {
        var table = TextTable([
            ("table", .left), ("rows", .right), ("files", .right), ("bytes", .right),
            ("columns", .right), ("committed", .left),
        ])
        for entry in answer["tables"]?.arrayValue ?? [] {
            table.append([
                text(entry["name"]), text(entry["rows"]), text(entry["files"]),
                text(entry["bytes"]), grouped(Int64(entry["columns"]?.arrayValue?.count ?? 0)),
                entry["committed_at"]?.stringValue ?? "never",
            ])
        }
        return table.text
    }

    @Sendable static func description(_ answer: JSONValue) -> String {
        var lines = [
            "table      \(text(answer["namespace"])).\(text(answer["name"]))",
            "location   \(text(answer["location"]))",
            "rows       \(rows(answer))",
            "files      \(text(answer["snapshot"]?["files"]))",
            "bytes      \(text(answer["snapshot"]?["bytes"]))",
            "snapshots  \(text(answer["snapshots"]))", "updated    \(text(answer["updated_at"]))",
        ]
        for field in answer["partitions"]?.arrayValue ?? [] {
            lines.append("partition  \(text(field["transform"])) of \(text(field["source"]))")
        }
        for field in answer["sort_order"]?.arrayValue ?? [] {
            lines.append(
                "sorted by  \(text(field["source"])) \(text(field["direction"])) "
                    + "(\(text(field["transform"])))"
            )
        }
        for member in answer["references"]?.objectValue?.members ?? [] {
            let kind = text(member.value["kind"])
            lines.append("\(kind)\(kind == "tag" ? "       " : "    ") \(member.key)")
        }
        return lines.map { $0 + "\n" }.joined() + "\n" + columns(answer["columns"])
            + properties(answer)
    }

    /// Rows that are deleted by position stand in the files still.
    private static func rows(_ answer: JSONValue) -> String {
        guard let all = answer["snapshot"]?["rows"]?.integerValue else { return "-" }
        guard let deleted = answer["deleted_rows"]?.integerValue else {
            return "\(grouped(all)) in the files; how many are deleted cannot be told"
        }
        if deleted == 0 { return grouped(all) }
        return "\(grouped(all - deleted)), and \(grouped(deleted)) deleted ones in the files"
    }

    private static func columns(_ columns: JSONValue?) -> String {
        var table = TextTable([("id", .right), ("column", .left), ("type", .left), ("", .left)])
        for column in columns?.arrayValue ?? [] {
            table.append([
                text(column["id"]), text(column["name"]), text(column["type"]),
                column["required"]?.boolValue ?? false ? "required" : "",
            ])
        }
        return table.text
    }

    /// Marks of writers are long, and not for people.
    private static func properties(_ answer: JSONValue) -> String {
        var lines = ""
        for member in answer["properties"]?.objectValue?.members ?? [] {
            let value = text(member.value)
            lines += "\(member.key) = \(value.count > 60 ? "\(value.prefix(57))..." : value)\n"
        }
        return lines.isEmpty ? "" : "\n" + lines
    }

    @Sendable static func snapshots(_ answer: JSONValue) -> String {
        var table = TextTable([
            ("snapshot", .right), ("committed", .left), ("operation", .left),
            ("rows added", .right), ("removed", .right), ("files", .right), ("rows", .right),
            ("names", .left),
        ])
        for entry in answer["snapshots"]?.arrayValue ?? [] {
            let names = (entry["references"]?.arrayValue ?? []).map { text($0) }
            table.append([
                text(entry["snapshot_id"]), text(entry["committed_at"]), text(entry["operation"]),
                text(entry["added_rows"]), text(entry["removed_rows"]), text(entry["files"]),
                text(entry["rows"]), names.joined(separator: ", "),
            ])
        }
        return table.text
    }

    @Sendable static func history(_ answer: JSONValue) -> String {
        var table = TextTable([
            ("current since", .left), ("snapshot", .right), ("operation", .left),
            ("in the table's past", .left),
        ])
        for entry in answer["history"]?.arrayValue ?? [] {
            table.append([
                text(entry["made_current_at"]), text(entry["snapshot_id"]),
                entry["operation"]?.stringValue ?? "expired", text(entry["is_ancestor"]),
            ])
        }
        return table.text
    }

    @Sendable static func files(_ answer: JSONValue) -> String {
        var table = TextTable([
            ("rows", .right), ("deleted", .right), ("bytes", .right), ("partition", .left),
            ("file", .left),
        ])
        for (key, isRows) in [("files", true), ("delete_files", false)] {
            for file in answer[key]?.arrayValue ?? [] {
                var cells = cells(file)
                let deleted = isRows ? file["deleted_rows"] : file["rows"]
                if !isRows { cells[0] = "" }
                cells.insert(deleted.map { text($0) } ?? "", at: 1)
                table.append(cells)
            }
        }
        return table.text
    }

    private static func cells(_ file: JSONValue) -> [String] {
        let partition = (file["partition"]?.arrayValue ?? []).map { $0.stringValue ?? "null" }
        return [
            text(file["rows"]), text(file["bytes"]), partition.joined(separator: ", "),
            text(file["path"]),
        ]
    }

    @Sendable static func diff(_ answer: JSONValue) -> String {
        var table = TextTable([
            ("", .left), ("rows", .right), ("bytes", .right), ("partition", .left), ("file", .left),
        ])
        let changes = [
            ("+", "files_added"), ("-", "files_removed"), ("+ deletes", "delete_files_added"),
            ("- deletes", "delete_files_removed"),
        ]
        for (sign, key) in changes {
            for file in answer[key]?.arrayValue ?? [] { table.append([sign] + cells(file)) }
        }
        var lines = "from \(text(answer["from"])) to \(text(answer["to"])): "
        lines += "\(text(answer["rows_added"])) rows added, "
        lines += "\(text(answer["rows_removed"])) removed\n"
        for (sign, key) in [("+", "columns_added"), ("-", "columns_removed")] {
            for column in answer[key]?.arrayValue ?? [] {
                lines += "\(sign) column \(text(column["name"])) \(text(column["type"]))\n"
            }
        }
        return lines + table.text
    }

    @Sendable static func merged(_ answer: JSONValue) -> String {
        let left = answer["files_left"]?.integerValue ?? 0
        var parts: [String] = []
        if answer["files_merged"] != nil {
            parts.append("\(text(answer["files_merged"])) files merged")
            parts.append("\(text(answer["rows_copied"])) rows copied")
        }
        if answer["manifests_merged"] != nil {
            parts.append("\(text(answer["manifests_merged"])) manifests merged")
        }
        var line = "\(text(answer["table"])): \(parts.joined(separator: ", "))\n"
        if let left = answer["manifests_left"]?.integerValue, left > 0 {
            line += "\(grouped(left)) manifests can be merged\n"
        }
        if left > 0 {
            line += "\(grouped(left)) files of \(text(answer["bytes_left"])) bytes in "
            line += "\(text(answer["groups_left"])) groups can be merged\n"
        }
        return line
    }

    static func cleaned(_ answer: JSONValue, isDry: Bool) -> String {
        var line = "\(text(answer["table"])): "
        if isDry {
            line += "\(text(answer["files_found"])) files of \(text(answer["bytes_found"])) bytes "
            line += "are named by nothing"
        } else {
            line += "\(text(answer["files_deleted"])) files of \(text(answer["bytes_deleted"])) "
            line += "bytes that nothing names deleted"
        }
        line += ", of \(text(answer["files_looked_at"]))"
        if let young = answer["files_young"]?.integerValue, young > 0 {
            line += "; \(grouped(young)) are too young to tell"
        }
        line += "\n"
        guard isDry else { return line }
        var table = TextTable([("bytes", .right), ("changed", .left), ("file", .left)])
        let files = answer["files"]?.arrayValue ?? []
        for file in files {
            table.append([text(file["bytes"]), text(file["changed_at"]), text(file["path"])])
        }
        return files.isEmpty ? line : line + table.text
    }

    @Sendable static func expired(_ answer: JSONValue) -> String {
        var line = "\(text(answer["table"])): \(text(answer["snapshots_expired"])) snapshots "
        line += "taken out, \(text(answer["data_files_deleted"])) data files of "
        line += "\(text(answer["bytes_deleted"])) bytes deleted\n"
        if let left = answer["snapshots_left"]?.integerValue, left > 0 {
            line += "\(grouped(left)) snapshots can be taken out\n"
        }
        return line
    }

    @Sendable static func rolledBack(_ answer: JSONValue) -> String {
        let isDone = answer["changed"]?.boolValue ?? false
        return "\(text(answer["table"])) \(isDone ? "is" : "would be") at "
            + "\(text(answer["to"])): \(text(answer["rows_removed"])) rows "
            + "\(isDone ? "went" : "would go"), \(text(answer["rows_added"])) came back\n"
    }
}
