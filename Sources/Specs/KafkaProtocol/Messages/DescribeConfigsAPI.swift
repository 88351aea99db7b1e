/// Settings of topics and brokers.
public enum DescribeConfigsAPI: KafkaAPI {
    package static let key = APIKey.describeConfigs

    /// Whose settings are asked about.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The topics and brokers.
        public var resources: [Resource] = []
        /// Whether the answer should tell where else each value is set.
        public var includesSynonyms: Bool = false
        /// Whether the answer should explain each setting.
        public var includesDocumentation: Bool = false

        /// A topic or broker.
        public struct Resource: Equatable, Sendable, WireStruct {
            /// 2 for a topic, 4 for a broker, 8 for a broker's logger.
            public var type: Int8 = 0
            /// The topic's name or the broker's id.
            public var name: String = ""
            /// The settings asked about; nil for all.
            public var keys: [String]?

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.number(&type)
                try coder.text(&name)
                try coder.texts(&keys)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.array(&resources)
            try coder.flag(&includesSynonyms, from: 1)
            try coder.flag(&includesDocumentation, from: 3)
            try coder.tags()
        }
    }

    /// The settings.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The topics and brokers.
        public var resources: [Resource] = []

        /// A topic's or broker's settings.
        public struct Resource: Equatable, Sendable, WireStruct {
            /// Why they are not told.
            public var errorCode: ErrorCode = .none
            /// What went wrong, for a person.
            public var errorMessage: String?
            /// 2 for a topic, 4 for a broker, 8 for a broker's logger.
            public var type: Int8 = 0
            /// The topic's name or the broker's id.
            public var name: String = ""
            /// The settings.
            public var configs: [Config] = []

            /// A setting.
            public struct Config: Equatable, Sendable, WireStruct {
                /// Its name.
                public var name: String = ""
                /// Its value; nil if it is secret.
                public var value: String?
                /// Whether it cannot be changed.
                public var isReadOnly: Bool = false
                /// Whether it has its default value; from version 1 on `source` tells.
                public var isDefault: Bool = false
                /// Where the value comes from: 1 topic, 2 this broker at run time, 3 all
                /// brokers at run time, 4 the broker's file, 5 default, 6 logger.
                public var source: Int8 = -1
                /// Whether it is secret.
                public var isSensitive: Bool = false
                /// Where else the value is set, the strongest first.
                public var synonyms: [Synonym] = []
                /// 0 unknown, 1 boolean, 2 string, 3 int, 4 short, 5 long, 6 double, 7 list, 8
                /// class, 9 password.
                public var type: Int8 = 0
                /// What the setting means.
                public var documentation: String?

                /// Another place where the value is set.
                public struct Synonym: Equatable, Sendable, WireStruct {
                    /// The setting's name there.
                    public var name: String = ""
                    /// The value there.
                    public var value: String?
                    /// What place it is, as in the setting itself.
                    public var source: Int8 = 0

                    package init() {}

                    package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                        try coder.text(&name)
                        try coder.text(&value)
                        try coder.number(&source)
                        try coder.tags()
                    }
                }

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&name)
                    try coder.text(&value)
                    try coder.flag(&isReadOnly)
                    try coder.flag(&isDefault, to: 0)
                    try coder.number(&source, from: 1)
                    try coder.flag(&isSensitive)
                    try coder.array(&synonyms, from: 1)
                    try coder.number(&type, from: 3)
                    try coder.text(&documentation, from: 3)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.error(&errorCode)
                try coder.text(&errorMessage)
                try coder.number(&type)
                try coder.text(&name)
                try coder.array(&configs)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds)
            try coder.array(&resources)
            try coder.tags()
        }
    }
}
