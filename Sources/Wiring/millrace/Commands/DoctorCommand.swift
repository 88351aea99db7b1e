import Arguments
import Bytes
import Clocks
import Configuration
import FileSource
import Files
import Glibc
import JSONText
import KafkaSource
import Pipelines
import SQLEngine
import Settings
import Telemetry

/// `millrace doctor`
struct DoctorCommand: Command {
    let description = CommandDescription(
        "doctor",
        summary: "Say what is missing or wrong on this machine",
        discussion: "Ends with exit code 1 when something would keep Millrace from working.",
        options: [Commands.configOption, Commands.jsonOption],
        examples: [("millrace doctor", "checks configuration, disk, ports, libraries, limits")]
    )

    /// One thing that was looked at.
    private struct Finding {
        enum Verdict: String {
            case fine = "ok"
            case doubtful = "warning"
            case broken = "wrong"
        }

        let subject: String
        let verdict: Verdict
        let detail: String
    }

    func run(_ arguments: ParsedArguments) async throws -> ExitCode {
        var findings: [Finding] = []
        var settings: MillraceConfiguration?
        do throws(CommandError) {
            let read = try CommandConfiguration(arguments).settings
            settings = read
            findings.append(
                Finding(
                    subject: "configuration",
                    verdict: read.warnings.isEmpty ? .fine : .doubtful,
                    detail: read.warnings.first?.description
                        ?? "\(read.file ?? "defaults"), \(read.pipelines.count) pipelines"
                )
            )
        } catch {
            findings.append(
                Finding(subject: "configuration", verdict: .broken, detail: error.description)
            )
        }
        if let settings {
            findings += [disk(settings.dataDirectory), space(settings.dataDirectory)]
            findings += ports(settings)
            findings += settings.sources.map { source($0) }
            for pipeline in settings.pipelines {
                guard let configuration = pipeline.files else { continue }
                findings.append(files(configuration, of: pipeline.name, in: settings))
            }
        }
        findings += [duckDB(), fileLimit()]
        show(findings, asJSON: arguments.has("json"))
        return findings.contains { $0.verdict == .broken } ? .failure : .success
    }

    private func show(_ findings: [Finding], asJSON: Bool) {
        if asJSON {
            let list: [JSONValue] = findings.map {
                [
                    "subject": .string($0.subject), "verdict": .string($0.verdict.rawValue),
                    "detail": .string($0.detail),
                ]
            }
            let answer: JSONValue = ["findings": .array(list)]
            Terminal.write(answer.text(.pretty) + "\n")
            return
        }
        var table = TextTable([("", .left), ("subject", .left), ("", .left)])
        for finding in findings {
            table.append([finding.verdict.rawValue, finding.subject, finding.detail])
        }
        Terminal.write(table.text)
    }

    /// Writes and syncs a small file as the log does, and says how long that takes.
    private func disk(_ directory: String) -> Finding {
        let files = LocalFiles()
        let path = "\(directory)/doctor.\(getpid())"
        do throws(FileError) {
            try files.createDirectories(directory)
            let file = try files.open(path, .create)
            defer { try? files.remove(path) }
            var bytes = ByteBuffer()
            bytes.appendZeros(4096)
            let clock = SystemClocks()
            let rounds = 20
            let started: MonotonicInstant = clock.now()
            for round in 0..<rounds {
                try file.write(bytes.bytes, at: Int64(round) * 4096)
                try file.sync()
            }
            let nanoseconds = (clock.now() - started).wholeNanoseconds / Int64(rounds)
            return Finding(
                subject: "disk",
                verdict: nanoseconds > 20_000_000 ? .doubtful : .fine,
                detail: "\(directory): a synced write takes \(nanoseconds / 1000) µs"
            )
        } catch {
            return Finding(subject: "disk", verdict: .broken, detail: error.description)
        }
    }

    private func space(_ directory: String) -> Finding {
        var numbers = statvfs()
        // SAFETY: the call fills the structure it is given.
        guard unsafe statvfs(directory, &numbers) == 0 else {
            return Finding(
                subject: "space",
                verdict: .broken,
                detail: "cannot look at \(directory)"
            )
        }
        let free = Int64(numbers.f_bavail) * Int64(numbers.f_frsize)
        return Finding(
            subject: "space",
            verdict: free < 1 << 30 ? .doubtful : .fine,
            detail: "\(grouped(free >> 20)) MiB free at \(directory)"
        )
    }

    private func ports(_ settings: MillraceConfiguration) -> [Finding] {
        if ServerClient(address: settings.http.listen.description).isRunning {
            return [
                Finding(
                    subject: "server",
                    verdict: .fine,
                    detail: "a server answers at \(settings.http.listen)"
                )
            ]
        }
        return [("log.listen", settings.log.listen), ("http.listen", settings.http.listen)].map {
            let isFree = PortProbe.isFree($0.1)
            return Finding(
                subject: $0.0,
                verdict: isFree ? .fine : .broken,
                detail: isFree ? "\($0.1) is free" : "\($0.1) is in use by another program"
            )
        }
    }

    /// Asks a Kafka cluster who it is and what topics it shows us.
    private func source(_ source: SourceConfiguration) -> Finding {
        let subject = "source \(source.name)"
        do {
            let log = try KafkaLog(try KafkaProperties(source), logger: .silent)
            let id = try log.clusterID
            _ = log.topics(selectedBy: [TopicSelector("*")])
            return Finding(
                subject: subject,
                verdict: .fine,
                detail: "cluster \(id) answers, \(log.topicNames.count) topics"
            )
        } catch {
            return Finding(subject: subject, verdict: .broken, detail: "\(error)")
        }
    }

    /// Lists the files that a pipeline would take.
    private func files(
        _ configuration: FilesConfiguration,
        of pipeline: String,
        in settings: MillraceConfiguration
    ) -> Finding {
        let subject = "files of \(pipeline)"
        do throws(FileStoreError) {
            let store = PipelineFileStore(configuration, in: settings)
            let found = try store.list()
            // One that can be listed and not opened belongs to somebody else.
            if let newest = found.max(by: { $0.modifiedNanoseconds < $1.modifiedNanoseconds }) {
                _ = try store.open(newest.path)
            }
            return Finding(
                subject: subject,
                verdict: .fine,
                detail: "\(grouped(Int64(found.count))) files fit "
                    + configuration.patterns.joined(separator: ", ")
            )
        } catch {
            let reason =
                switch error {
                case .notFound(let path): "\(path) is gone"
                case .unavailable(let reason): reason
                }
            return Finding(subject: subject, verdict: .broken, detail: reason)
        }
    }

    private func duckDB() -> Finding {
        do throws(SQLError) {
            let library = try DuckDBLibrary.load()
            return Finding(
                subject: "DuckDB",
                verdict: .fine,
                detail: "\(library.version) at \(library.path)"
            )
        } catch {
            return Finding(subject: "DuckDB", verdict: .broken, detail: error.description)
        }
    }

    private func fileLimit() -> Finding {
        var limit = rlimit()
        // SAFETY: the call fills the structure it is given.
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Finding(
            subject: "open files",
            verdict: limit.rlim_cur < 1024 ? .doubtful : .fine,
            detail: "at most \(limit.rlim_cur); topics and connections need one or two each"
        )
    }
}
