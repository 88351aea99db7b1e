import Bytes
import Clocks
import Decoding
import IcebergModel
import KafkaProtocol
import Telemetry
import Testing
import Threads

@testable import Pipelines

private let partition = SourcePartition(topic: "events", index: 0)

/// Five records; offsets 1, 2 and 3 cannot be rows once offset 0 has made `a` a long.
private struct Fixture {
    let harness = LaneHarness()

    init() {
        harness.log.create("events")
        harness.log.append(
            [#"{"a":1}"#, "no JSON", #"{"a":"text"}"#, nil, #"{"a":5}"#],
            to: "events",
            timestamp: 1000
        )
    }

    /// A lane that has landed everything, while `body` works with it.
    func with(
        _ lane: TestLane,
        _ body: (TestLane) throws -> Void
    ) rethrows {
        let thread = Thread("lane") { lane.run() }
        defer {
            lane.stop()
            thread.join()
        }
        let drain = LaneJob(.drain)
        lane.ask(drain)
        #expect(drain.wait(timeout: .seconds(20)) != nil)
        try body(lane)
    }

    /// The letter at `offset` as its table has it.
    func letter(_ offset: Int64) throws -> DeadLetter {
        let row = try #require(
            harness.rows("t__dead_letters").first { $0.offset == offset }
        )
        return DeadLetter(
            place: RecordPlace(partition: partition, offset: offset),
            timestampMilliseconds: 1000,
            reason: row.cells["reason"] ?? "",
            key: row.cells["key"].map { Array($0.utf8) },
            value: row.cells["value"].map { Array($0.utf8) },
            headers: LetterHeader.parse(row.cells["headers"] ?? "")
        )
    }

    func mended(_ offset: Int64, _ value: String) throws -> DeadLetter {
        try letter(offset).mended(value: Array(value.utf8))
    }

    func replay(
        _ letters: [DeadLetter],
        by lane: TestLane,
        isRehearsal: Bool = false
    ) throws -> [LetterOutcome] {
        let job = LaneJob(.replay(Replay(letters, isRehearsal: isRehearsal)))
        lane.ask(job)
        guard case .done(let summary) = try #require(job.wait(timeout: .seconds(20))) else {
            Issue.record("the replay failed: \(job.outcome.debugDescription)")
            return []
        }
        return summary.letters
    }

    func progress(of lane: TestLane) throws -> PartitionProgress {
        try #require(harness.tables.table("t")?.markers["p"]?.progress(in: partition))
    }

    /// Held against the log, as `millrace verify` does.
    func receipt(of lane: TestLane) throws -> Receipt { try harness.receipt(lane.definition) }
}

@Suite struct `Dead letters that are replayed` {
    private let fixture = Fixture()
    private var harness: LaneHarness { fixture.harness }

