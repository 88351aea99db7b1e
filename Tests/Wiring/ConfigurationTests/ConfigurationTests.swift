import Bytes
import Configuration
import Files
import IcebergModel
import Settings
import Telemetry
import Testing

/// Reads `yaml` as the file /etc/millrace/millrace.yaml.
func configuration(
    _ yaml: String?,
    environment: [String: String] = [:]
) throws(SettingsError) -> MillraceConfiguration {
    let file = yaml.map {
        SettingsSource.File(
            name: "millrace.yaml",
            directory: "/etc/millrace",
            text: Array($0.utf8)
        )
    }
    return try MillraceConfiguration(
        from: SettingsSource(
            file: file,
            environment: environment,
            workingDirectory: "/cwd",
            readSecretFile: {
                if $0 == "/run/secrets/password" { return .success(Array("me:secret".utf8)) }
                return .failure(SettingsComplaint("\($0) does not exist"))
            }
        )
    )
}

/// The problems of `yaml`, one a line.
func problems(_ yaml: String, environment: [String: String] = [:]) -> String {
    do throws(SettingsError) {
        _ = try configuration(yaml, environment: environment)
        return ""
    } catch {
        return error.description
    }
}

@Suite struct ConfigurationTests {
    @Test func `without a file everything has its default, below the working directory`() throws {
        let configuration = try configuration(nil)
        #expect(configuration.dataDirectory == "/cwd/.millrace")
        #expect(configuration.lake.directory == "/cwd/.millrace/lake")
        #expect(configuration.lake.catalog == "/cwd/.millrace/lake/catalog.db")
        #expect(configuration.log.listen == Address(host: "127.0.0.1", port: 9092))
        #expect(configuration.log.advertised == nil)
        #expect(configuration.log.durability == .fsync)
        #expect(configuration.log.defaultPartitions == 1)
        #expect(configuration.log.autoCreateTopics)
        #expect(configuration.http.listen == Address(host: "127.0.0.1", port: 8080))
        #expect(configuration.telemetry.level == .info)
        #expect(configuration.telemetry.format == .auto)
        #expect(!configuration.isInsecure)
        #expect(configuration.pipelines.isEmpty)
    }

    @Test func `every setting of the table reaches the configuration`() throws {
        let configuration = try configuration(
            """
            data: d
            insecure: true
            log:
              listen: 10.0.0.1:1
              advertised: h:2
              durability: interval
              sync_interval: 3s
              segment_bytes: 4MiB
              default_partitions: 5
              auto_create_topics: false
              queue_bytes: 6MiB
            http: {listen: "10.0.0.1:7", body_bytes_max: 8KiB, threads: 9}
            lake: {directory: l, catalog: c}
            sql: {memory: 100MiB, threads: 11, timeout: 12s}
            telemetry: {level: debug, format: json}
            """
        )
        let log = configuration.log
        #expect(configuration.dataDirectory == "/etc/millrace/d")
        #expect(configuration.isInsecure)
        #expect(log.listen.port == 1 && log.advertised?.port == 2)
        #expect(log.durability == .interval && log.syncInterval == .seconds(3))
        #expect(log.segmentBytes == 4 << 20 && log.queueBytes == 6 << 20)
        #expect(log.defaultPartitions == 5 && !log.autoCreateTopics)
        #expect(configuration.http.listen.port == 7)
        #expect(configuration.http.bodyBytesMax == 8192 && configuration.http.threads == 9)
        #expect(configuration.lake.directory == "/etc/millrace/l")
        #expect(configuration.lake.catalog == "/etc/millrace/c")
        #expect(configuration.sql.memoryBytes == 100 << 20 && configuration.sql.threads == 11)
        #expect(configuration.sql.timeout == .seconds(12))
        #expect(configuration.telemetry.level == .debug && configuration.telemetry.format == .json)
    }

    @Test func `the environment overrides the file`() throws {
        let configuration = try configuration(
            "log: {listen: \"127.0.0.1:1\"}",
            environment: ["MILLRACE_LOG_LISTEN": "127.0.0.1:2", "MILLRACE_DATA": "/d"]
        )
        #expect(configuration.log.listen.port == 2)
        #expect(configuration.lake.catalog == "/d/lake/catalog.db")
    }

