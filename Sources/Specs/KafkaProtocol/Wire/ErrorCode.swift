/// What Kafka's answers say of success and failure. Source: Apache Kafka protocol guide, "Error
/// Codes".
public enum ErrorCode: Int16, CaseIterable, Error, Sendable {
    /// Something went wrong in the broker that no other code says.
    case unknownServerError = -1
    /// Nothing went wrong.
    case none = 0
    /// The offset lies before the log's start or behind its end.
    case offsetOutOfRange = 1
    /// The batch is damaged, malformed, or lacks a key in a compacted topic.
    case corruptMessage = 2
    /// There is no such topic or partition.
    case unknownTopicOrPartition = 3
    case invalidFetchSize = 4
    /// The partition has no leader yet; ask again.
    case leaderNotAvailable = 5
    /// Another broker leads the partition; clients ask for metadata and try again.
    case notLeaderOrFollower = 6
    /// Time ran out; clients try again.
    case requestTimedOut = 7
    case brokerNotAvailable = 8
    case replicaNotAvailable = 9
    /// The batch is larger than the topic allows.
    case messageTooLarge = 10
    case staleControllerEpoch = 11
    /// The committed offset's metadata are too long.
    case offsetMetadataTooLarge = 12
    case networkException = 13
    /// The group is still being loaded; ask again.
    case coordinatorLoadInProgress = 14
    /// There is no coordinator at the moment; ask again.
    case coordinatorNotAvailable = 15
    /// Another broker coordinates the group.
    case notCoordinator = 16
    /// The topic's name is not allowed.
    case invalidTopicException = 17
    case recordListTooLarge = 18
    case notEnoughReplicas = 19
    case notEnoughReplicasAfterAppend = 20
    /// `acks` is neither -1, 0 nor 1.
    case invalidRequiredAcks = 21
    /// The generation is not the group's current one.
    case illegalGeneration = 22
    /// The members have no assignment protocol in common.
    case inconsistentGroupProtocol = 23
    /// The group's name is empty or not allowed.
    case invalidGroupID = 24
    /// The group has no such member.
    case unknownMemberID = 25
    /// The session timeout is outside of what the broker allows.
    case invalidSessionTimeout = 26
    /// The group is rebalancing; the member should join again.
    case rebalanceInProgress = 27
    case invalidCommitOffsetSize = 28
    case topicAuthorizationFailed = 29
    case groupAuthorizationFailed = 30
    case clusterAuthorizationFailed = 31
    /// A record's timestamp is outside of what the topic allows.
    case invalidTimestamp = 32
    case unsupportedSASLMechanism = 33
    case illegalSASLState = 34
    /// The API has no such version here.
    case unsupportedVersion = 35
    /// The topic exists already.
    case topicAlreadyExists = 36
    /// The number of partitions is not allowed.
    case invalidPartitions = 37
    /// The replication factor is not allowed.
    case invalidReplicationFactor = 38
    /// The replica assignment is not allowed.
    case invalidReplicaAssignment = 39
    /// A setting is unknown or has a value that is not allowed.
    case invalidConfig = 40
    case notController = 41
    /// The request contradicts itself or this broker's rules.
    case invalidRequest = 42
    case unsupportedForMessageFormat = 43
    case policyViolation = 44
    /// A batch of the idempotent producer is missing before this one.
    case outOfOrderSequenceNumber = 45
    /// The batch was appended before.
    case duplicateSequenceNumber = 46
    /// Another instance of the producer has taken over.
    case invalidProducerEpoch = 47
    case invalidTxnState = 48
    case invalidProducerIDMapping = 49
    case invalidTransactionTimeout = 50
    /// The transaction is being ended; try again.
    case concurrentTransactions = 51
    case transactionCoordinatorFenced = 52
    case transactionalIDAuthorizationFailed = 53
    /// The broker has no authorizer.
    case securityDisabled = 54
    case operationNotAttempted = 55
    /// The disk failed.
    case kafkaStorageError = 56
    case logDirNotFound = 57
    case saslAuthenticationFailed = 58
    /// Nothing is known of the producer any more.
    case unknownProducerID = 59
    case reassignmentInProgress = 60
    case delegationTokenAuthDisabled = 61
    case delegationTokenNotFound = 62
    case delegationTokenOwnerMismatch = 63
    case delegationTokenRequestNotAllowed = 64
    case delegationTokenAuthorizationFailed = 65
    case delegationTokenExpired = 66
    case invalidPrincipalType = 67
    /// The group has members.
    case nonEmptyGroup = 68
    /// There is no such group.
    case groupIDNotFound = 69
    /// There is no such fetch session.
    case fetchSessionIDNotFound = 70
    /// The fetch session's epoch is not the expected one.
    case invalidFetchSessionEpoch = 71
    case listenerNotFound = 72
    case topicDeletionDisabled = 73
    /// The leader's epoch is older than the broker's.
    case fencedLeaderEpoch = 74
    /// The leader's epoch is newer than the broker's.
    case unknownLeaderEpoch = 75
    /// The codec is not allowed in this version of the request.
    case unsupportedCompressionType = 76
    case staleBrokerEpoch = 77
    case offsetNotAvailable = 78
    /// The member should join again with the id that the answer gives it.
    case memberIDRequired = 79
    case preferredLeaderNotAvailable = 80
    /// The group may have no more members.
    case groupMaxSizeReached = 81
    /// Another instance has taken over the static member.
    case fencedInstanceID = 82
    case eligibleLeadersNotAvailable = 83
    case electionNotNeeded = 84
    case noReassignmentInProgress = 85
    /// The group is subscribed to the topic.
    case groupSubscribedToTopic = 86
    /// A record is not allowed; the answer says which.
    case invalidRecord = 87
    /// The offset is part of a transaction that has not ended.
    case unstableOffsetCommit = 88
    case throttlingQuotaExceeded = 89
    /// Another instance of the transactional producer has taken over.
    case producerFenced = 90
    case resourceNotFound = 91
    case duplicateResource = 92
    case unacceptableCredential = 93
    case inconsistentVoterSet = 94
    case invalidUpdateVersion = 95
    case featureUpdateFailed = 96
    case principalDeserializationFailure = 97
    case snapshotNotFound = 98
    case positionOutOfRange = 99
    /// No topic has this id.
    case unknownTopicID = 100
    case duplicateBrokerRegistration = 101
    case brokerIDNotRegistered = 102
    case inconsistentTopicID = 103
    case inconsistentClusterID = 104
    case transactionalIDNotFound = 105
    case fetchSessionTopicIDError = 106
    case ineligibleReplica = 107
    case newLeaderElected = 108
    case offsetMovedToTieredStorage = 109
    /// The member's epoch is not the current one.
    case fencedMemberEpoch = 110
    case unreleasedInstanceID = 111
    case unsupportedAssignor = 112
    /// The member's epoch is older than the current one.
    case staleMemberEpoch = 113
    case mismatchedEndpointType = 114
    case unsupportedEndpointType = 115
    case unknownControllerID = 116
    case unknownSubscriptionID = 117
    case telemetryTooLarge = 118
    case invalidRegistration = 119
    case transactionAbortable = 120
    case invalidRecordState = 121
    case shareSessionNotFound = 122
    case invalidShareSessionEpoch = 123
    case fencedStateEpoch = 124
    case invalidVoterKey = 125
    case duplicateVoter = 126
    case voterNotFound = 127
    case invalidRegularExpression = 128
    case rebootstrapRequired = 129
    case streamsInvalidTopology = 130
    case streamsInvalidTopologyEpoch = 131
    case streamsTopologyFenced = 132
    case shareSessionLimitReached = 133

