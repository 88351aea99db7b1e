/// A group as an administrator sees it.
public struct GroupDescription: Equatable, Sendable {
    /// A member of the group.
    public struct Member: Equatable, Sendable {
        /// Its id.
        public var memberID: String
        /// Its own lasting name.
        public var instanceID: String?
        /// What the client calls itself.
        public var clientID: String
        /// Where the client is.
        public var clientHost: String
        /// What it said to the chosen protocol.
        public var metadata: [UInt8]
        /// Its share.
        public var assignment: [UInt8]
    }
    /// The group's name.
    public var group: String
    /// Kafka's word: `Empty`, `PreparingRebalance`, `CompletingRebalance` or `Stable`.
    public var state: String
    /// The kind of group; empty when it never had members.
    public var protocolType: String
    /// The protocol all members support; empty unless the group is stable.
    public var protocolName: String
    /// In the order they came.
    public var members: [Member]

    internal init(_ group: Group) {
        self.group = group.id
        state = group.state.rawValue
        protocolType = group.protocolType ?? ""
        let chosen = group.state == .stable ? group.protocolName : nil
        protocolName = chosen ?? ""
        members = group.membersInOrder.map { member in
            Member(
                memberID: member.id,
                instanceID: member.instanceID,
                clientID: member.clientID,
                clientHost: member.clientHost,
                metadata: chosen.map { member.metadata(for: $0) } ?? [],
                assignment: chosen == nil ? [] : member.assignment
            )
        }
    }
}
