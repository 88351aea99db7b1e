/// How far a group has come.
public enum OffsetFetchAPI: KafkaAPI {
    package static let key = APIKey.offsetFetch

    /// Which groups and partitions are asked about.
    public struct Request: Equatable, Sendable, WireStruct {
        /// The groups; versions before 8 have room for one.
        public var groups: [Group] = []
        /// Whether offsets of open transactions should be an error.
        public var requiresStable: Bool = false

        /// A group and the partitions asked about.
        public struct Group: Equatable, Sendable, WireStruct {
            /// The group.
            public var groupID: String = ""
            /// The member that asks, or nil.
            public var memberID: String?
            /// The member's epoch, or -1.
            public var memberEpoch: Int32 = -1
            /// The topics; nil asks about all that the group has committed.
            public var topics: [Topic]?

            /// A topic's partitions.
            public struct Topic: Equatable, Sendable, WireStruct {
                /// The topic's name.
                public var name: String = ""
                /// The partitions' numbers.
                public var partitions: [Int32] = []

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&name)
                    try coder.numbers(&partitions)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&groupID)
                try coder.text(&memberID, from: 9)
                try coder.number(&memberEpoch, from: 9)
                try coder.array(&topics)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            if coder.version < 8 {
                var only = groups.first ?? Group()
                try coder.text(&only.groupID)
                try coder.array(&only.topics, nullFrom: 2)
                groups = [only]
            } else {
                try coder.array(&groups)
            }
            try coder.flag(&requiresStable, from: 7)
            try coder.tags()
        }
    }

    /// The offsets.
    public struct Response: Equatable, Sendable, WireStruct {
        /// How long the client should wait before its next request, in milliseconds.
        public var throttleMilliseconds: Int32 = 0
        /// The groups; versions before 8 have room for one and do not name it.
        public var groups: [Group] = []

        /// A group's offsets.
        public struct Group: Equatable, Sendable, WireStruct {
            /// The group.
            public var groupID: String = ""
            /// The topics.
            public var topics: [Topic] = []
            /// Why the group has no answer; version 1 has no room for it.
            public var errorCode: ErrorCode = .none

            /// A topic's offsets.
            public struct Topic: Equatable, Sendable, WireStruct {
                /// The topic's name.
                public var name: String = ""
                /// The partitions.
                public var partitions: [Partition] = []

                /// A partition's offset.
                public struct Partition: Equatable, Sendable, WireStruct {
                    /// The partition's number.
                    public var index: Int32 = 0
                    /// The next offset the group wants, or -1 if none was committed.
                    public var offset: Int64 = -1
                    /// Epoch of the last record the group has seen, or -1.
                    public var leaderEpoch: Int32 = -1
                    /// What else was remembered.
                    public var metadata: String?
                    /// Why there is no offset.
                    public var errorCode: ErrorCode = .none

                    package init() {}

                    package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                        try coder.number(&index)
                        try coder.number(&offset)
                        try coder.number(&leaderEpoch, from: 5)
                        try coder.text(&metadata)
                        try coder.error(&errorCode)
                        try coder.tags()
                    }
                }

                package init() {}

                package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                    try coder.text(&name)
                    try coder.array(&partitions)
                    try coder.tags()
                }
            }

            package init() {}

            package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
                try coder.text(&groupID)
                try coder.array(&topics)
                try coder.error(&errorCode)
                try coder.tags()
            }
        }

        package init() {}

        package mutating func code(_ coder: inout FieldCoder) throws(ProtocolError) {
            try coder.number(&throttleMilliseconds, from: 3)
            if coder.version < 8 {
                var only = groups.first ?? Group()
                try coder.array(&only.topics)
                try coder.error(&only.errorCode, from: 2)
                groups = [only]
            } else {
                try coder.array(&groups)
            }
            try coder.tags()
        }
    }
}
