import Arguments
import Clocks
import Configuration
import EventLog
import Files
import HTTPClient
import HTTPServer
import JSONText
import LogSources
import Pipelines

/// `millrace verify`
struct VerifyCommand: Command {
    let description = CommandDescription(
        "verify",
        summary: "Prove that every acknowledged event is in its table once",
        discussion: """
            Counts the log and the tables again, per table and partition, up to each table's
            checkpoint: acknowledged = landed + filtered + dead-lettered, nothing twice, nothing
            missing, and the very offsets agree. Asks the running server, or reads the data
            directory when none runs. Ends with exit code 3 when something does not add up.

            With --hours the same for each hour (UTC) of the records' timestamps. Hours that do not
            add up are printed before others, later ones before earlier ones.

            With a place it says what became of that offset in each table that a pipeline makes of
            it: a row and in which file, a dead letter and why, left out and why, or not landed yet.
            With a range (the last offset is not included) it counts, and shows the stretches.
            """,
        positionals: ["[TOPIC/PARTITION@OFFSET]"],
        options: [
            Commands.configOption, Commands.jsonOption,
            OptionDescription("quiet", help: "print receipts only, without the SQL"),
            OptionDescription(
                "pipeline",
                .one("PIPELINE"),
                help: "with a place: only what this pipeline makes of it"
            ),
            OptionDescription("hours", help: "divide the receipts by hour"),
            OptionDescription("from", .one("MOMENT"), help: "with --hours: no hours before"),
            OptionDescription("to", .one("MOMENT"), help: "with --hours: no hours from here on"),
            OptionDescription(
                "limit",
                .one("N"),
                help: "with --hours: print so many hours; 200 unless given, 0 for all"
            ),
        ],
        examples: [
            ("millrace verify", "one receipt for each table and partition"),
            ("millrace verify --hours --from 2026-11-20T00:00:00Z", "hour by hour"),
            ("millrace verify events/0@1234", "what became of one offset"),
            ("millrace verify events/0@1200..1300", "of a hundred; 1200.. for all that follow"),
            ("millrace verify --json | jq .proven", "for scripts"),
        ]
    )

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        let hours = try Hours(arguments)
        let configuration = try CommandConfiguration(arguments)
        if let text = arguments.positionals.first {
            guard arguments.positionals.count == 1, hours == nil else {
                throw CommandError("name one place, without --hours", code: .usage)
            }
            return try explain(text, arguments, configuration)
        }
        if arguments.value("pipeline") != nil {
            throw CommandError("--pipeline goes with a place", code: .usage)
        }
        let report =
            configuration.server.isRunning
            ? try configuration.server.get("/v1/verify" + (hours?.query ?? ""))
            : try verifyFiles(configuration.settings, hours)
        let isProven = report["proven"]?.boolValue ?? false
        if arguments.has("json") {
            Terminal.write(report.text(.pretty) + "\n")
        } else {
            show(report)
            hours?.show(report)
            if !arguments.has("quiet") { showSQL(of: report) }
        }
        return isProven ? .success : .unproven
    }

    private func explain(
        _ text: String,
        _ arguments: ParsedArguments,
        _ configuration: CommandConfiguration
    ) throws -> ExitCode {
        guard let places = OffsetPlaces(text) else {
            throw CommandError(OffsetPlaces.complaint(text), code: .usage)
        }
        let pipeline = arguments.value("pipeline")
        let answer: JSONValue
        if configuration.server.isRunning {
            let of = pipeline.map { "&pipeline=\(percentEncoded($0))" } ?? ""
            answer = try configuration.server.get(
                "/v1/verify?place=\(percentEncoded(places.description))\(of)"
            )
        } else {
            answer = try explainFiles(places, pipeline, configuration.settings)
        }
        if arguments.has("json") {
            Terminal.write(answer.text(.pretty) + "\n")
        } else {
            PlaceText.show(answer)
        }
        return answer["proven"]?.boolValue ?? false ? .success : .unproven
    }

    private func explainFiles(
        _ places: OffsetPlaces,
        _ pipeline: String?,
        _ settings: MillraceConfiguration
    ) throws -> JSONValue {
        let log = try Assembly.openLog(settings)
        defer { log.close() }
        do {
            return try Verification(settings, log).explain(places, pipeline: pipeline)
        } catch let problem as HTTPProblem {
            throw CommandError("\(problem.title): \(problem.detail)")
        }
    }

    /// Without a server: the log is opened as a server would open it, repaired if need be, and
    /// closed again.
    private func verifyFiles(_ settings: MillraceConfiguration, _ hours: Hours?) throws -> JSONValue
    {
        let log = try Assembly.openLog(settings)
        defer { log.close() }
        return try Verification(settings, log).run(
            hours: hours.map { HourList(from: $0.from, to: $0.to) }
        ).report
    }

    private func show(_ report: JSONValue) {
        var table = TextTable([
            ("table", .left), ("topic", .left), ("partition", .right), ("acknowledged", .right),
            ("landed", .right), ("filtered", .right), ("dead letters", .right),
            ("duplicates", .right), ("missing", .right), ("pending", .right), ("", .left),
        ])
        for receipt in report["receipts"]?.arrayValue ?? [] {
            table.append(Self.cells(of: receipt, Self.numbers + ["pending"]))
        }
        Terminal.write(table.text)
        for member in report["files"]?.objectValue?.members ?? [] {
            Terminal.write("\n" + FilesText.lines(member.value, of: member.key))
        }
    }

    /// The counts that receipts and hours have.
    private static let numbers = [
        "partition", "acknowledged", "landed", "filtered", "dead_lettered", "duplicates", "missing",
    ]

    private static func cells(of receipt: JSONValue, _ numbers: [String]) -> [String] {
        let isProven = receipt["proven"]?.boolValue ?? false
        return [receipt["table"]?.stringValue ?? "", receipt["topic"]?.stringValue ?? ""]
            + numbers.map { grouped(receipt[$0]?.integerValue ?? 0) }
            + [isProven ? "proven" : "NOT PROVEN"]
    }

    private func showSQL(of report: JSONValue) {
        Terminal.write("\nThe tables were asked:\n")
        for statement in report["sql"]?.arrayValue ?? [] {
            Terminal.write("\n\(statement.stringValue ?? "");\n")
        }
    }
}

