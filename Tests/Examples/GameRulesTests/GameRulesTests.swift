import GameRules
import Glibc
import JSONText
import Testing

@Suite struct `The game's actions` {
    @Test(
        arguments: [
            ("/", "default", nil, "This is the default response!\n"),
            ("/purchase_a_sword", "purchase_sword", "large sword", "Sword Purchased!\n"),
            ("/purchase_an_axe", "purchase_axe", "large axe", "Axe Purchased!\n"),
            ("/purchase_a_shield", "purchase_shield", "heavy shield", "Shield Purchased!\n"),
            ("/join_a_guild", "join_guild", "cool guild", "Guild Joined!\n"),
            ("/declare_peace", "declare_peace", "lastful peace", "Peace declared!\n"),
            ("/declare_a_war", "declare_war", "destructive war", "War declared!\n"),
        ] as [(String, String, String?, String)]
    )
    func `every address has its event and its exact answer`(
        path: String,
        type: String,
        description: String?,
        answer: String
    ) throws {
        let action = try #require(GameAction.at(path))
        #expect(action.eventType == type)
        #expect(action.description == description)
        #expect(action.answer == answer)
        #expect(action.hasStrength == type.hasPrefix("purchase_"))
    }

    @Test(arguments: ["/buy_a_sword", "/join_guild", "", "/purchase_a_sword/", "/Join_a_guild"])
    func `other addresses are no action`(path: String) {
        #expect(GameAction.at(path) == nil)
    }

    @Test func `the runs are the eleven that were played`() {
        #expect(PlayerRun.all.count == 11)
        let counted = PlayerRun.all.prefix(7)
        #expect(counted.map(\.count) == [10, 500, 200, 500, 500, 1, 1])
        #expect(counted.allSatisfy { $0.expectedStatus == 200 })
        let last = PlayerRun.all.suffix(4)
        #expect(last.allSatisfy { $0.host == "user2.att.com" && $0.count == 10 })
        #expect(last.map(\.expectedStatus) == [200, 200, 404, 404])
    }
}

@Suite struct `The game's events` {
    private func event(
        _ path: String,
        strength: Int? = nil,
        _ headers: [(name: String, value: String)] = []
    ) throws -> String {
        GameEvent.json(
            of: try #require(GameAction.at(path)),
            strength: strength,
            headers: headers
        )
    }

    @Test func `own fields come first, then headers in lower case`() throws {
        let headers = [
            (name: "Host", value: "user1.comcast.com"), (name: "User-Agent", value: "ab \"2.3\""),
            (name: "Accept", value: "*/*"),
        ]
        #expect(
            try event("/purchase_a_sword", strength: 7, headers)
                == #"{"event_type":"purchase_sword","description":"large sword","strength":"7","#
                + #""host":"user1.comcast.com","user-agent":"ab \"2.3\"","accept":"*/*"}"#
        )
        #expect(try event("/", headers).hasPrefix(#"{"event_type":"default","host":"#))
        #expect(try !event("/join_a_guild", strength: 3).contains("strength"))
    }

    @Test func `headers never overwrite the event's own fields`() throws {
        let headers = [
            (name: "Event_Type", value: "hacked"), (name: "STRENGTH", value: "99"),
            (name: "description", value: "hacked"), (name: "X-Other", value: "kept"),
        ]
        let purchase = try JSONValue.parse(event("/purchase_an_axe", strength: 0, headers))
        #expect(
            purchase == [
                "event_type": "purchase_axe", "description": "large axe", "strength": "0",
                "x-other": "kept",
            ]
        )
        // An event without a strength does not get one from a header either.
        #expect(try JSONValue.parse(event("/", headers))["strength"] == nil)
    }

    @Test func `a header that is sent twice becomes one field`() throws {
        let headers = [(name: "Via", value: "a"), (name: "VIA", value: "b")]
        let value = try JSONValue.parse(event("/declare_peace", headers))
        #expect(value["via"] == "a, b")
    }
}

@Suite struct `The strength of things` {
    /// The probability of each strength: the mass of the normal distribution that is cut to it.
    private var probabilities: [Double] {
        func below(_ value: Double) -> Double {
            0.5 * (1 + erf((value - 5) / (4 * 2.0.squareRoot())))
        }
        return (0...10).map { strength in
            switch strength {
            case 0: below(1)
            case 10: 1 - below(10)
            default: below(Double(strength) + 1) - below(Double(strength))
            }
        }
    }

    @Test func `the distribution is the one that is written down`() {
        let expected = probabilities
        #expect(abs(expected[0] - 0.159) < 0.0005)
        #expect(abs(expected[10] - 0.106) < 0.0005)
        let mean = expected.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
        #expect(abs(mean - 4.606) < 0.0005)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `the dice fall as the distribution says`(seed: UInt64) {
        let count = 400_000
        var dice = StrengthDice(seed: seed)
        var falls = [Int](repeating: 0, count: 11)
        for _ in 0..<count { falls[dice.roll()] += 1 }
        func share(_ strength: Int) -> Double { Double(falls[strength]) / Double(count) }
        // Five standard errors: 0.0029 and 0.0024 for the shares, 0.026 for the mean.
        #expect(abs(share(0) - 0.1587) < 0.0029)
        #expect(abs(share(10) - 0.1056) < 0.0025)
        let mean = (0...10).reduce(0) { $0 + Double($1) * share($1) }
        #expect(abs(mean - 4.606) < 0.026)
        // Chi-squared with ten degrees of freedom is above 45 once in a million times.
        let distance = zip(falls, probabilities).reduce(0.0) { sum, pair in
            let expected = pair.1 * Double(count)
            return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
        }
        #expect(distance < 45)
    }

    @Test func `the same seed gives the same strengths, another seed others`() {
        func rolls(_ seed: UInt64) -> [Int] {
            var dice = StrengthDice(seed: seed)
            return (0..<50).map { _ in dice.roll() }
        }
        #expect(rolls(7) == rolls(7))
        #expect(rolls(7) != rolls(8))
    }
}
