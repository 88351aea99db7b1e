import Configuration
import FileSource
import Files
import KafkaSource
import LogSources
import Pipelines
import Telemetry

/// Makes the source that a lane, or its verification, reads.
struct PipelineSources {
    private let embedded: EmbeddedLog<LocalFiles>
    private let kafka: [String: KafkaProperties]
    /// Files by pipeline; all lanes of a pipeline share them.
    private let files: [String: PipelineFiles]
    private let logger: Logger

    /// How long a count waits for records that the cluster says are there.
    private static let countPatience = Duration.seconds(30)

    /// The sources that the settings name, beside the embedded log.
    init(
        _ settings: MillraceConfiguration,
        embedded: EmbeddedLog<LocalFiles>,
        logger: Logger
    ) throws(CommandError) {
        self.embedded = embedded
        self.logger = logger.named("kafka source")
        var kafka: [String: KafkaProperties] = [:]
        for source in settings.sources { kafka[source.name] = try KafkaProperties(source) }
        self.kafka = kafka
        var files: [String: PipelineFiles] = [:]
        for pipeline in settings.pipelines {
            guard let configuration = pipeline.files else { continue }
            files[pipeline.name] = try PipelineFiles(
                pipeline,
                configuration,
                in: settings,
                logger: logger.named("file source")
            )
        }
        self.files = files
    }

    /// The files of a pipeline that reads files.
    func files(of pipeline: String) -> PipelineFiles? { files[pipeline] }

    /// The embedded log, which all lanes that land it read together.
    var embeddedLog: PipelineLog { .embedded(embedded) }

    /// What a lane reads. Its place is told to a consumer group of the lane's own.
    func lane(_ definition: LaneDefinition) throws(CommandError) -> PipelineLog {
        if let files = files[definition.pipeline] {
            files.start()
            // The end of what is there is known when all of it was taken.
            return .files(FileLog(files, isPatient: definition.start != .earliest))
        }
        return try log(
            definition,
            // While a group has members, only they may tell it where they are.
            group: definition.isShared ? nil : Self.group(of: definition),
            patience: .seconds(1)
        )
    }

    /// Joins the lane to the group that shares its partitions out among processes.
    func share(_ lane: ServerLane) throws(CommandError) -> SharedLane {
        let definition = lane.definition
        guard let name = definition.source, let properties = kafka[name] else {
            throw CommandError(
                "the pipeline \(definition.pipeline) is shared and reads no Kafka cluster",
                code: .usage
            )
        }
        do throws(KafkaLogError) {
            return try SharedLane(
                lane,
                group: GroupJoining(
                    properties: properties,
                    group: Self.group(of: definition),
                    selectors: definition.selectors,
                    logger: logger.with([
                        "source": name, "pipeline": definition.pipeline,
                        "table": definition.table,
                    ])
                )
            )
        } catch {
            throw CommandError("sources.\(name).kafka: \(error)", code: .usage)
        }
    }

    private static func group(of definition: LaneDefinition) -> String {
        "millrace.\(definition.pipeline).\(definition.table)"
    }

    /// What counts the lane's records again.
    func count(_ definition: LaneDefinition) throws(CommandError) -> PipelineLog {
        if let files = files[definition.pipeline] {
            // Without lanes nobody else looks which files are there.
            files.look(taking: false)
            return .files(FileLog(files))
        }
        return try log(definition, group: nil, patience: Self.countPatience)
    }

    private func log(
        _ definition: LaneDefinition,
        group: String?,
        patience: Duration
    ) throws(CommandError) -> PipelineLog {
        guard let name = definition.source else { return .embedded(embedded) }
        guard let properties = kafka[name] else {
            throw CommandError("there is no source \(name)", code: .usage)
        }
        do throws(KafkaLogError) {
            return .kafka(
                try KafkaLog(
                    properties,
                    group: group,
                    patience: patience,
                    logger: logger.with([
                        "source": name, "pipeline": definition.pipeline,
                        "table": definition.table,
                    ])
                )
            )
        } catch {
            throw CommandError("sources.\(name).kafka: \(error)", code: .usage)
        }
    }
}

extension KafkaProperties {
    /// The properties of a source, as the settings have them.
    init(_ source: SourceConfiguration) throws(CommandError) {
        do throws(KafkaLogError) {
            try self.init(source.properties.map { ($0.name, $0.value) })
        } catch {
            throw CommandError("sources.\(source.name).kafka: \(error)", code: .usage)
        }
    }
}