    /// The code with this number; one that is not known here is `unknownServerError`.
    public init(wire number: Int16) {
        self = ErrorCode(rawValue: number) ?? .unknownServerError
    }

    /// True when a client may send the same request again and hope.
    public var isRetriable: Bool { Self.retriable.contains(self) }

    private static let retriable: Set<ErrorCode> = [
        .corruptMessage, .unknownTopicOrPartition, .leaderNotAvailable, .notLeaderOrFollower,
        .requestTimedOut, .replicaNotAvailable, .networkException, .coordinatorLoadInProgress,
        .coordinatorNotAvailable, .notCoordinator, .notEnoughReplicas,
        .notEnoughReplicasAfterAppend, .notController, .concurrentTransactions,
        .kafkaStorageError, .fetchSessionIDNotFound, .invalidFetchSessionEpoch,
        .listenerNotFound, .fencedLeaderEpoch, .unknownLeaderEpoch, .offsetNotAvailable,
        .preferredLeaderNotAvailable, .eligibleLeadersNotAvailable, .electionNotNeeded,
        .unstableOffsetCommit, .throttlingQuotaExceeded, .unknownTopicID, .inconsistentTopicID,
        .fetchSessionTopicIDError, .shareSessionNotFound, .invalidShareSessionEpoch,
        .shareSessionLimitReached,
    ]
}