    @Test func `a mended letter lands once, at its own place, and is no letter any more`() throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            #expect(harness.offsets("t__dead_letters") == [1, 2, 3])
            let letter = try fixture.mended(2, #"{"a":2,"b":"new"}"#)
            let outcomes = try fixture.replay([letter], by: lane)
            #expect(outcomes == [LetterOutcome(place: letter.place, result: .landed)])
            #expect(harness.offsets() == [0, 2, 4])
            #expect(harness.offsets("t__dead_letters") == [1, 3])
            #expect(harness.rows()[1].cells == ["a": "2", "b": "new"])
            let progress = try fixture.progress(of: lane)
            #expect(progress.landed == 3 && progress.deadLettered == 2 && progress.next == 5)
            #expect(try fixture.receipt(of: lane).isProven)
            // Again: it is gone, and nothing happens.
            #expect(try fixture.replay([letter], by: lane).map(\.result) == [.gone])
            #expect(harness.offsets() == [0, 2, 4])
            #expect(try fixture.progress(of: lane) == progress)
            // The stream goes on as if nothing had been.
            harness.log.append(["nothing", #"{"a":6}"#], to: "events")
            let drain = LaneJob(.drain)
            lane.ask(drain)
            #expect(drain.wait(timeout: .seconds(20)) != nil)
            #expect(harness.offsets() == [0, 2, 4, 6])
            #expect(harness.offsets("t__dead_letters") == [1, 3, 5])
            #expect(try fixture.receipt(of: lane).isProven)
        }
    }

    @Test func `letters that fail again stay as they are, with why`() throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            let before = harness.rows("t__dead_letters")
            let letters = try [fixture.letter(1), fixture.letter(2), fixture.letter(3)]
            let outcomes = try fixture.replay(letters, by: lane)
            let reasons = outcomes.map { outcome in
                guard case .failed(let reason, let detail, _) = outcome.result else { return "" }
                #expect(!detail.isEmpty)
                return reason
            }
            #expect(reasons == before.map { $0.cells["reason"] ?? "" })
            #expect(reasons[1] == "wrong-type" && reasons[2] == "tombstone")
            #expect(harness.rows("t__dead_letters") == before)
            #expect(harness.offsets() == [0, 4])
            #expect(try fixture.receipt(of: lane).isProven)
        }
    }

    @Test func `those that can land do, the others stay`() throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            let letters = try [
                fixture.mended(1, #"{"a":10}"#), fixture.letter(2), fixture.mended(3, #"{"c":1}"#),
            ]
            let outcomes = try fixture.replay(letters, by: lane)
            #expect(outcomes.map(\.leavesDeadLetters) == [true, false, true])
            #expect(harness.offsets() == [0, 1, 3, 4])
            #expect(harness.offsets("t__dead_letters") == [2])
            #expect(try fixture.receipt(of: lane).isProven)
        }
    }

    @Test func `after a mended configuration the letters land as they are`() throws {
        fixture.with(harness.lane()) { _ in
            #expect(harness.offsets("t__dead_letters") == [1, 2, 3])
        }
        // The field that did not fit has a column of its own now.
        var plan = DecodingPlan()
        plan.columnsByField = ["a": "a2"]
        let lane = harness.lane(decoding: plan)
        try fixture.with(lane) { lane in
            let outcomes = try fixture.replay([fixture.letter(2)], by: lane)
            #expect(outcomes.map(\.result) == [.landed])
            #expect(harness.offsets() == [0, 2, 4])
        }
    }

    @Test func `where still applies, and what it leaves out is proven as filtered`() throws {
        let lane = harness.lane(predicate: try Predicate(parsing: "a < 100"))
        try fixture.with(lane) { lane in
            let before = try fixture.progress(of: lane)
            let letter = try fixture.mended(1, #"{"a":500}"#)
            #expect(try fixture.replay([letter], by: lane).map(\.result) == [.filtered])
            let progress = try fixture.progress(of: lane)
            #expect(progress.filtered == before.filtered + 1)
            #expect(progress.deadLettered == before.deadLettered - 1)
            #expect(!harness.offsets("t__dead_letters").contains(1))
            #expect(!harness.offsets().contains(1))
            #expect(try fixture.receipt(of: lane).isProven)
            let marker = try #require(harness.tables.table("t")?.markers["p"])
            #expect(try CommitMarker(json: marker.json) == marker)
        }
    }

    @Test func `a rehearsal changes nothing`() throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            let before = try #require(harness.tables.table("t"))
            let outcomes = try fixture.replay(
                [fixture.mended(1, #"{"a":1,"new":{"x":1}}"#), fixture.letter(2)],
                by: lane,
                isRehearsal: true
            )
            #expect(outcomes.map(\.leavesDeadLetters) == [true, false])
            let after = try #require(harness.tables.table("t"))
            #expect(after.version == before.version && after.schema == before.schema)
            #expect(harness.offsets("t__dead_letters") == [1, 2, 3])
        }
    }

    @Test(arguments: MemoryTables.Fault.allCases)
    func `a commit that goes wrong doubles nothing and loses nothing`(
        _ fault: MemoryTables.Fault
    ) throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            let letter = try fixture.mended(2, #"{"a":2}"#)
            harness.tables.plan([fault])
            let job = LaneJob(.replay(Replay([letter])))
            lane.ask(job)
            let outcome = try #require(job.wait(timeout: .seconds(20)))
            if fault == .storage {
                guard case .failed = outcome else {
                    Issue.record("the store refused: \(outcome)")
                    return
                }
                #expect(harness.offsets("t__dead_letters") == [1, 2, 3])
                // The lane has begun anew and takes the letter the next time.
                #expect(try fixture.replay([letter], by: lane).map(\.result) == [.landed])
            }
            #expect(harness.offsets() == [0, 2, 4])
            #expect(harness.offsets("t__dead_letters") == [1, 3])
            #expect(try fixture.receipt(of: lane).isProven)
        }
        #expect(harness.tables.openFiles == 0)
    }

    @Test func `a batch that can be unpacked by now lands record by record`() throws {
        try fixture.with(harness.lane()) { lane in
            // The letter of a batch's first record has the whole batch, that of the next nothing.
            func letter(_ offset: Int64, _ value: [UInt8]?) -> DeadLetter {
                DeadLetter(
                    place: RecordPlace(partition: partition, offset: offset),
                    timestampMilliseconds: 0,
                    reason: "unreadable",
                    key: nil,
                    value: value
                )
            }
            var builder = RecordBatchBuilder()
            for text in [#"{"a":21}"#, #"{"a":22}"#] {
                builder.append(key: nil, value: Array(text.utf8).bytes, timestamp: 5)
            }
            var options = RecordBatchBuilder.Options()
            options.baseOffset = 1
            var batch = ByteBuffer()
            builder.finish(options, into: &batch)
            let bytes = Array(copying: batch.bytes)
            let outcomes = try fixture.replay([letter(1, bytes), letter(2, nil)], by: lane)
            #expect(outcomes[0].result == .landed)
            guard case .failed("unreadable", _, _) = outcomes[1].result else {
                Issue.record("nothing of it was there: \(outcomes[1])")
                return
            }
            #expect(harness.offsets() == [0, 1, 4])
            #expect(harness.rows()[1].cells == ["a": "21"])
            // A batch of other offsets, or one that was cut, is no more than bytes.
            for bytes in [bytes, Array(bytes.dropLast())] {
                let outcome = try fixture.replay([letter(3, bytes)], by: lane)[0]
                #expect(!outcome.leavesDeadLetters)
            }
            let mended = letter(2, nil).mended(value: Array(#"{"a":22}"#.utf8))
            #expect(try fixture.replay([mended], by: lane)[0].result == .landed)
            #expect(try fixture.receipt(of: lane).isProven)
        }
    }

    @Test func `a letter whose offset was not landed by this pipeline is refused`() throws {
        let lane = harness.lane()
        try fixture.with(lane) { lane in
            let foreign = DeadLetter(
                place: RecordPlace(partition: partition, offset: 99),
                timestampMilliseconds: 0,
                reason: "not-json",
                key: nil,
                value: Array(#"{"a":1}"#.utf8)
            )
            let outcomes = try fixture.replay([foreign], by: lane)
            guard case .failed(let reason, _, _) = try #require(outcomes.first).result else {
                Issue.record("it was landed")
                return
            }
            #expect(reason == "not-ours")
            #expect(harness.offsets() == [0, 4])
        }
    }
}

@Suite struct `Dead letters of several documents` {
    private let harness = LaneHarness()
    private let letter = DeadLetter(
        place: RecordPlace(partition: partition, offset: 1),
        timestampMilliseconds: 0,
        reason: "wrong-type",
        key: nil,
        value: Array(#"{"a":1}{"a":2,"b":"text"}"#.utf8)
    )

    /// Replays the letter with that value; the lane leaves out what is above 100.
    private func replay(_ value: String) throws -> (LetterOutcome.Result, Receipt) {
        harness.log.create("events")
        harness.log.append(
            [#"{"a":0,"b":1}{"a":500}{"a":0}"#, #"{"a":1}{"a":2,"b":"text"}"#],
            to: "events"
        )
        var plan = DecodingPlan()
        plan.documents = .many
        let lane = harness.lane(predicate: try Predicate(parsing: "a < 100"), decoding: plan)
        let thread = Thread("lane") { lane.run() }
        defer {
            lane.stop()
            thread.join()
        }
        let drain = LaneJob(.drain)
        lane.ask(drain)
        #expect(drain.wait(timeout: .seconds(20)) != nil)
        #expect(harness.offsets("t__dead_letters") == [1])
        let job = LaneJob(.replay(Replay([letter.mended(value: Array(value.utf8))])))
        lane.ask(job)
        let outcome = try #require(job.wait(timeout: .seconds(20)))
        guard case .done(let summary) = outcome else {
            Issue.record("\(outcome)")
            return (.gone, try harness.receipt(lane.definition))
        }
        return (try #require(summary.letters.first).result, try harness.receipt(lane.definition))
    }

    @Test func `every document of a mended value is a row, and the receipt knows how many`()
        throws
    {
        let (result, receipt) = try replay(#"{"a":1}{"a":200}{"a":3}{"a":4}"#)
        #expect(result == .landed)
        #expect(harness.offsets() == [0, 0, 1, 1, 1])
        #expect(harness.rows().filter { $0.offset == 1 }.map(\.index) == [0, 2, 3])
        #expect(harness.offsets("t__dead_letters").isEmpty)
        #expect(receipt.isProven && receipt.landedRecords == 2)
    }

    @Test func `documents that are all left out are counted as one filtered record`() throws {
        let (result, receipt) = try replay(#"{"a":200}{"a":300}"#)
        #expect(result == .filtered)
        #expect(harness.offsets() == [0, 0] && harness.offsets("t__dead_letters").isEmpty)
        #expect(receipt.isProven && receipt.log.filtered == 1)
    }

    @Test func `one bad document keeps the whole letter`() throws {
        let (result, receipt) = try replay(#"{"a":1}{"a":2}{"a":3,"b":[]}"#)
        guard case .failed(let reason, _, _) = result else {
            Issue.record("it was landed")
            return
        }
        #expect(reason == "wrong-type")
        #expect(harness.offsets() == [0, 0] && harness.offsets("t__dead_letters") == [1])
        #expect(receipt.isProven)
    }
}

@Suite struct `What dead letters keep` {
    @Test func `key and headers come back as they were`() throws {
        let harness = LaneHarness()
        harness.log.create("events")
        harness.log.append(
            "no JSON",
            key: "k\"1",
            headers: [("trace", "7f\n"), ("none", nil)],
            to: "events",
            timestamp: 5
        )
        let lane = harness.lane()
        harness.run(lane) { harness.isCaughtUp($0) }
        let row = try #require(harness.rows("t__dead_letters").first)
        #expect(row.cells["key"] == "k\"1")
        #expect(
            LetterHeader.parse(try #require(row.cells["headers"])) == [
                LetterHeader(key: "trace", value: Array("7f\n".utf8)),
                LetterHeader(key: "none", value: nil),
            ]
        )
    }

    @Test func `headers of any bytes come back out of their text`() throws {
        let letter = DeadLetter(
            place: RecordPlace(partition: partition, offset: 7),
            timestampMilliseconds: 0,
            reason: "not-an-object",
            key: [0xFF],
            value: nil,
            headers: [
                LetterHeader(key: "raw", value: [0, 0xFF, 0x80]),
                LetterHeader(key: "text", value: Array("Grüße \"x\"".utf8)),
                LetterHeader(key: "text", value: []), LetterHeader(key: "none", value: nil),
            ]
        )
        guard let batch = letter.batch else {
            Issue.record("there is no record")
            return
        }
        var text: String?
        _ = try RecordWalk(batchBytesMax: 1 << 20).forEachRecord(
            in: batch.bytes,
            of: partition,
            from: 7,
            upTo: 8
        ) { (step, offset, _) throws(LaneError) in
            if case .record(let record, _) = step, offset == 7 {
                text = LetterHeader.text(of: record)
            }
        }
        #expect(LetterHeader.parse(try #require(text)) == letter.headers)
    }

    @Test func `header bytes that are no text are kept as digits`() {
        let text = #"[{"key":"raw","hex":"00ff"},{"key":"text","value":"x"}]"#
        #expect(
            LetterHeader.parse(text) == [
                LetterHeader(key: "raw", value: [0, 255]),
                LetterHeader(key: "text", value: [0x78]),
            ]
        )
        #expect(LetterHeader.parse("no JSON").isEmpty)
    }

    @Test func `a dead-letter table of an earlier version gets the columns it lacks`() throws {
        let harness = LaneHarness()
        harness.log.create("events")
        _ = try harness.tables.create(
            "t__dead_letters",
            columns: DeadLetters<MemoryTables>.columns.filter { $0.name != "headers" },
            isPartitionedByDay: false,
            hasTopicColumn: false,
            hasIndexColumn: false,
            pipeline: "p"
        )
        harness.log.append(["no JSON"], to: "events")
        harness.run(harness.lane()) { harness.isCaughtUp($0) }
        #expect(harness.offsets("t__dead_letters") == [0])
        let schema = try #require(harness.tables.table("t__dead_letters")?.schema)
        #expect(schema.column(named: "headers") != nil)
    }
}