extension VerifyCommand {
    /// What `--hours` asks for.
    private struct Hours {
        var from: Timestamp?
        var to: Timestamp?
        /// Hours that are printed; nil for all.
        let limit: Int?

        /// Nil when hours are not asked for.
        init?(_ arguments: ParsedArguments) throws {
            let limit = try arguments.number("limit") ?? 200
            self.limit = limit == 0 ? nil : limit
            from = try Self.moment("from", arguments)
            to = try Self.moment("to", arguments)
            if !arguments.has("hours") {
                for option in ["from", "to", "limit"] where arguments.value(option) != nil {
                    throw CommandError("--\(option) goes with --hours", code: .usage)
                }
                return nil
            }
        }

        private static func moment(
            _ option: String,
            _ arguments: ParsedArguments
        ) throws(CommandError) -> Timestamp? {
            guard let text = arguments.value(option) else { return nil }
            guard let moment = Timestamp(iso8601: text) else {
                throw CommandError(
                    "--\(option) takes a moment such as 2026-11-21T08:00:00Z, not '\(text)'",
                    code: .usage
                )
            }
            return moment
        }

        var query: String {
            "?by=hour" + (from.map { "&from=\($0.iso8601)" } ?? "")
                + (to.map { "&to=\($0.iso8601)" } ?? "")
        }

        func show(_ report: JSONValue) {
            let hours = report["hours"]?.arrayValue ?? []
            var table = TextTable([
                ("hour", .left), ("table", .left), ("topic", .left), ("partition", .right),
                ("acknowledged", .right), ("landed", .right), ("filtered", .right),
                ("dead letters", .right), ("duplicates", .right), ("missing", .right), ("", .left),
            ])
            let shown = chosen(of: hours)
            for index in shown.sorted() {
                table.append(
                    [hours[index]["hour"]?.stringValue ?? ""]
                        + VerifyCommand.cells(of: hours[index], VerifyCommand.numbers)
                )
            }
            Terminal.write("\n" + table.text)
            let omitted = Int64(hours.count - shown.count)
            let counted = omitted + (report["hours_omitted"]?.integerValue ?? 0)
            if counted == 0 { return }
            let all = report["hours_unproven"]?.integerValue ?? 0
            let seen = shown.count { hours[$0]["proven"]?.boolValue == false }
            let unproven = all - Int64(seen)
            Terminal.write(
                "\(grouped(counted)) more hours were counted and are not shown, "
                    + (unproven == 0 ? "all proven" : "\(grouped(unproven)) of them NOT PROVEN")
                    + "; --limit, --from and --to choose.\n"
            )
        }

        /// Indices of the hours to print: those that do not add up before the others, later ones
        /// before earlier ones.
        private func chosen(of hours: [JSONValue]) -> [Int] {
            guard let limit, hours.count > limit else { return Array(hours.indices) }
            func isBad(_ index: Int) -> Bool { hours[index]["proven"]?.boolValue == false }
            func time(_ index: Int) -> String { hours[index]["hour"]?.stringValue ?? "" }
            let byNeed = hours.indices.sorted {
                isBad($0) != isBad($1) ? isBad($0) : time($0) > time($1)
            }
            return Array(byNeed.prefix(limit))
        }
    }
}

extension Verification {
    /// Verification without a server.
    init(_ settings: MillraceConfiguration, _ log: LocalLog) throws {
        self.init(
            sources: try PipelineSources(
                settings,
                embedded: EmbeddedLog(log),
                logger: Assembly.logger(settings)
            ),
            lake: try LakeService(settings),
            definitions: try LaneDefinition.all(in: settings)
        )
    }
}
