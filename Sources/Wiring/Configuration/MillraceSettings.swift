public import Settings
import Telemetry

/// What the log does before it acknowledges an append.
public enum LogDurability: String, CaseIterable, Sendable {
    /// Waits until the bytes are on the device.
    case fsync
    /// Leaves them to the operating system and syncs every `log.sync_interval`.
    case interval
    /// Leaves them to the operating system.
    case os
}

/// The one table of Millrace's settings. Reading, `millrace config`, docs/settings.md and the
/// example file come from it.
///
/// A new setting is one constant here, its name in `all`, and a property in
/// `MillraceConfiguration`.
public enum MillraceSettings {
    static let data = Setting(
        "data",
        .path,
        default: "./.millrace",
        help: """
            Directory of everything Millrace keeps: the log, and the lake unless lake.directory
            says otherwise. One process at a time can use it.
            """
    )
    static let insecure = Setting(
        "insecure",
        .boolean,
        default: "false",
        help: """
            Allows listening on addresses that other machines can reach. There is neither
            encryption nor a password: whoever reaches the port can read, write and delete.
            """
    )

    /// All settings in the order people read about them.
    public static let table = SettingsTable(
        settings: [data.description, insecure.description] + LogKeys.all + HTTPKeys.all
            + LakeKeys.all + CatalogKeys.all + SQLKeys.all + TelemetryKeys.all,
        sections: [
            .init("log", help: "The event log, and the Kafka protocol it is reached by."),
            .init("http", help: "The HTTP port: collector, SQL, metrics, health."),
            .init("lake", help: "Where tables are."),
            .init("catalog", help: "The Iceberg REST catalog, below /iceberg of the HTTP port."),
            .init(freeForm: "stores", example: storesExample, help: storesHelp),
            .init("sql", help: "The SQL engine."),
            .init("telemetry", help: "What the process tells about itself."),
            .init(freeForm: "sources", example: sourcesExample, help: sourcesHelp),
            .init(freeForm: "pipelines", example: pipelinesExample, help: pipelinesHelp),
        ]
    )

    private static let storesHelp = """
        How stores are reached, by scheme: s3, gs, abfs. All take `endpoint` (the address of a
        store that speaks as the cloud's does), `anonymous`, `attempts` (how often a request is sent
        that fails in passing, default 5) and `connect_timeout` (default 3s). s3 takes `region`,
        `style` (host for endpoints whose buckets are in host names), `access_key`, `secret_key`,
        `session_token` and `role`; gs `service_account` (JSON); abfs `account`, `account_key` and
        `sas_token`. Without keys, credentials are found as the cloud's own tools find them. Secrets
        are `${NAME}`, a variable of the environment, or in a file: `secret_key_file`.
        """

    private static let storesExample = """
        s3:
          endpoint: http://127.0.0.1:9000
          region: us-east-1
        """

    private static let sourcesHelp = """
        Kafka clusters by name, for pipelines that read another log than the embedded one. Under
        `kafka` stand properties of librdkafka, any of them, as its documentation writes them;
        `${NAME}` in a value is the environment's variable of that name.
        """

    private static let sourcesExample = """
        prod:
          kafka:
            bootstrap.servers: broker1:9093,broker2:9093
            security.protocol: ssl
            ssl.ca.location: /etc/ssl/kafka-ca.pem
        """

    private static let pipelinesHelp = """
        Pipelines by name: from which topics (one or a list; `*` stands for any characters), into
        which table or tables. With `source` the topics are those of a Kafka cluster. A map in
        `from` names files: `files` (one path or a list, with `*`, `?` and `**`), `settle` (how long
        a file must stay as it is, default 2s) and `poll` (default 1s; 10s for buckets). Files may
        be in a bucket (`s3://bucket/inbox/*.csv`, with `endpoint` and `region`). A table
        takes the records that its `where` selects, all without it. Its columns are those of
        `columns`, and a column for every other field that appears unless `infer` is false. A
        column is declared with its type, or with a map: `from` (a field, `_key`,
        `_headers.<name>`, `_timestamp`, `_value`) or `value` (a constant), `type`, and `cast`;
        docs/pipelines.md has the rules. `format` is json, csv (`csv` has header, columns,
        delimiter, quote) or raw, and `documents: many` makes every document of a record a row;
        for a pipeline or one table. `nested` is text, flatten or struct: what becomes of objects
        and arrays. `contract` has a rule (evolve, freeze, discard_value, discard_row, quarantine)
        for tables, columns and types, and `on_error` (quarantine, skip, pause) one for everything
        else. `sql` is a question about the rows, whose answer is landed instead of them.
        Records are committed at the latest when `freshness` has passed (default 10s).
        Tables are partitioned by `day` of the log's timestamp, or by nothing with `partition:
        none`. `mode` is stream (the default), batch (lands only when `millrace run` asks) or
        watch, with `watch` of `records`, `bytes`, `age` and `poll`. With `share: true` several
        processes with the same lake divide the partitions of a Kafka source among them. `start`
        (earliest, latest or a moment) says where a new table begins. `mirror` shows checkpoints in
        Redis besides: `redis` (an address, redis://user:password@host:6379/0, in which ${NAME} is
        the environment's) and `prefix` for its keys.
        """

