import Settings
import Telemetry
import Testing

enum Colour: String, CaseIterable, Sendable { case red, green, blue }

/// A small table with one setting of each kind.
enum Sample {
    static let data = Setting("data", .path, default: "./store", help: "Where data lives.")
    static let listen = Setting("log.listen", .address, default: "127.0.0.1:9092", help: "Port.")
    static let segment = Setting(
        "log.segment_bytes",
        .bytes(in: 1024...(1 << 30)),
        default: "64MiB",
        help: "Segment size."
    )
    static let timeout = Setting(
        "log.timeout",
        .duration(in: .milliseconds(10)...(.seconds(3600))),
        default: "10s",
        help: "Timeout."
    )
    static let partitions = Setting(
        "log.partitions",
        .integer(in: 1...100),
        default: "1",
        help: "Partitions."
    )
    static let create = Setting("log.create", .boolean, default: "true", help: "Create topics.")
    static let colour = Setting("log.colour", .choice(Colour.self), default: "red", help: "Hue.")
    static let name = Setting(
        optional: "log.name",
        .text,
        absent: "the host's name",
        needsRestart: false,
        help: "Name."
    )
    static let peers = Setting(
        "log.peers",
        .list(of: .address),
        default: "127.0.0.1:1,127.0.0.1:2",
        help: "Peers."
    )
    static let password = Setting(
        optional: "log.password",
        .secret,
        absent: "no password",
        help: "Password."
    )

    static let table = SettingsTable(
        settings: [
            data.description, listen.description, segment.description, timeout.description,
            partitions.description, create.description, colour.description, name.description,
            peers.description, password.description,
        ],
        sections: [
            .init("log", help: "The log."),
            .init(freeForm: "pipes", example: "shop:\n  from: events", help: "Pipes."),
        ]
    )

    static func reader(
        _ yaml: String?,
        environment: [String: String] = [:],
        files: [String: String] = [:]
    ) -> SettingsReader {
        let file = yaml.map {
            SettingsSource.File(name: "m.yaml", directory: "/etc/m", text: Array($0.utf8))
        }
        return SettingsReader(
            table: table,
            source: SettingsSource(
                file: file,
                environment: environment,
                otherVariables: ["MILLRACE_CONFIG"],
                workingDirectory: "/cwd",
                readSecretFile: { path in
                    files[path].map { .success(Array($0.utf8)) }
                        ?? .failure(SettingsComplaint("\(path) does not exist"))
                }
            )
        )
    }

    /// The problems of a file that nothing else is read from.
    static func problems(
        _ yaml: String,
        _ body: (SettingsReader) -> Void = { _ in }
    ) -> [String] {
        let reader = reader(yaml)
        body(reader)
        do {
            try reader.finish()
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
