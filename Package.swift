// swift-tools-version: 6.3
import PackageDescription

// Wheels unpacked by bootstrap/install; the binary finds their libraries here at run time.
let dependencies = "\(Context.packageDirectory)/.deps"

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let rpath: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(dependencies)/lib"])
]

/// One line per room: stage folder, name, and everything it may import.
func room(_ stage: String, _ name: String, uses: [String] = []) -> Target {
    .target(
        name: name,
        dependencies: uses.map { .target(name: $0) },
        path: "Sources/\(stage)/\(name)",
        exclude: ["README.md"],
        swiftSettings: strict
    )
}

/// `data` names folders of files the tests read where they lie.
func tests(
    _ stage: String,
    _ name: String,
    uses: [String] = [],
    data: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: ([name] + uses).map { .target(name: $0) },
        path: "Tests/\(stage)/\(name)Tests",
        exclude: data,
        swiftSettings: strict,
        linkerSettings: rpath
    )
}

/// A thin C target of ours: what Swift cannot import, and nothing more.
func shim(_ name: String, uses: [String] = []) -> Target {
    .target(
        name: name,
        dependencies: uses.map { .target(name: $0) },
        path: "Sources/Support/\(name)"
    )
}

/// A foreign library found by pkg-config, or by the linker's own path when `package` is nil.
func library(_ name: String, package: String?, apt: [String]) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/Support/\(name)",
        pkgConfig: package,
        providers: [.apt(apt)]
    )
}

