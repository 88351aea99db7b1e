/// Some requests of one player: what one run of Apache Bench did in the system the game comes from.
public struct PlayerRun: Sendable, Equatable {
    /// How many requests.
    public let count: Int
    /// The Host header.
    public let host: String
    /// The address.
    public let path: String

    /// The eleven runs of spec/systems.md S4.2. The last two ask for addresses that do not exist,
    /// and make no event.
    public static let all: [PlayerRun] = [
        PlayerRun(count: 10, host: "user1.comcast.com", path: "/"),
        PlayerRun(count: 500, host: "knight1.comcast.com", path: "/purchase_a_sword"),
        PlayerRun(count: 200, host: "knight1.comcast.com", path: "/purchase_an_axe"),
        PlayerRun(count: 500, host: "knight3.yahoo.com", path: "/purchase_a_shield"),
        PlayerRun(count: 500, host: "knight1.comcast.com", path: "/join_a_guild"),
        PlayerRun(count: 1, host: "commanding_officer.comcast.com", path: "/declare_a_war"),
        PlayerRun(count: 1, host: "commanding_officer.comcast.com", path: "/declare_peace"),
        PlayerRun(count: 10, host: "user2.att.com", path: "/"),
        PlayerRun(count: 10, host: "user2.att.com", path: "/purchase_a_sword"),
        PlayerRun(count: 10, host: "user2.att.com", path: "/buy_a_sword"),
        PlayerRun(count: 10, host: "user2.att.com", path: "/join_guild"),
    ]

    /// The status every request of the run must be answered with.
    public var expectedStatus: Int { GameAction.at(path) == nil ? 404 : 200 }
}
