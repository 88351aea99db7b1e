import Decoding
import IcebergModel
import Testing

@testable import Pipelines

@Test func `every record becomes a row, and the table says how far the pipeline has come`() throws {
    let harness = LaneHarness()
    harness.log.create("events", partitions: 2)
    harness.log.append([#"{"a":1}"#, #"{"a":2}"#], to: "events", 0)
    harness.log.append([#"{"a":3}"#], to: "events", 1)
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets(partition: 0) == [0, 1])
    #expect(harness.offsets(partition: 1) == [0])
    let table = try #require(harness.tables.table("t"))
    let marker = try #require(table.markers["p"])
    #expect(marker.totals.landed == 3)
    #expect(table.schema.column(named: "a")?.type == .long)
    #expect(harness.tables.openFiles == 0)
}

@Test func `a restart goes on where the table stands and raises the epoch`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    harness.log.append([#"{"a":2}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0, 1])
    #expect(harness.tables.table("t")?.markers["p"]?.epoch == 2)
}

@Test func `records that where leaves out are counted and move the checkpoint`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"k":"x"}"#, #"{"k":"y"}"#, #"{}"#], to: "events")
    let lane = harness.lane(predicate: try Predicate(parsing: "k = 'y'"))
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(harness.offsets() == [1])
    let totals = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(totals.filtered == 2 && totals.landed == 1 && totals.next == 3)
}

@Test func `what cannot be a row is a dead letter and stops nothing`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#, "broken", nil, #"{"a":"text"}"#, #"{"a":5}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0, 4])
    #expect(harness.offsets("t__dead_letters") == [1, 2, 3])
    let totals = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(totals.landed == 2 && totals.deadLettered == 3)
}

@Test func `a new field becomes a column and rows from before stay`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#, #"{"a":1,"b":true}"#, #"{"c":1.5,"a":2}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0, 1, 2])
    let names = harness.tables.table("t")?.schema.fields.map(\.name)
    #expect(names == ["_log", "a", "b", "c"])
}

@Test(arguments: MemoryTables.Fault.allCases)
func `a commit that goes wrong is applied once`(fault: MemoryTables.Fault) {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    // The first commit of a run is the take-over, the second one carries rows.
    let plans: [[MemoryTables.Fault?]] = [[fault], [nil, fault], [nil, fault, fault, fault]]
    for faults in plans {
        harness.log.append([#"{"a":2}"#, #"{"a":3}"#], to: "events")
        harness.tables.plan(faults)
        #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    }
    #expect(harness.offsets() == Array(0...6))
    #expect(harness.tables.openFiles == 0)
}

@Test func `a writer that was taken over commits no more`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    let lane = harness.lane()
    let isFenced = harness.run(lane) { status in
        if harness.isCaughtUp(status), harness.tables.table("t")?.markers["p"]?.epoch == 1 {
            // Another process opens the table, then more records come.
            harness.tables.change("t") { $0.markers["p"]?.epoch = 2 }
            harness.log.append([#"{"a":2}"#], to: "events")
        }
        return status.state.name == "failed"
    }
    #expect(isFenced)
    #expect(lane.status.state.reason?.contains("epoch 2") == true)
    #expect(harness.offsets() == [0])
    #expect(harness.tables.openFiles == 0)
}

@Test(arguments: [false, true])
func `a table that lost its checkpoint is not filled again beside its dead letters`(
    isDropped: Bool
) {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#, "no JSON"], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    if isDropped {
        harness.tables.drop("t")
    } else {
        harness.tables.change("t") { table in
            table.uuid = "another"
            table.markers = [:]
            table.rows = []
        }
    }
    let lane = harness.lane()
    #expect(harness.run(lane) { $0.state.name == "failed" })
    #expect(lane.status.state.reason?.contains("dropped or made anew") == true)
    #expect(harness.rows() == [])
    #expect(harness.rows("t__dead_letters").count == 1)
    // Without the dead letters everything is landed again.
    harness.tables.drop("t__dead_letters")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0])
    #expect(harness.rows("t__dead_letters").count == 1)
}

@Test func `rows that lost their checkpoint are not doubled`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#, #"{"a":2}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    harness.tables.change("t") { $0.markers = [:] }
    let lane = harness.lane()
    #expect(harness.run(lane) { $0.state.name == "failed" })
    #expect(
        lane.status.state.reason?.contains("events/0 from offset 0 on, which would be doubled")
            == true
    )
    #expect(harness.offsets() == [0, 1])
    // Who begins behind them doubles nothing.
    harness.log.append([#"{"a":3}"#], to: "events")
    let later = harness.lane { $0.start = .latest }
    #expect(harness.run(later) { $0.state == .running && $0.committed != nil })
    #expect(harness.offsets() == [0, 1])
}

@Test func `another log under the same name stops the pipeline instead of skipping records`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    harness.log.become(cluster: "other")
    #expect(harness.run(harness.lane()) { $0.state.name == "failed" })
}

@Test func `a topic made anew stops the pipeline`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    harness.log.create("events", id: "another")
    #expect(harness.run(harness.lane()) { $0.state.name == "failed" })
}

