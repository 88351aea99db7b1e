/// One thing a player can do: an address, the event it makes and the answer it gets.
///
/// The table is spec/systems.md S4.2's, with the shield answering for a shield.
public struct GameAction: Sendable, Equatable {
    /// The address, compared exactly.
    public let path: String
    /// The event's `event_type`.
    public let eventType: String
    /// The event's `description`; the default event has none.
    public let description: String?
    /// True when the event tells how strong the thing is.
    public let hasStrength: Bool
    /// What the player reads, ended by a line feed.
    public let answer: String

    private init(
        _ path: String,
        _ eventType: String,
        _ description: String?,
        hasStrength: Bool = false,
        answer: String
    ) {
        self.path = path
        self.eventType = eventType
        self.description = description
        self.hasStrength = hasStrength
        self.answer = answer + "\n"
    }

    /// All seven.
    public static let all: [GameAction] = [
        GameAction("/", "default", nil, answer: "This is the default response!"),
        GameAction(
            "/purchase_a_sword",
            "purchase_sword",
            "large sword",
            hasStrength: true,
            answer: "Sword Purchased!"
        ),
        GameAction(
            "/purchase_an_axe",
            "purchase_axe",
            "large axe",
            hasStrength: true,
            answer: "Axe Purchased!"
        ),
        GameAction(
            "/purchase_a_shield",
            "purchase_shield",
            "heavy shield",
            hasStrength: true,
            answer: "Shield Purchased!"
        ),
        GameAction("/join_a_guild", "join_guild", "cool guild", answer: "Guild Joined!"),
        GameAction("/declare_peace", "declare_peace", "lastful peace", answer: "Peace declared!"),
        GameAction("/declare_a_war", "declare_war", "destructive war", answer: "War declared!"),
    ]

    /// The action at `path`; nil when there is none, and then there is no event either.
    public static func at(_ path: String) -> GameAction? {
        all.first { $0.path == path }
    }
}