let package = Package(
    name: "millrace",
    products: [
        .executable(name: "millrace", targets: ["millrace"]),
        .executable(name: "game-api", targets: ["game-api"]),
    ],
    targets: [
        // Support: the ground.
        shim("CLinux"),
        shim("CChecksums"),
        shim("CSIMD"),
        shim("CDuckDB", uses: ["CArrow"]),
        shim("CArrow", uses: ["CParquet"]),
        library("CParquet", package: "parquet", apt: []),
        library("CRdKafka", package: "rdkafka", apt: ["librdkafka-dev"]),
        library("CMicroHTTPD", package: "libmicrohttpd", apt: ["libmicrohttpd-dev"]),
        library("CSQLite", package: "sqlite3", apt: ["libsqlite3-dev"]),
        library("CCurl", package: "libcurl", apt: ["libcurl4-openssl-dev"]),
        library("CHiredis", package: nil, apt: ["libhiredis-dev"]),
        library("CYAML", package: "yaml-0.1", apt: ["libyaml-dev"]),
        library("CZlib", package: "zlib", apt: ["zlib1g-dev"]),
        library("CZstd", package: "libzstd", apt: ["libzstd-dev"]),
        library("CLZ4", package: "liblz4", apt: ["liblz4-dev"]),
        library("CSnappy", package: nil, apt: ["libsnappy-dev"]),
        room("Support", "Bytes"),
        room("Support", "Checksums", uses: ["CChecksums"]),
        room("Support", "Compression", uses: ["Bytes", "CZlib", "CZstd", "CLZ4", "CSnappy"]),
        room("Support", "Threads", uses: ["CLinux"]),
        room("Support", "Clocks", uses: ["CLinux"]),
        room("Support", "Files", uses: ["Bytes", "CLinux", "Clocks"]),
        room("Support", "Reactor", uses: ["Bytes", "CLinux", "Threads"]),
        room("Support", "Settings", uses: ["Clocks", "CYAML", "Telemetry"]),
        room("Support", "Arguments"),
        room("Support", "HTTPClient", uses: ["CCurl", "Checksums", "Clocks"]),
        room("Support", "RedisClient", uses: ["CHiredis"]),
        room("Support", "Telemetry", uses: ["Clocks"]),
        room("Support", "JSONText", uses: ["Bytes"]),
        room("Support", "ArrowData", uses: ["CArrow"]),
        room(
            "Support",
            "HTTPServer",
            uses: ["Bytes", "CMicroHTTPD", "JSONText", "Telemetry", "Threads"]
        ),

        // Specs: published documents as pure code.
        room("Specs", "KafkaProtocol", uses: ["Bytes", "Checksums", "Clocks", "Compression"]),
        room("Specs", "AvroFormat", uses: ["Bytes", "Compression", "JSONText"]),
        room(
            "Specs",
            "IcebergModel",
            uses: ["Bytes", "Checksums", "Clocks", "AvroFormat", "JSONText"]
        ),

        // Append: a decided batch becomes durable and gets an offset.
        room(
            "Append",
            "EventLog",
            uses: [
                "Bytes", "Checksums", "Clocks", "Compression", "Files", "KafkaProtocol", "Threads",
            ]
        ),

        // Accept: a client's bytes become a decided request.
        room(
            "Accept",
            "Broker",
            uses: ["Bytes", "Clocks", "EventLog", "Files", "KafkaProtocol", "Telemetry", "Threads"]
        ),
        room(
            "Accept",
            "KafkaListener",
            uses: [
                "Broker", "Bytes", "EventLog", "Files", "KafkaProtocol", "Reactor", "Telemetry",
                "Threads",
            ]
        ),
        room(
            "Accept",
            "Collector",
            uses: [
                "Bytes", "Checksums", "Clocks", "Compression", "EventLog", "Files", "HTTPServer",
                "JSONText", "KafkaProtocol", "Telemetry",
            ]
        ),

        // Land: offsets become rows in files, exactly once.
        room("Land", "Columns", uses: ["ArrowData", "IcebergModel"]),
        room(
            "Land",
            "Decoding",
            uses: ["ArrowData", "Bytes", "CSIMD", "Columns", "IcebergModel"]
        ),
        room(
            "Land",
            "Pipelines",
            uses: [
                "ArrowData", "Bytes", "CSIMD", "Clocks", "Columns", "Compression", "Decoding",
                "IcebergModel", "JSONText", "KafkaProtocol", "Telemetry", "Threads",
            ]
        ),
        room(
            "Land",
            "LogSources",
            uses: ["Bytes", "Clocks", "EventLog", "Files", "Pipelines"]
        ),

        room(
            "Land",
            "KafkaSource",
            uses: [
                "Bytes", "CRdKafka", "Clocks", "KafkaProtocol", "Pipelines", "Telemetry", "Threads",
            ]
        ),

        room(
            "Land",
            "FileSource",
            uses: [
                "Bytes", "Checksums", "Clocks", "Compression", "Files", "KafkaProtocol",
                "Pipelines", "Telemetry", "Threads",
            ]
        ),

        // Publish: files become table snapshots that anybody can read.
        room("Publish", "Stores", uses: ["Bytes", "CArrow", "Files", "Threads"]),
        room("Publish", "Parquet", uses: ["ArrowData", "Bytes", "CArrow", "Compression"]),
        room("Publish", "Catalogs", uses: ["CSQLite"]),
        room(
            "Publish",
            "Tables",
            uses: [
                "Bytes", "Catalogs", "Clocks", "Compression", "IcebergModel", "Stores", "Telemetry",
            ]
        ),

        room(
            "Publish",
            "CatalogServer",
            uses: [
                "Bytes", "Catalogs", "Clocks", "HTTPServer", "IcebergModel", "JSONText", "Stores",
                "Tables", "Telemetry",
            ]
        ),

        room(
            "Publish",
            "RESTCatalog",
            uses: [
                "Catalogs", "Clocks", "HTTPClient", "IcebergModel", "JSONText", "Tables",
                "Telemetry", "Threads",
            ]
        ),

        room(
            "Publish",
            "DataFiles",
            uses: ["ArrowData", "Bytes", "IcebergModel", "Parquet", "Stores", "Tables"]
        ),

        room(
            "Publish",
            "Maintenance",
            uses: [
                "ArrowData", "Catalogs", "DataFiles", "IcebergModel", "Parquet", "Stores", "Tables",
            ]
        ),

        // Query: tables answer SQL.
        room(
            "Query",
            "SQLEngine",
            uses: [
                "ArrowData", "Bytes", "CArrow", "CDuckDB", "IcebergModel", "JSONText", "Threads",
            ]
        ),

        // Show: people see and steer it.
        room("Show", "Gateway", uses: ["Bytes", "HTTPServer", "JSONText", "Telemetry", "Threads"]),
        room(
            "Show",
            "Prompt",
            uses: ["Bytes", "CLinux", "Clocks", "SQLEngine", "Threads"]
        ),

        // Wiring: the one place that knows everything.
        room(
            "Wiring",
            "Configuration",
            uses: [
                "Bytes", "CLinux", "Clocks", "Decoding", "FileSource", "Files", "IcebergModel",
                "RedisClient", "Settings", "Stores", "Telemetry",
            ]
        ),
        .executableTarget(
            name: "millrace",
            dependencies: [
                "Arguments", "ArrowData", "Broker", "Bytes", "CLinux", "CatalogServer", "Catalogs",
                "Clocks",
                "Collector", "Columns", "Configuration", "DataFiles", "Decoding", "EventLog",
                "FileSource", "Files", "Gateway",
                "HTTPClient", "HTTPServer", "IcebergModel", "JSONText", "KafkaListener",
                "KafkaSource", "LogSources", "Maintenance", "Parquet", "Pipelines", "Prompt",
                "RESTCatalog", "Reactor", "RedisClient", "SQLEngine", "Settings",
                "Stores", "Tables", "Telemetry", "Threads",
            ],
            path: "Sources/Wiring/millrace",
            exclude: ["README.md"],
            swiftSettings: strict,
            linkerSettings: rpath
        ),

        // Examples: clients of Millrace like any other.
        .target(
            name: "GameRules",
            dependencies: ["JSONText"],
            path: "Examples/GameAPI/Sources/GameRules",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "game-api",
            dependencies: [
                "CRdKafka", "Clocks", "GameRules", "HTTPServer", "Telemetry", "Threads",
            ],
            path: "Examples/GameAPI/Sources/game-api",
            swiftSettings: strict,
            linkerSettings: rpath
        ),

        // Tests mirror the rooms.
        tests("Support", "Bytes"),
        tests("Support", "Checksums", uses: ["Bytes"]),
        tests("Support", "Compression", uses: ["Bytes"]),
        tests("Support", "Clocks"),
        tests("Support", "Files", uses: ["Bytes"]),
        tests("Support", "Reactor", uses: ["Bytes", "Threads"]),
        tests("Support", "RedisClient"),
        tests(
            "Support",
            "HTTPClient",
            uses: ["Bytes", "Clocks", "HTTPServer", "Telemetry", "Threads"]
        ),
        tests("Support", "Settings", uses: ["Telemetry"]),
        tests("Support", "Arguments"),
        tests("Support", "Telemetry", uses: ["Clocks", "Threads"]),
        tests("Support", "JSONText", uses: ["Bytes"]),
        tests("Support", "HTTPServer", uses: ["Bytes", "Telemetry", "Threads"]),
        tests(
            "Specs",
            "KafkaProtocol",
            uses: ["Bytes", "Checksums", "Clocks", "Compression", "Files"],
            data: ["Golden"]
        ),
        tests("Specs", "AvroFormat", uses: ["Bytes", "JSONText"]),
        tests(
            "Specs",
            "IcebergModel",
            uses: ["AvroFormat", "Bytes", "Clocks", "Files", "JSONText"],
            data: ["Golden"]
        ),
        tests(
            "Append",
            "EventLog",
            uses: ["Bytes", "Clocks", "Compression", "Files", "KafkaProtocol", "Threads"]
        ),
        tests(
            "Accept",
            "Broker",
            uses: ["Bytes", "Clocks", "EventLog", "Files", "KafkaProtocol", "Telemetry", "Threads"]
        ),
        tests(
            "Accept",
            "KafkaListener",
            uses: [
                "Broker", "Bytes", "Clocks", "EventLog", "Files", "KafkaProtocol", "Telemetry",
                "Threads",
            ]
        ),
        tests(
            "Accept",
            "Collector",
            uses: [
                "Bytes", "Clocks", "Compression", "EventLog", "Files", "HTTPServer", "JSONText",
                "KafkaProtocol", "Telemetry", "Threads",
            ]
        ),
        tests("Support", "ArrowData", uses: ["Bytes", "CArrow"]),
        tests("Land", "Columns", uses: ["ArrowData", "Bytes", "IcebergModel"]),
        tests(
            "Land",
            "Decoding",
            uses: ["ArrowData", "Bytes", "Columns", "IcebergModel", "JSONText"]
        ),
        tests(
            "Land",
            "Pipelines",
            uses: [
                "ArrowData", "Bytes", "Catalogs", "Clocks", "Columns", "Compression", "Decoding",
                "FileSource", "Files", "IcebergModel", "KafkaProtocol", "Telemetry", "Threads",
            ]
        ),
        tests(
            "Land",
            "KafkaSource",
            uses: [
                "Bytes", "CRdKafka", "Clocks", "KafkaProtocol", "Pipelines", "Telemetry", "Threads",
            ]
        ),
        tests(
            "Land",
            "FileSource",
            uses: [
                "Bytes", "Clocks", "Compression", "Files", "KafkaProtocol", "Pipelines",
                "Telemetry",
            ]
        ),
        tests("Publish", "Parquet", uses: ["ArrowData", "Bytes", "Columns", "IcebergModel"]),
        tests("Publish", "Stores", uses: ["Bytes", "Files", "Threads"]),
        tests("Publish", "Catalogs", uses: ["CSQLite", "Files"]),
        tests(
            "Publish",
            "Tables",
            uses: [
                "AvroFormat", "Bytes", "Catalogs", "Clocks", "Files", "IcebergModel", "Stores",
            ],
            data: ["Golden"]
        ),
        tests(
            "Publish",
            "CatalogServer",
            uses: [
                "Bytes", "Catalogs", "Clocks", "Files", "HTTPServer", "IcebergModel", "JSONText",
                "Stores", "Tables", "Telemetry", "Threads",
            ]
        ),
        tests(
            "Publish",
            "RESTCatalog",
            uses: [
                "Bytes", "CatalogServer", "Catalogs", "Clocks", "Files", "HTTPServer",
                "IcebergModel", "Stores", "Tables", "Telemetry", "Threads",
            ]
        ),
        tests(
            "Publish",
            "DataFiles",
            uses: [
                "ArrowData", "Bytes", "Catalogs", "Clocks", "Columns", "Files", "IcebergModel",
                "Parquet", "Stores", "Tables",
            ]
        ),
        tests(
            "Publish",
            "Maintenance",
            uses: [
                "ArrowData", "Bytes", "Catalogs", "Clocks", "Columns", "DataFiles", "Files",
                "IcebergModel", "JSONText", "Parquet", "Stores", "Tables",
            ]
        ),
        tests(
            "Query",
            "SQLEngine",
            uses: ["ArrowData", "Bytes", "Columns", "IcebergModel", "Threads"]
        ),
        tests(
            "Show",
            "Gateway",
            uses: ["Bytes", "HTTPClient", "HTTPServer", "JSONText", "Telemetry", "Threads"]
        ),
        tests("Show", "Prompt", uses: ["IcebergModel", "SQLEngine", "Threads"]),
        tests(
            "Wiring",
            "Configuration",
            uses: [
                "Bytes", "Decoding", "FileSource", "Files", "IcebergModel", "RedisClient",
                "Settings", "Stores", "Telemetry",
            ]
        ),
        .testTarget(
            name: "GameRulesTests",
            dependencies: ["GameRules", "JSONText"],
            path: "Tests/Examples/GameRulesTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "TidyTests",
            dependencies: ["Bytes", "Files"],
            path: "Tests/Tidy",
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
