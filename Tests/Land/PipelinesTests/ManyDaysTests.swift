import IcebergModel
import Testing

@testable import Pipelines

/// Records that jump from day to day.
@Suite struct ManyDaysTests {
    private static let days = 40
    private static let rounds = 5
    private static let openFilesMax = 4

    private let harness = LaneHarness()

    private func fill(_ value: (_ round: Int, _ day: Int) -> String) {
        harness.log.create("events")
        for round in 0..<Self.rounds {
            for day in 0..<Self.days {
                harness.log.append(
                    [value(round, day)],
                    to: "events",
                    timestamp: Int64(day) * 86_400_000
                )
            }
        }
    }

    private func land(_ change: (inout LaneDefinition) -> Void = { _ in }) -> Bool {
        let lane = harness.lane(freshness: .milliseconds(200)) { definition in
            definition.limits.openFilesMax = Self.openFilesMax
            change(&definition)
        }
        return harness.run(lane, until: harness.isCaughtUp)
    }

    /// Commits that had rows.
    private var commits: Int { harness.tables.table("t")?.commits.count ?? 0 }

    @Test func `are in one file a day, though few files are open`() {
        fill { round, day in #"{"a":\#(round * 100 + day)}"# }
        #expect(land())
        #expect(harness.offsets() == Array(0..<Int64(Self.days * Self.rounds)))
        #expect(harness.tables.filesOpened <= Self.days * commits)
        #expect(harness.tables.openFilesPeak <= Self.openFilesMax)
        #expect(harness.tables.openFiles == 0)
    }

    @Test(arguments: [1, 5000, 20_000])
    func `are written earlier when they take too much memory`(bytes: Int) {
        fill { round, day in #"{"a":\#(round * 100 + day)}"# }
        #expect(land { $0.limits.waitingBytesMax = bytes })
        #expect(harness.offsets() == Array(0..<Int64(Self.days * Self.rounds)))
        #expect(harness.tables.filesOpened > Self.days * commits)
        #expect(harness.tables.openFilesPeak <= Self.openFilesMax)
        #expect(harness.tables.openFiles == 0)
    }

    @Test func `of more days than may wait are all landed`() {
        fill { round, day in #"{"a":\#(round * 100 + day)}"# }
        #expect(land { $0.limits.daysMax = 7 })
        #expect(harness.offsets() == Array(0..<Int64(Self.days * Self.rounds)))
        #expect(harness.tables.openFiles == 0)
    }

    @Test func `wait on when the table gets a column`() {
        fill { round, day in
            round * Self.days + day == 50 ? #"{"a":1,"b":"new"}"# : #"{"a":\#(day)}"#
        }
        #expect(land())
        let rows = harness.rows()
        #expect(rows.map(\.offset) == Array(0..<Int64(Self.days * Self.rounds)))
        #expect(rows.filter { $0.cells["b"] != nil }.map(\.offset) == [50])
        #expect(rows.allSatisfy { $0.cells["a"] != nil })
        #expect(harness.tables.filesOpened <= Self.days * commits)
    }
}
