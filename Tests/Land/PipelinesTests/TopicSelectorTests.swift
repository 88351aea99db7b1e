import Testing

@testable import Pipelines

@Suite struct TopicSelectorTests {
    @Test(arguments: [
        ("events", "events", true), ("events", "events2", false), ("game-*", "game-", true),
        ("game-*", "game-1", true), ("game-*", "games", false), ("*", "anything", true),
        ("*-eu", "orders-eu", true), ("*-eu", "-eu", true), ("*-eu", "orders-us", false),
        ("a*b*c", "abc", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "acb", false),
        ("ab*ba", "aba", false), ("a**b", "ab", true), ("a*bc*bc", "abc", false),
        ("*", "__consumer_offsets", false), ("__*", "__consumer_offsets", true),
    ])
    func `a star stands for any characters`(pattern: String, name: String, isSelected: Bool) {
        #expect(TopicSelector(pattern).selects(name) == isSelected)
    }

    @Test func `topics are selected once, new ones when they appear`() {
        let log = MemoryLog()
        log.create("b-2", partitions: 1)
        log.create("a", partitions: 1)
        log.create("b-1", partitions: 1)
        let selectors = ["a", "b-*", "b-1", "c"].map { TopicSelector($0) }
        #expect(log.topics(selectedBy: selectors).map(\.name) == ["a", "b-1", "b-2"])
        log.create("c", partitions: 1)
        #expect(log.topics(selectedBy: selectors).map(\.name) == ["a", "b-1", "b-2", "c"])
    }
}
