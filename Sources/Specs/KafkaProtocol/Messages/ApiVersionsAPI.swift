/// Which requests the broker understands, in which versions: the first thing a client asks.
public enum ApiVersionsAPI: KafkaAPI {
    package static let key = APIKey.apiVersions

    /// What the client is.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The client's name, such as "librdkafka".
        public var clientSoftwareName: String = ""
        /// The client's version.
        public var clientSoftwareVersion: String = ""

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.text(&clientSoftwareName, from: 3)
            try coder.text(&clientSoftwareVersion, from: 3)
            try coder.tags()
        }
    }

    /// What the broker offers. The answer to an unknown version of the request is written in
    /// version 0, with `unsupportedVersion`.
    public struct Response: Equatable, Sendable, WireStruct {
        /// `unsupportedVersion` when the request's own version is unknown.
        public var errorCode: ErrorCode = .none
        /// The requests on offer.
        public var apis: [API] = []
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0

        /// Features that the broker knows. Before version 4 those that begin with level 0 must be
        /// left out: older clients take them for a fault.
        public var supportedFeatures: [SupportedFeature] = []
        /// How often the finalized features have changed, or -1 if they are not known.
        public var finalizedFeaturesEpoch: Int64 = -1
        /// Features that the cluster has agreed on.
        public var finalizedFeatures: [FinalizedFeature] = []

        /// One request on offer.
        public struct API: Equatable, Sendable, WireStruct {
            /// The API's key.
            public var key: Int16 = 0
            /// First version on offer.
            public var versionMin: Int16 = 0
            /// Last version on offer.
            public var versionMax: Int16 = 0

            package init() {}

            /// An API and the versions on offer.
            public init(_ api: APIKey, _ versions: ClosedRange<Int16>) {
                key = api.rawValue
                versionMin = versions.lowerBound
                versionMax = versions.upperBound
            }

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.number(&key)
                try coder.number(&versionMin)
                try coder.number(&versionMax)
                try coder.tags()
            }
        }

        /// A feature that the broker knows.
        public struct SupportedFeature: Equatable, Sendable, WireStruct {
            /// The feature's name, such as "transaction.version".
            public var name: String = ""
            /// The lowest level the broker knows.
            public var levelMin: Int16 = 0
            /// The highest level the broker knows.
            public var levelMax: Int16 = 0

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.number(&levelMin)
                try coder.number(&levelMax)
                try coder.tags()
            }
        }

        /// A feature that the cluster has agreed on.
        public struct FinalizedFeature: Equatable, Sendable, WireStruct {
            /// The feature's name.
            public var name: String = ""
            /// The highest level in use.
            public var levelMax: Int16 = 0
            /// The lowest level in use.
            public var levelMin: Int16 = 0

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&name)
                try coder.number(&levelMax)
                try coder.number(&levelMin)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.error(&errorCode)
            try coder.array(&apis)
            try coder.number(&throttleMilliseconds, from: 1)
            if coder.isReading {
                try coder.readTags { (tag, coder) throws(ProtocolError) in
                    switch tag {
                    case 0: try coder.array(&supportedFeatures)
                    case 1: try coder.number(&finalizedFeaturesEpoch)
                    case 2: try coder.array(&finalizedFeatures)
                    default: break
                    }
                }
            } else {
                try coder.writeTags(features)
            }
        }

        /// The tagged fields that do not have their defaults.
        private var features: [TaggedField] {
            var (supported, epoch, finalized) =
                (supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures)
            var fields: [TaggedField] = []
            if !supported.isEmpty {
                fields.append(
                    TaggedField(tag: 0) { (coder) throws(ProtocolError) in
                        try coder.array(&supported)
                    }
                )
            }
            if epoch != -1 {
                fields.append(
                    TaggedField(tag: 1) { (coder) throws(ProtocolError) in
                        try coder.number(&epoch)
                    }
                )
            }
            if !finalized.isEmpty {
                fields.append(
                    TaggedField(tag: 2) { (coder) throws(ProtocolError) in
                        try coder.array(&finalized)
                    }
                )
            }
            return fields
        }
    }
}