@Test func `what was read of a topic that was made anew meanwhile is not committed`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    let lane = harness.lane(freshness: .seconds(3600))
    let isFailed = harness.run(lane) { status in
        if status.pending == 1, status.state == .running {
            harness.log.create("events", id: "another")
            harness.log.append([#"{"a":1}"#, #"{"a":2}"#], to: "events")
            lane.stop()
        }
        return status.state.name == "failed"
    }
    #expect(isFailed)
    #expect(lane.status.state.reason?.contains("made anew") == true)
    #expect(harness.offsets() == [])
    #expect(harness.tables.openFiles == 0)
}

@Test func `a log that does not answer costs the table no epoch`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.fallSilent(true)
    var seen = 0
    let lane = harness.lane()
    #expect(
        harness.run(lane) { status in
            if status.state == .retrying(reason: "the log cannot be read: nobody answers") {
                seen += 1
            }
            if seen == 20 { harness.log.fallSilent(false) }
            return status.committed?.epoch == 1 && status.state == .running
        }
    )
    #expect(harness.tables.table("t")?.markers["p"]?.epoch == 1)
}

@Test func `a commit waits until the log can confirm what was read`() {
    let harness = LaneHarness()
    harness.log.create("events")
    var seen = 0
    let isCommitted = harness.run(harness.lane()) { status in
        if status.state == .running, seen == 0 {
            harness.log.fallSilent(true)
            harness.log.append([#"{"a":1}"#], to: "events")
            seen = 1
        }
        if status.pending == 1, status.state == .retrying(reason: "nobody answers") {
            if seen == 20 { harness.log.fallSilent(false) }
            seen += 1
        }
        return seen > 20 && harness.isCaughtUp(status)
    }
    #expect(isCommitted)
    #expect(harness.offsets() == [0])
    #expect(harness.tables.table("t")?.markers["p"]?.epoch == 1)
}

@Test func `a pattern lands topics that appear later, with their names`() {
    let harness = LaneHarness()
    harness.log.create("game-1")
    harness.log.append([#"{"a":1}"#], to: "game-1")
    let lane = harness.lane(topics: ["game-*"])
    var isSecondThere = false
    let isLanded = harness.run(lane) { status in
        if status.committed?.totals.landed == 1, !isSecondThere {
            harness.log.create("game-2", id: "two")
            harness.log.append([#"{"a":2}"#], to: "game-2")
            isSecondThere = true
        }
        return status.committed?.totals.landed == 2
    }
    #expect(isLanded)
    #expect(lane.status.committed?.topics.keys.sorted() == ["game-1", "game-2"])
    #expect(lane.definition.hasTopicColumn)
}

@Test func `a log that does not answer is waited for`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    harness.log.failReads(5)
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0])
}

@Test func `two pipelines may fill one table`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#, #"{"a":2}"#], to: "events")
    #expect(harness.run(harness.lane(pipeline: "p"), until: harness.isCaughtUp))
    #expect(harness.run(harness.lane(pipeline: "q"), until: harness.isCaughtUp))
    #expect(harness.offsets() == [0, 0, 1, 1])
}

@Test func `a stop commits what was read`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    let lane = harness.lane(freshness: .seconds(3600))
    #expect(harness.run(lane) { $0.pending == 1 })
    #expect(harness.offsets() == [0])
    #expect(lane.status.state == .stopped)
}

@Test func `rows of several topics tell which one they come from`() throws {
    let harness = LaneHarness()
    harness.log.create("a")
    harness.log.create("b", id: "other")
    harness.log.append([#"{"n":1}"#, #"{"n":2}"#], to: "a")
    harness.log.append([#"{"n":3}"#, "broken"], to: "b")
    #expect(harness.run(harness.lane(topics: ["a", "b"]), until: harness.isCaughtUp))
    let table = try #require(harness.tables.table("t"))
    #expect(Set(table.rows.map { "\($0.topic ?? "")\($0.offset)" }) == ["a0", "a1", "b0"])
    let letters = try #require(harness.tables.table("t__dead_letters"))
    #expect(letters.rows.map(\.topic) == ["b"])
}

@Test func `a table of one topic is not filled from two`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.create("more")
    harness.log.append([#"{"n":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    let lane = harness.lane(topics: ["events", "more"])
    #expect(harness.run(lane) { $0.state.name == "failed" })
    #expect(lane.status.state.reason?.contains("one topic") == true)
}

/// The commit was applied, the answer was lost, and before the table could be asked another writer
/// took it over: the files belong to the table.
@Test
func `files of a commit that may have been applied are not removed by a writer that was fenced`() {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    harness.log.append([#"{"a":2}"#], to: "events")
    let lane = harness.lane(freshness: .milliseconds(300))
    let isFenced = harness.run(lane) { status in
        if status.pending == 1 {
            harness.tables.plan([.unknownApplied])
            harness.tables.takeOverAfterNextCommit()
        }
        return status.state.name == "failed"
    }
    #expect(isFenced)
    #expect(harness.offsets() == [0, 1])
    #expect(harness.tables.discarded == 0)
}
