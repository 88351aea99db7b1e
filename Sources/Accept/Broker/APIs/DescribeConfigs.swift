internal import EventLog
internal import KafkaProtocol

/// A setting and where its value comes from.
internal struct DescribedSetting: Sendable {
    /// Numbers of DescribeConfigs.
    static let fromTopic: Int8 = 1
    static let fromFile: Int8 = 4
    static let fromDefault: Int8 = 5

    let name: String
    let value: String
    let kind: TopicSetting.Kind
    let source: Int8
    var isReadOnly = false
}

extension Broker {
    private static var topicResource: Int8 { 2 }
    private static var brokerResource: Int8 { 4 }

    /// Tells the settings of topics and of the broker.
    internal func describeConfigs(
        _ request: DescribeConfigsAPI.Request,
        _ call: Call
    ) -> Handling<FS> {
        let response = DescribeConfigsAPI.Response {
            $0.resources = request.resources.map { describe($0, request.includesSynonyms) }
        }
        return .answer(call.answer(DescribeConfigsAPI.self, response))
    }

    private func describe(
        _ asked: DescribeConfigsAPI.Request.Resource,
        _ withSynonyms: Bool
    ) -> DescribeConfigsAPI.Response.Resource {
        var settings: [DescribedSetting] = []
        var error = ErrorCode.none
        var message: String?
        switch asked.type {
        case Self.topicResource:
            if let topic = log.topic(asked.name) {
                settings = describeSettings(topic.configuration)
            } else {
                error =
                    TopicName.isAllowed(asked.name)
                    ? .unknownTopicOrPartition : .invalidTopicException
                message = "there is no topic \"\(asked.name)\""
            }
        case Self.brokerResource:
            if asked.name.isEmpty || asked.name == String(options.nodeID) {
                settings = brokerSettings
            } else {
                error = .invalidRequest
                message = "this is broker \(options.nodeID), and it is the only one"
            }
        default:
            error = .invalidRequest
            message = "only topics (2) and brokers (4) have settings here, not \(asked.type)"
        }
        return .init {
            $0.type = asked.type
            $0.name = asked.name
            $0.errorCode = error
            $0.errorMessage = message
            $0.configs = settings.filter { asked.keys?.contains($0.name) ?? true }
                .map { Self.config($0, withSynonyms) }
        }
    }

    private static func config(
        _ setting: DescribedSetting,
        _ withSynonyms: Bool
    ) -> DescribeConfigsAPI.Response.Resource.Config {
        .init {
            $0.name = setting.name
            $0.value = setting.value
            $0.isReadOnly = setting.isReadOnly
            $0.isDefault = setting.source == DescribedSetting.fromDefault
            $0.source = setting.source
            $0.type = setting.kind.rawValue
            guard withSynonyms else { return }
            $0.synonyms = [
                .init {
                    $0.name = setting.name
                    $0.value = setting.value
                    $0.source = setting.source
                }
            ]
        }
    }

    /// All settings of a topic with this configuration.
    internal func describeSettings(_ configuration: [String: String]) -> [DescribedSetting] {
        TopicSettings.all.map { setting in
            let own = configuration[setting.name]
            var value = own ?? setting.defaultValue
            if own == nil && setting.name == "max.message.bytes" {
                value = String(options.batchBytesMax)
            }
            return DescribedSetting(
                name: setting.name,
                value: value,
                kind: setting.kind,
                source: own == nil ? DescribedSetting.fromDefault : DescribedSetting.fromTopic
            )
        }
    }

    private var brokerSettings: [DescribedSetting] {
        func setting(
            _ name: String,
            _ kind: TopicSetting.Kind,
            _ value: some CustomStringConvertible
        )
            -> DescribedSetting
        {
            DescribedSetting(
                name: name,
                value: value.description,
                kind: kind,
                source: DescribedSetting.fromFile,
                isReadOnly: true
            )
        }
        func milliseconds(_ duration: Duration) -> Int64 {
            let (seconds, attoseconds) = duration.components
            return seconds * 1000 + attoseconds / 1_000_000_000_000_000
        }
        let groups = options.groups
        return [
            setting("auto.create.topics.enable", .boolean, options.createsTopics),
            setting("broker.id", .int, options.nodeID),
            setting("default.replication.factor", .int, 1),
            setting("delete.topic.enable", .boolean, true),
            setting("fetch.max.bytes", .int, options.fetchBytesMax),
            setting(
                "group.initial.rebalance.delay.ms",
                .int,
                milliseconds(groups.initialRebalanceDelay)
            ),
            setting("group.max.session.timeout.ms", .int, milliseconds(groups.sessionTimeoutMax)),
            setting("group.min.session.timeout.ms", .int, milliseconds(groups.sessionTimeoutMin)),
            setting("message.max.bytes", .int, options.batchBytesMax),
            setting("node.id", .int, options.nodeID),
            setting("num.partitions", .int, options.partitionsDefault),
            setting("offset.metadata.max.bytes", .int, groups.offsetMetadataBytesMax),
            setting(
                "offsets.retention.minutes",
                .int,
                milliseconds(groups.offsetsRetention) / 60_000
            ),
        ]
    }
}
