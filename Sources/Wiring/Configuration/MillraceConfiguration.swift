public import Settings
public import Stores
public import Telemetry

/// Everything that millrace.yaml and the environment say, checked.
public struct MillraceConfiguration: Sendable {
    /// The log and the Kafka protocol.
    public struct Log: Sendable {
        /// Where Kafka clients connect.
        public var listen: Address
        /// What clients are told to connect to; nil for the address that they did connect to.
        public var advertised: Address?
        /// What an acknowledgement waits for.
        public var durability: LogDurability
        /// Time between syncs with `LogDurability.interval`.
        public var syncInterval: Duration
        /// Size of a full segment.
        public var segmentBytes: Int
        /// Partitions of a topic created without a number.
        public var defaultPartitions: Int
        /// True when writing to an unknown topic creates it.
        public var autoCreateTopics: Bool
        /// Bytes that may wait to be written.
        public var queueBytes: Int
    }

    /// The HTTP port.
    public struct HTTP: Sendable {
        /// Where HTTP clients connect.
        public var listen: Address
        /// Largest request body.
        public var bodyBytesMax: Int
        /// Threads; nil for one for each processor.
        public var threads: Int?
    }

    /// Where tables are.
    public struct Lake: Sendable {
        /// Directory of the tables' files.
        public var directory: String
        /// URI below which new tables' files are; nil for `directory`.
        public var warehouse: String?
        /// SQLite file of the catalog; with a foreign one, of what is noted besides.
        public var catalog: String
        /// The catalog of somebody else that tables are in; nil: they are in `catalog`.
        public var foreign: ForeignCatalogConfiguration?
        /// Bytes of copies of files that lie in stores.
        public var cacheBytes: Int
        /// How often tables are looked after; nil: never.
        public var upkeepInterval: Duration?
        /// How often files that nothing names are looked for, and from which age they are deleted;
        /// nil: never. Part of the upkeep.
        public var cleaning: (interval: Duration, age: Duration)?
    }

    /// The Iceberg REST catalog.
    public struct Catalog: Sendable {
        /// Who may use it, as `id:secret`; nil: everybody.
        public var credential: Secret?
        /// How long a token is good.
        public var tokenLifetime: Duration

        /// The two halves of the credential.
        public var client: (id: String, secret: Secret)? {
            guard let text = credential?.revealed, let colon = text.firstIndex(of: ":") else {
                return nil
            }
            return (String(text[..<colon]), Secret(String(text[text.index(after: colon)...])))
        }
    }

    /// The SQL engine.
    public struct SQL: Sendable {
        /// Bytes that queries may use together.
        public var memoryBytes: Int
        /// Threads; nil for one for each processor.
        public var threads: Int?
        /// Longest time of a query.
        public var timeout: Duration
    }

    /// What the process tells about itself.
    public struct Telemetry: Sendable {
        /// Least level that is written.
        public var level: LogLevel
        /// Form of log lines.
        public var format: LogFormat
    }

    /// Directory of everything Millrace keeps.
    public var dataDirectory: String
    /// Listening beyond this machine is allowed without encryption and passwords.
    public var isInsecure: Bool
    /// The log and the Kafka protocol.
    public var log: Log
    /// The HTTP port.
    public var http: HTTP
    /// Where tables are.
    public var lake: Lake
    /// The Iceberg REST catalog.
    public var catalog: Catalog
    /// How stores are reached, by scheme.
    public var stores: [StoreURI.Scheme: StoreConfiguration]
    /// The SQL engine.
    public var sql: SQL
    /// What the process tells about itself.
    public var telemetry: Telemetry
    /// Kafka clusters that pipelines may read, in the order of the file.
    public var sources: [SourceConfiguration]
    /// Pipelines in the order of the file.
    public var pipelines: [PipelineConfiguration]
    /// The file that was read; nil when there was none.
    public var file: String?
    /// The folder that it lies in, where the paths of pipelines' files start.
    public var directory: String
    /// What a person should know but need not change.
    public var warnings: [SettingsProblem]