    @Test(arguments: ["log", "http"])
    func `an address that others can reach needs insecure`(part: String) throws {
        let yaml = "\(part): {listen: \"192.168.0.1:80\"}"
        let text = problems(yaml)
        #expect(text.hasPrefix("millrace.yaml:1:"))
        #expect(text.contains("\(part).listen: 192.168.0.1:80 can be reached from other machines"))
        #expect(text.contains("insecure: true"))
        _ = try configuration(yaml + "\ninsecure: true")
        let variable = ["MILLRACE_\(part.uppercased())_LISTEN": "192.168.0.1:80"]
        #expect(
            problems("", environment: variable).hasPrefix("MILLRACE_\(part.uppercased())_LISTEN")
        )
    }

    @Test func `an advertised address has a port`() throws {
        #expect(problems("log: {advertised: \"host:0\"}").contains("has no port to connect to"))
        #expect(try configuration("log: {advertised: \"host:1\"}").log.advertised?.port == 1)
    }

    @Test func `the two ports must differ`() {
        let yaml = "log: {listen: \"127.0.0.1:80\"}\nhttp: {listen: \"127.0.0.1:80\"}"
        #expect(problems(yaml).contains("is the address of log.listen, too"))
        #expect(problems(yaml.replacing(":80", with: ":0")) == "")
    }

    @Test func `a level that is none is refused with the list`() {
        #expect(
            problems("telemetry: {level: loud}")
                == "millrace.yaml:1:13: telemetry.level: \"loud\" is no level; "
                + "write one of debug, info, warning, error"
        )
    }
}

@Suite struct LoadTests {
    private func load(
        _ files: CrashFiles,
        path: String? = nil,
        environment: [String: String] = [:]
    ) throws(SettingsError) -> MillraceConfiguration {
        try MillraceConfiguration.load(
            path: path,
            environment: environment,
            workingDirectory: "/cwd",
            files: files
        )
    }

    private func files(_ texts: [String: String]) throws -> CrashFiles {
        let files = CrashFiles()
        for (path, text) in texts {
            try files.createDirectories(directoryName(of: path))
            try files.replace(path, with: Array(text.utf8).bytes)
        }
        return files
    }

    @Test func `the file of the working directory is found`() throws {
        let files = try files(["/cwd/millrace.yaml": "data: here"])
        let configuration = try load(files)
        #expect(configuration.dataDirectory == "/cwd/here")
        #expect(configuration.file == "millrace.yaml")
    }

    @Test func `a named file wins, then the variable's, and paths start where the file is`() throws
    {
        let files = try files([
            "/cwd/millrace.yaml": "data: a", "/etc/m.yaml": "data: b", "/cwd/x/m.yaml": "data: c",
        ])
        let variable = ["MILLRACE_CONFIG": "/etc/m.yaml"]
        #expect(try load(files, environment: variable).dataDirectory == "/etc/b")
        let named = try load(files, path: "x/m.yaml", environment: variable)
        #expect(named.dataDirectory == "/cwd/x/c")
        #expect(named.warnings.isEmpty)
    }

    @Test func `no file at all means defaults, but a named one must be there`() throws {
        let files = try files(["/cwd/other": ""])
        #expect(try load(files).dataDirectory == "/cwd/.millrace")
        #expect(throws: SettingsError.self) { try load(files, path: "missing.yaml") }
    }

    @Test func `the example's configuration is one`() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let configuration = try MillraceConfiguration.load(
            path: "/\(root)/Examples/GameAPI/millrace.yaml",
            environment: [:],
            files: LocalFiles()
        )
        let game = try #require(configuration.pipelines.first)
        #expect(game.tables.map(\.name) == ["purchases", "joins", "declarations"])
    }

    @Test func `the environment of this process has a path`() {
        #expect(ProcessEnvironment.variables["PATH"]?.isEmpty == false)
    }
}