    private static let pipelinesExample = """
        purchases:
          from: purchases
          into: purchases
          freshness: 2s
        orders:
          source: prod
          from: orders-*
          into: orders
        deliveries:
          from: {files: inbox/*.csv}
          format: csv
          into: deliveries
        game:
          from: [events, old-events]
          tables:
            joins:
              where: event_type like 'join%'
            sales:
              where: event_type = 'sale'
              columns:
                item: string
                price: {from: amount, type: double}
                key: {from: _key}
              infer: false
              partition: none
        """
}

enum LogKeys {
    static let listen = Setting(
        "log.listen",
        .address,
        default: "127.0.0.1:9092",
        help: "Address at which Kafka clients connect. Port 0 takes any free one."
    )
    static let advertised = Setting(
        optional: "log.advertised",
        .address,
        absent: "the address that a client did connect to",
        example: "events.example.com:9092",
        help: """
            Address that clients are told to connect to. Needed when they reach the log through
            another name or port than the one it sees, as behind a proxy.
            """
    )
    static let durability = Setting(
        "log.durability",
        .choice(LogDurability.self),
        default: "fsync",
        help: """
            What an acknowledgement waits for. With fsync the events are on the device: they
            survive a power failure. With interval they are synced every log.sync_interval, with
            os when the operating system likes: they survive the end of the process, not that of
            the machine.
            """
    )
    static let syncInterval = Setting(
        "log.sync_interval",
        .duration(in: .milliseconds(10)...(.seconds(3600))),
        default: "1s",
        help: "Time between syncs with log.durability: interval. Without meaning otherwise."
    )
    static let segmentBytes = Setting(
        "log.segment_bytes",
        .bytes(in: (1 << 20)...(1 << 30)),
        default: "256MiB",
        help: "Size at which a segment of a partition is closed and a new one begun."
    )
    static let defaultPartitions = Setting(
        "log.default_partitions",
        .integer(in: 1...10_000),
        default: "1",
        help: "Partitions of a topic that is created without a number."
    )
    static let autoCreateTopics = Setting(
        "log.auto_create_topics",
        .boolean,
        default: "true",
        help: "Creates a topic when somebody writes to it for the first time."
    )
    static let queueBytes = Setting(
        "log.queue_bytes",
        .bytes(in: (1 << 20)...(1 << 30)),
        default: "64MiB",
        help: """
            Bytes that may wait to be written. Beyond them producers are told to come back later,
            instead of memory growing.
            """
    )

    static let all = [
        listen.description, advertised.description, durability.description,
        syncInterval.description, segmentBytes.description, defaultPartitions.description,
        autoCreateTopics.description, queueBytes.description,
    ]
}

enum HTTPKeys {
    static let listen = Setting(
        "http.listen",
        .address,
        default: "127.0.0.1:8080",
        help: "Address of the HTTP port. Port 0 takes any free one."
    )
    static let bodyBytesMax = Setting(
        "http.body_bytes_max",
        .bytes(in: 1024...(1 << 30)),
        default: "16MiB",
        help: "Largest request body, as it is sent and as it is unpacked. Larger ones get 413."
    )
    static let threads = Setting(
        optional: "http.threads",
        .integer(in: 1...1024),
        absent: "one for each processor",
        example: "4",
        help: "Threads that serve HTTP connections."
    )

    static let all = [listen.description, bodyBytesMax.description, threads.description]
}

enum LakeKeys {
    static let directory = Setting(
        optional: "lake.directory",
        .path,
        absent: "lake in the data directory",
        example: "/srv/lake",
        help: "Directory of the tables' files."
    )
    static let catalog = Setting(
        optional: "lake.catalog",
        .pathOrAddress,
        absent: "catalog.db in lake.directory",
        example: "/srv/lake/catalog.db",
        help: """
            SQLite file of the catalog, in the layout of PyIceberg's SqlCatalog: other Iceberg
            programs can open it. Or the address of an Iceberg REST catalog of somebody else, such
            as https://catalog.example.com: then tables are there, and it says where files are.
            """
    )

