import Arguments
import Clocks
import JSONText

/// `millrace tables`
struct TablesCommand: Command {
    let description = CommandDescription(
        "tables",
        summary: "List the lake's tables, look into one, and keep it in shape",
        discussion: """
            list       rows, files and bytes of every table; also without a word
            describe   columns, partitions, sort order, branches and properties of one
            snapshots  its snapshots, the newest first, and what each has changed
            history    which snapshot was the current one when
            files      its data files; --at shows those of an earlier snapshot
            diff       files, rows and columns that changed between --from and --to: by default
                       what the last commit changed
            optimize   merges small data files into large ones, and small manifests; --manifests
                       only these. Earlier snapshots stay readable
            expire     takes old snapshots out and deletes the files that only they had
            clean      deletes files that nothing names: what a crash has left; without TABLE, of
                       every table
            rollback   makes the snapshot --to the current one again; not for tables that a
                       pipeline lands: 'millrace pipelines state reset' moves its checkpoint, too
            alter      changes columns, partitions, sort order and properties, all that is asked for
                       in one commit; --dry-run shows what would become of it
            branch     gives the snapshot --at a name, by default the current one; --delete takes
            tag        the name away

            A snapshot is named by its id, by a branch or tag, or by a moment in ISO 8601. Asks the
            running server, or works on the lake itself when none runs. The server keeps tables in
            shape by itself (lake.upkeep): it merges small files when there are many, and
            of snapshots keeps those of ten minutes, the last hundred, and one an hour for five
            days, unless the table's properties history.expire.* say otherwise. Once a day it
            deletes files older than three days that nothing names (lake.clean).
            """,
        positionals: [
            "[list|describe|snapshots|history|files|diff|optimize|expire|clean|rollback|"
                + "alter|branch|tag]", "[TABLE]", "[NAME]",
        ],
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription(
                "at",
                .one("SNAPSHOT"),
                help: "files: of that snapshot; branch, tag: what is named"
            ),
            OptionDescription("from", .one("SNAPSHOT"), help: "diff: what is compared"),
            OptionDescription("to", .one("SNAPSHOT"), help: "diff: with what; rollback: whereto"),
            OptionDescription(
                "older-than",
                .one("AGE"),
                help:
                    "expire: snapshots older than that, such as 12h or 7d, whatever the table "
                    + "says; clean: files older than that, 3d"
            ),
            OptionDescription("manifests", help: "optimize: manifests alone, no data files"),
            OptionDescription("keep", .one("N"), help: "expire: but not the last N; 1"),
            OptionDescription("yes", help: "clean: files younger than a day without asking"),
            OptionDescription("dry-run", help: "change nothing, and say what would change"),
        ] + alterations + referenceOptions,
        examples: [
            ("millrace tables", "what has been committed so far"),
            ("millrace tables describe purchases", "columns, partitions, properties"),
            ("millrace tables snapshots purchases --json", "for scripts"),
            (
                "millrace tables diff purchases --from 2026-11-20T00:00:00Z",
                "what has changed since then"
            ), ("millrace tables optimize purchases --dry-run", "how many files would be merged"),
            ("millrace tables optimize purchases --manifests", "fewer files to plan a query with"),
            ("millrace tables expire purchases --older-than 7d", "keep a week"),
            ("millrace tables clean --dry-run", "what crashes have left in all tables"),
            (
                "millrace tables alter purchases --add \"discount decimal(10, 2) after price\"",
                "one more column"
            ),
            (
                "millrace tables alter scratch --partition-by \"day(ts), bucket(16, user)\"",
                "how files are divided from now on"
            ),
            ("millrace tables tag purchases audit-2026", "a name for the table as it is now"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let words = arguments.positionals
        let desk = try TableDesk(CommandConfiguration(arguments))
        guard let verb = words.first, verb != "list" else {
            guard words.count < 2 else {
                throw CommandError("'list' takes no table; 'describe' shows one", code: .usage)
            }
            show(try desk.list(), arguments, TableText.list)
            return .success
        }
        if verb == "clean", words.count < 3 {
            return try clean(desk, words.dropFirst().first, arguments)
        }
        guard let text = TableText.verbs[verb] else {
            throw CommandError(
                "'\(verb)' means nothing here; 'millrace tables --help' lists what does",
                code: .usage
            )
        }
        let isName = ["branch", "tag"].contains(verb)
        guard words.count == (isName ? 3 : 2) else {
            throw CommandError(
                "write 'millrace tables \(verb) TABLE\(isName ? " NAME" : "")'",
                code: .usage
            )
        }
        guard verb == "alter" || arguments.repeated.isEmpty else {
            throw CommandError("--\(arguments.repeated[0].name) belongs to 'alter'", code: .usage)
        }
        let answer =
            switch verb {
            case "optimize": try optimize(desk, words[1], arguments)
            case "expire": try desk.change(verb, words[1], Self.expiry(arguments))
            case "rollback": try desk.change(verb, words[1], Self.rollback(arguments))
            case "alter": try desk.change(verb, words[1], Self.altering(arguments))
            case "branch", "tag":
                try desk.change(verb, words[1], Self.referring(words[2], arguments))
            default: try desk.report(verb, words[1], arguments)
            }
        show(answer, arguments, text)
        return answer["interrupted"]?.boolValue == true ? .failure : .success
    }

    private static func expiry(_ arguments: ParsedArguments) throws -> JSONValue {
        var body = JSONObject([("dry_run", .bool(arguments.has("dry-run")))])
        if let text = arguments.value("older-than") {
            guard let age = Duration(text: text), age > .zero else {
                throw CommandError(
                    "--older-than \(text): write an age such as 30m, 12h or 7d",
                    code: .usage
                )
            }
            body["older_than_ms"] = .integer(age.components.seconds * 1000)
        }
        if let text = arguments.value("keep") {
            guard let count = Int64(text), count > 0, arguments.value("older-than") != nil else {
                throw CommandError(
                    "--keep \(text): write a number, beside --older-than",
                    code: .usage
                )
            }
            body["keep"] = .integer(count)
        }
        return .object(body)
    }

    private static func rollback(_ arguments: ParsedArguments) throws -> JSONValue {
        guard let to = arguments.value("to") else {
            throw CommandError("say which snapshot with --to", code: .usage)
        }
        return ["to": .string(to), "dry_run": .bool(arguments.has("dry-run"))]
    }

    private func show(
        _ answer: JSONValue,
        _ arguments: ParsedArguments,
        _ text: (JSONValue) -> String
    ) {
        Terminal.write(arguments.has("json") ? answer.text(.pretty) + "\n" : text(answer))
    }
}
