import Clocks
import Testing

struct CalendarTests {
    @Test func `known moments have their ISO text and back`() throws {
        let known: [(Int64, String)] = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_795_271_580_000, "2026-11-21T14:33:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ]
        for (milliseconds, text) in known {
            #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
            #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
        }
    }

    @Test func `every day of eight centuries survives the calendar`() {
        var previous = CalendarDate(dayNumber: -146_097)
        for day in Int64(-146_096)...146_097 {
            let date = CalendarDate(dayNumber: day)
            #expect(date.dayNumber == day)
            let isNextDay = date.day == previous.day + 1 && date.month == previous.month
            let isNextMonth = date.day == 1 && (date.month == previous.month % 12 + 1)
            #expect(isNextDay || isNextMonth)
            previous = date
        }
    }

    @Test func `short, shifted and fractional forms are read`() {
        let noon = Timestamp(iso8601: "2026-11-21T12:00:00.000Z")
        #expect(Timestamp(iso8601: "2026-11-21 12:00") == noon)
        #expect(Timestamp(iso8601: "2026-11-21T13:00:00+01:00") == noon)
        #expect(Timestamp(iso8601: "2026-11-21T06:30:00-0530") == noon)
        #expect(Timestamp(iso8601: "2026-11-21")?.dayNumber == noon?.dayNumber)
        #expect(
            Timestamp(iso8601: "2026-11-21T12:00:00.123456789Z")?.milliseconds
                == (noon?.milliseconds ?? 0) + 123
        )
    }

    @Test(arguments: [
        "", "2026", "2026-13-01", "2026-02-29", "2026-11-21T", "2026-11-21T24:00", "x026-11-21",
        "2026-11-21T12:00:00.Z", "2026-11-21T12:00Zx", "2026-11-21T12:60", "2026-11-21T12:00+25:00",
    ])
    func `what is not ISO 8601 is refused`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func `days and hours before the epoch are numbered downwards`() {
        #expect(Timestamp(milliseconds: -1).dayNumber == -1)
        #expect(Timestamp(milliseconds: -86_400_000).dayNumber == -1)
        #expect(Timestamp(milliseconds: 86_399_999).dayNumber == 0)
        #expect(Timestamp(milliseconds: -1).hourNumber == -1)
    }
}

struct DurationTextTests {
    @Test func `durations are read with their unit and written back`() {
        let known: [(String, Duration)] = [
            ("250ms", .milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)),
            ("2h", .seconds(7_200)), ("7d", .seconds(604_800)), ("15us", .microseconds(15)),
        ]
        for (text, duration) in known {
            #expect(Duration(text: text) == duration)
            #expect(duration.text == text)
        }
        #expect(Duration(text: "0") == .zero)
        #expect(Duration.milliseconds(1_500).text == "1500ms")
    }

    @Test(arguments: ["", "s", "5", "-5s", "5 s", "1.5s", "5S", "99999999999999999d"])
    func `what is not a duration is refused`(text: String) {
        #expect(Duration(text: text) == nil)
    }
}

struct UUIDTests {
    @Test func `random identifiers are version 4 and come back from both texts`() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<1_000 {
            let id = UUID16(random: &random)
            #expect(id.high >> 12 & 15 == 4)
            #expect(id.low >> 62 == 2)
            #expect(UUID16(id.description) == id)
            #expect(id.base64.utf8.count == 22)
            #expect(UUID16(base64: id.base64) == id)
        }
    }

    @Test func `a known identifier has the text that Kafka prints`() {
        // java.util.UUID 6ba7b810-9dad-11d1-80b4-00c04fd430c8 in URL-safe base64.
        let id = UUID16("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
        #expect(id?.base64 == "a6e4EJ2tEdGAtADAT9QwyA")
        #expect(UUID16.zero.base64 == "AAAAAAAAAAAAAAAAAAAAAA")
    }

    @Test func `other text is not an identifier`() {
        #expect(UUID16("6ba7b810-9dad-11d1-80b4-00c04fd430c") == nil)
        #expect(UUID16("+ba7b810-9dad-11d1-80b4-00c04fd430c8") == nil)
        #expect(UUID16(base64: "a6e4EJ2tEdGAtADAT9QwyB") == nil)
        #expect(UUID16(base64: "a6e4EJ2tEdGAtADAT9Qw=") == nil)
    }
}

struct ClockTests {
    @Test func `hand-turned clocks move only when told`() {
        let clocks = ManualClocks()
        let start: Timestamp = clocks.now()
        let instant: MonotonicInstant = clocks.now()
        clocks.advance(by: .milliseconds(1_500))
        #expect(clocks.now() == start + .milliseconds(1_500))
        #expect(clocks.now() - instant == .milliseconds(1_500))
        clocks.set(Timestamp(milliseconds: 5))
        #expect(clocks.now() == Timestamp(milliseconds: 5))
        #expect(clocks.now() - instant == .milliseconds(1_500))
    }

    @Test func `the machine's clocks run`() {
        let clocks = SystemClocks()
        let first: MonotonicInstant = clocks.now()
        let second: MonotonicInstant = clocks.now()
        #expect(second >= first)
        #expect(clocks.now() > Timestamp(milliseconds: 1_700_000_000_000))
    }

    @Test func `the same seed gives the same numbers`() {
        var left = SeededRandom(seed: 1)
        var right = SeededRandom(seed: 1)
        #expect((0..<100).allSatisfy { _ in left.next() == right.next() })
        // The reference sequence of SplitMix64 for seed 1234567.
        var reference = SeededRandom(seed: 1_234_567)
        #expect(reference.next() == 6_457_827_717_110_365_317)
        #expect(reference.next() == 3_203_168_211_198_807_973)
    }
}