    /// Reads and checks. Throws everything that is wrong, together.
    public init(from source: SettingsSource) throws(SettingsError) {
        let reader = SettingsReader(table: MillraceSettings.table, source: source)
        dataDirectory = reader.value(MillraceSettings.data)
        isInsecure = reader.value(MillraceSettings.insecure)
        log = Log(reader)
        http = HTTP(
            listen: reader.value(HTTPKeys.listen),
            bodyBytesMax: reader.value(HTTPKeys.bodyBytesMax),
            threads: reader.value(HTTPKeys.threads)
        )
        let output = OutputVariables(source.environment, reader)
        let lakeDirectory =
            reader.value(LakeKeys.directory) ?? output.directory ?? "\(dataDirectory)/lake"
        lake = Lake(
            directory: lakeDirectory,
            warehouse: reader.value(LakeKeys.warehouse) ?? output.warehouse,
            catalog: "\(lakeDirectory)/catalog.db",
            foreign: ForeignCatalogConfiguration(reader, source.environment),
            cacheBytes: reader.value(LakeKeys.cache),
            upkeepInterval: reader.value(LakeKeys.hasUpkeep)
                ? reader.value(LakeKeys.upkeepInterval) : nil,
            cleaning: reader.value(LakeKeys.cleans)
                ? (reader.value(LakeKeys.cleanInterval), reader.value(LakeKeys.cleanAge)) : nil
        )
        if let given = reader.value(LakeKeys.catalog), lake.foreign == nil { lake.catalog = given }
        stores = StoreConfiguration.all(
            in: reader.section("stores"),
            environment: source.environment
        )
        catalog = Catalog(
            credential: reader.value(CatalogKeys.credential),
            tokenLifetime: reader.value(CatalogKeys.tokenLifetime)
        )
        sql = SQL(
            memoryBytes: reader.value(SQLKeys.memory),
            threads: reader.value(SQLKeys.threads),
            timeout: reader.value(SQLKeys.timeout)
        )
        telemetry = Telemetry(
            level: reader.value(TelemetryKeys.level),
            format: reader.value(TelemetryKeys.format)
        )
        sources = SourceConfiguration.all(
            in: reader.section("sources"),
            environment: source.environment
        )
        pipelines = PipelineConfiguration.all(
            in: reader.section("pipelines"),
            sources: sources,
            environment: source.environment
        )
        file = source.file?.name
        directory = source.file?.directory ?? source.workingDirectory
        warnings = reader.warnings
        checkAddresses(reader)
        lake.foreign?.check(reader, isInsecure: isInsecure, hasWarehouse: lake.warehouse != nil)
        let client = catalog.client
        if catalog.credential != nil, client?.id.isEmpty != false {
            reader.complain(
                at: CatalogKeys.credential.description.key,
                "is no id and secret",
                advice: "write both with a colon between them"
            )
        }
        try reader.finish()
    }

    /// Nobody opens a port to the world by accident.
    private func checkAddresses(_ reader: SettingsReader) {
        for (key, address) in [("log.listen", log.listen), ("http.listen", http.listen)]
        where !address.isLoopback && !isInsecure {
            reader.complain(
                at: key,
                "\(address) can be reached from other machines, and there is neither encryption "
                    + "nor a password",
                advice: "listen on 127.0.0.1, or write insecure: true if everybody who reaches "
                    + "the port may read, write and delete"
            )
        }
        if let advertised = log.advertised, advertised.port == 0 {
            reader.complain(at: "log.advertised", "\(advertised) has no port to connect to")
        }
        if log.listen == http.listen, log.listen.port != 0 {
            reader.complain(
                at: "http.listen",
                "\(http.listen) is the address of log.listen, too",
                advice: "give one of them another port"
            )
        }
    }
}

extension MillraceConfiguration.Log {
    fileprivate init(_ reader: SettingsReader) {
        self.init(
            listen: reader.value(LogKeys.listen),
            advertised: reader.value(LogKeys.advertised),
            durability: reader.value(LogKeys.durability),
            syncInterval: reader.value(LogKeys.syncInterval),
            segmentBytes: reader.value(LogKeys.segmentBytes),
            defaultPartitions: reader.value(LogKeys.defaultPartitions),
            autoCreateTopics: reader.value(LogKeys.autoCreateTopics),
            queueBytes: reader.value(LogKeys.queueBytes)
        )
    }
}
