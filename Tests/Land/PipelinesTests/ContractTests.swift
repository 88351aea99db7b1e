import Decoding
import IcebergModel
import Testing

@testable import Pipelines

private func plan(_ change: (inout TableContract) -> Void) -> DecodingPlan {
    var plan = DecodingPlan()
    change(&plan.contract)
    return plan
}

private let columns = [NewColumn("a", .long), NewColumn("d", .decimal(precision: 4, scale: 1))]

/// Lands `values` in one batch, and one batch more, and gives the lane's last status.
private func land(
    _ values: [String?],
    _ decoding: DecodingPlan,
    onError: ErrorPolicy = .quarantine
) -> (LaneHarness, LaneState, LaneDefinition) {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":0}"#] + values, to: "events")
    harness.log.append([#"{"a":9}"#], to: "events")
    let lane = harness.lane(columns: columns, decoding: decoding) { $0.onError = onError }
    var state = LaneState.starting
    harness.run(lane) { status in
        if case .failed = status.state {
            state = status.state
            return true
        }
        return harness.isCaughtUp(status)
    }
    return (harness, state, lane.definition)
}

private let unknown = #"{"a":1,"new":true}"#
private let misfit = #"{"a":"text","d":2.5}"#

@Test func `by default columns evolve and values that do not fit are dead letters`() throws {
    let (harness, _, definition) = land([unknown, misfit], plan { _ in })
    #expect(harness.offsets() == [0, 1, 3])
    #expect(harness.offsets("t__dead_letters") == [2])
    #expect(harness.rows()[1].cells == ["a": "1", "new": "true"])
    #expect(try harness.receipt(definition).isProven)
}

@Test func `a value can be dropped, and the rest of its record stays`() throws {
    let decoding = plan {
        $0.columns = .discardValue
        $0.types = .discardValue
    }
    let (harness, _, definition) = land([unknown, misfit, #"{"a":1,"a":2}"#], decoding)
    #expect(harness.rows().map(\.cells) == [["a": "0"], ["a": "1"], ["d": "25"], ["a": "9"]])
    #expect(harness.offsets("t__dead_letters") == [3])
    #expect(harness.tables.table("t")?.schema.column(named: "new") == nil)
    #expect(try harness.receipt(definition).isProven)
}

@Test func `a record can be dropped, and is counted with its reason`() throws {
    let decoding = plan {
        $0.columns = .discardRow
        $0.types = .discardRow
    }
    let (harness, _, definition) = land([unknown, misfit, unknown, "broken"], decoding)
    #expect(harness.offsets() == [0, 5])
    #expect(harness.offsets("t__dead_letters") == [4])
    let progress = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(progress.discards.reasons == ["unknown-field": 2, "wrong-type": 1])
    #expect(progress.filtered == 0 && progress.landed == 2 && progress.deadLettered == 1)
    let receipt = try harness.receipt(definition)
    #expect(receipt.isProven && receipt.filtered == 3)
    // One that is dropped by mistake is missed.
    harness.tables.change("t") { $0.rows.removeLast() }
    let lost = try harness.receipt(definition)
    #expect(!lost.isProven && lost.missing == 1)
}

@Test func `a record against the contract can be a dead letter`() throws {
    let decoding = plan {
        $0.columns = .quarantine
        $0.types = .quarantine
    }
    let (harness, _, definition) = land([unknown, misfit], decoding, onError: .skip)
    #expect(harness.offsets() == [0, 3])
    #expect(
        harness.rows("t__dead_letters").map { $0.cells["reason"] } == [
            "unknown-field", "wrong-type",
        ]
    )
    #expect(try harness.receipt(definition).isProven)
}

@Test(arguments: [unknown, misfit])
func `a frozen table stops the pipeline at the record, and nothing before it is lost`(
    record: String
) throws {
    let decoding = plan {
        $0.columns = .freeze
        $0.types = .freeze
    }
    let (harness, state, definition) = land([#"{"a":1}"#, record, #"{"a":3}"#], decoding)
    #expect(harness.offsets() == [0, 1])
    #expect(harness.offsets("t__dead_letters").isEmpty)
    let reason = try #require(state.reason)
    #expect(
        reason.contains("events-0") && reason.contains("offset 2") && reason.contains("contract")
    )
    let partition = SourcePartition(topic: "events", index: 0)
    #expect(harness.tables.table("t")?.markers["p"]?.progress(in: partition)?.next == 2)
    #expect(try harness.receipt(definition).isProven)
    // A restart stops there again; with another contract it goes on.
    let again = harness.lane(columns: columns, decoding: decoding)
    #expect(harness.run(again) { if case .failed = $0.state { true } else { false } })
    #expect(harness.offsets() == [0, 1])
    let lenient = harness.lane(columns: columns)
    #expect(harness.run(lenient, until: harness.isCaughtUp))
    #expect((harness.offsets() + harness.offsets("t__dead_letters")).sorted() == [0, 1, 2, 3, 4])
    #expect(try harness.receipt(lenient.definition).isProven)
}

@Test func `values of another type can have columns beside their own`() throws {
    var decoding = plan { $0.types = .evolve }
    decoding.nested = .structs
    let values = [
        misfit, #"{"a":2.5}"#, #"{"a":"more"}"#, #"{"d":1.25,"s":{"x":1}}"#,
        #"{"s":{"x":"text"}}"#, #"{"a":{"b":1}}"#, #"{"a":"x","a":"y"}"#,
    ]
    let (harness, _, definition) = land(values, decoding)
    #expect(
        harness.rows().map(\.cells) == [
            ["a": "0"], ["a__v_string": "text", "d": "25"], ["a__v_double": "2.5"],
            ["a__v_string": "more"], ["d__v_string": "1.25", "s": "{x:1}"],
            ["s": "{x__v_string:text}"], ["a__v_string": #"{"b":1}"#], ["a": "9"],
        ]
    )
    #expect(harness.rows("t__dead_letters").map { $0.cells["reason"] } == ["duplicate-field"])
    #expect(try harness.receipt(definition).isProven)
}

@Test func `a table that must be there is not made`() throws {
    let (harness, state, _) = land([], plan { $0.tables = .freeze })
    #expect(harness.tables.table("t") == nil)
    #expect(state.reason?.contains("contract") == true)
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    let lane = harness.lane(decoding: plan { $0.tables = .freeze })
    #expect(harness.run(lane, until: harness.isCaughtUp))
}

@Test func `errors can be skipped, counted by reason`() throws {
    let (harness, _, definition) = land(["broken", nil, misfit, ""], plan { _ in }, onError: .skip)
    #expect(harness.offsets() == [0, 5])
    #expect(harness.tables.table("t__dead_letters") == nil)
    let progress = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(
        progress.discards.reasons == [
            "syntax": 1, "tombstone": 1, "wrong-type": 1, "empty": 1,
        ]
            || progress.discards.reasons == [
                "not-an-object": 1, "tombstone": 1, "wrong-type": 1, "empty": 1,
            ]
    )
    let receipt = try harness.receipt(definition)
    #expect(receipt.isProven && receipt.filtered == 4 && receipt.log.filtered == 0)
}

@Test func `records of many rows that are skipped are on the receipt`() throws {
    var decoding = plan { _ in }
    decoding.documents = .many
    let values = [#"{"a":1}{"a":2}{"a":"x"}"#, #"{"a":4}{"a":5}"#, #"{"a":6}{"#]
    let (harness, _, definition) = land(values, decoding, onError: .skip)
    #expect(harness.rows().map(\.offset) == [0, 2, 2, 4])
    #expect(try harness.receipt(definition).isProven)
    harness.tables.change("t") { $0.rows.remove(at: 1) }
    #expect(try !harness.receipt(definition).isProven)
}

@Test func `an error can stop the pipeline, with a reason that says where and what to do`() throws {
    let (harness, state, definition) = land(
        [#"{"a":1}"#, "broken", #"{"a":3}"#],
        plan { _ in },
        onError: .pause
    )
    #expect(harness.offsets() == [0, 1])
    let reason = try #require(state.reason)
    for part in ["events-0", "offset 2", "not a JSON object", "on_error"] {
        #expect(reason.contains(part))
    }
    #expect(try harness.receipt(definition).isProven)
    let skipping = harness.lane(columns: columns) { $0.onError = .skip }
    #expect(harness.run(skipping, until: harness.isCaughtUp))
    #expect(harness.offsets() == [0, 1, 3, 4])
    #expect(try harness.receipt(skipping.definition).isProven)
}

@Test func `a marker keeps what was left out`() throws {
    var progress = PartitionProgress(next: 100)
    progress.discards.add(7, SelectedRows(count: 3, indexSum: 3), reason: "syntax")
    progress.discards.add(1 << 40, .one, reason: "empty")
    progress.discards.add(-1 & Int64.max, .one, reason: "empty")
    let marker = CommitMarker(
        pipeline: "p",
        epoch: 1,
        sequence: 1,
        commitID: "c",
        clusterID: "l",
        topics: ["e": TopicProgress(topicID: "i", partitions: [0: progress])]
    )
    let read = try CommitMarker(json: marker.json)
    #expect(read == marker)
    #expect(read.totals.discards.records == 3)
}

@Test func `sums of what was left out can be compared when the log has lost its beginning`() {
    var discards = Discards()
    var random = SystemRandomNumberGenerator()
    var offsets: [Int64] = []
    var offset: Int64 = 1000
    for _ in 0..<5000 {
        offset += Int64.random(in: 1...2000, using: &random)
        offsets.append(offset)
        discards.add(offset, .one, reason: "syntax")
    }
    #expect(discards.stretches.count <= 64)
    for start in [0, 1001, offsets[10], offsets[2500] + 1, offsets[4999], offset + 5] {
        let from = discards.comparableStart(logStart: start, next: offset + 10)
        #expect(from >= start && from <= max(offset + 10, start))
        let sum = discards.sum(from: from)
        let expected = offsets.filter { $0 >= from }
        #expect(sum.records == Int64(expected.count))
        #expect(sum.offsetSum == expected.reduce(0) { $0 &+ UInt64($1) })
    }
    #expect(discards.comparableStart(logStart: 0, next: offset) == 0)
}