    static let warehouse = Setting(
        optional: "lake.warehouse",
        .warehouse,
        absent: "lake.directory",
        example: "s3://bucket/lake",
        help: """
            Where new tables' files are, if not on this machine: a folder of a bucket (s3, gs) or
            container (abfs). `stores` says how to reach it. The
            catalog stays on this machine.
            """
    )
    static let cache = Setting(
        "lake.cache",
        .bytes(in: (1 << 20)...(1 << 50)),
        default: "10GiB",
        help: """
            Copies of files of the lake that lie in a store, kept in the data directory so that
            queries need not fetch them again. Those that a query needs at once must fit.
            """
    )

    static let hasUpkeep = Setting(
        "lake.upkeep",
        .boolean,
        default: "true",
        help: """
            The server merges small data files into large ones, and takes old snapshots out: all
            stay for ten minutes, the last hundred, and one an hour for five days, unless the
            table's properties history.expire.* say otherwise.
            """
    )
    static let upkeepInterval = Setting(
        "lake.upkeep_interval",
        .duration(in: .milliseconds(100)...(.seconds(86_400))),
        default: "1m",
        help: "How often every table is looked at."
    )
    static let cleans = Setting(
        "lake.clean",
        .boolean,
        default: "true",
        help: """
            The server deletes files below a table's location that no snapshot and nothing else
            names: what an interrupted merge, commit or expiry has left. Part of the upkeep.
            """
    )
    static let cleanInterval = Setting(
        "lake.clean_interval",
        .duration(in: .seconds(1)...(.seconds(365 * 86_400))),
        default: "1d",
        help: "How often it looks for them; a first time after an hour, if that is sooner."
    )
    static let cleanAge = Setting(
        "lake.clean_age",
        .duration(in: .seconds(1)...(.seconds(3650 * 86_400))),
        default: "3d",
        help: """
            Age from which such files are deleted. It must be longer than the longest job of any
            engine that writes to the tables: what it has not committed yet is named by nothing.
            """
    )

    static let all =
        [
            directory.description, warehouse.description, catalog.description, cache.description,
            hasUpkeep.description, upkeepInterval.description, cleans.description,
            cleanInterval.description, cleanAge.description,
        ] + ForeignCatalogKeys.all
}

enum CatalogKeys {
    static let credential = Setting(
        optional: "catalog.credential",
        .secret,
        absent: "everybody who reaches the HTTP port may use the catalog, with any credential",
        help: """
            Who may use the Iceberg REST catalog: an id and a secret, as id:secret. Clients get a
            token for it by OAuth 2's client credentials, as they do when they are given a
            credential. It guards the catalog alone, not the rest of the HTTP port.
            """
    )
    static let tokenLifetime = Setting(
        "catalog.token_lifetime",
        .duration(in: .seconds(1)...(.seconds(30 * 86_400))),
        default: "1h",
        help: "How long a token of the catalog is good. Clients fetch another one by themselves."
    )

    static let all = [credential.description, tokenLifetime.description]
}

enum SQLKeys {
    static let memory = Setting(
        "sql.memory",
        .bytes(in: (64 << 20)...(1 << 40)),
        default: "1GiB",
        help: "Memory that queries may use together. Larger intermediate results go to disk."
    )
    static let threads = Setting(
        optional: "sql.threads",
        .integer(in: 1...1024),
        absent: "one for each processor",
        example: "4",
        help: "Threads that run queries."
    )
    static let timeout = Setting(
        "sql.timeout",
        .duration(in: .milliseconds(100)...(.seconds(86_400))),
        default: "5m",
        help: "Longest time a query may take. Then it is stopped with an error."
    )

    static let all = [memory.description, threads.description, timeout.description]
}

enum TelemetryKeys {
    private static let levels = LogLevel.allCases.map(\.name).joined(separator: ", ")

    static let level = Setting(
        "telemetry.level",
        ValueType<LogLevel>(name: "one of \(levels)", example: "info") {
            (text) throws(SettingsComplaint) in
            guard let level = LogLevel(name: text) else {
                throw SettingsComplaint(
                    "\"\(text)\" is no level",
                    advice: "write one of \(levels)"
                )
            }
            return level
        },
        default: "info",
        help: "Log lines below this level are not written."
    )
    static let format = Setting(
        "telemetry.format",
        .choice(LogFormat.self),
        default: "auto",
        help: "Form of log lines: text for people, json for machines, auto for text on a terminal."
    )

    static let all = [level.description, format.description]
}
