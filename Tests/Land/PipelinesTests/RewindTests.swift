import ArrowData
import Clocks
import Decoding
import IcebergModel
import Telemetry
import Testing
import Threads

@testable import Pipelines

private let partition = SourcePartition(topic: "events", index: 0)

@Suite struct `A checkpoint that goes back` {
    @Test func `it forgets what lies from there on, wherever the ranges are`() {
        var progress = PartitionProgress(start: 20, next: 30)
        progress.cover(0..<10)
        progress.cover(40..<50)
        #expect(progress.uncovered(from: 25).ranges == [25..<30, 40..<50])
        var back = progress
        back.rewind(to: 25)
        #expect(back.start == 20 && back.next == 25 && back.others.ranges == [0..<10])
        back = progress
        back.rewind(to: 10)
        #expect(back.start == 0 && back.next == 10 && back.others.isEmpty)
        back = progress
        back.rewind(to: 5)
        #expect(back.covered.ranges == [0..<5] && back.next == 5 && back.limit == .max)
        back = progress
        back.rewind(to: 15)
        #expect(back.start == 15 && back.next == 15 && back.covered.ranges == [0..<10])
        back = progress
        back.rewind(to: 0)
        #expect(back.covered.isEmpty && back.next == 0)
    }

    @Test func `mended letters stay accounted for, and landing stops before them`() {
        var progress = PartitionProgress(next: 30)
        progress.mended = [3: .one, 12: .one, 20: SelectedRows()]
        #expect(progress.uncovered(from: 10).ranges == [10..<12, 13..<20, 21..<30])
        progress.rewind(to: 10)
        #expect(progress.next == 10 && progress.limit == 12)
        #expect(progress.covered.ranges == [0..<10, 12..<13, 20..<21])
        progress.rewind(to: 3)
        // Offset 3 itself is there still: landing goes on behind it.
        #expect(progress.covered.ranges == [0..<4, 12..<13, 20..<21] && progress.next == 4)
    }

    @Test func `it goes back by whole stretches of what was left out`() {
        var progress = PartitionProgress(next: 400_000)
        for offset: Int64 in [10, 20, 100_000, 300_000] {
            progress.discards.add(offset, .one, reason: "syntax")
        }
        #expect(progress.discards.stretches.map(\.from) == [10, 100_000, 300_000])
        #expect(progress.rewindable(to: 5) == 5)
        #expect(progress.rewindable(to: 10) == 10)
        #expect(progress.rewindable(to: 50_000) == 10)
        #expect(progress.rewindable(to: 100_000) == 100_000)
        #expect(progress.rewindable(to: 350_000) == 300_000)
        progress.rewind(to: 100_000)
        #expect(progress.discards.records == 2 && progress.discards.reasons == ["syntax": 2])
        progress.discards.add(150_000, .one, reason: "wrong-type")
        progress.discards.cut(from: 100_000)
        #expect(progress.discards.reasons == ["several": 2])
        progress.discards.cut(from: 0)
        #expect(progress.discards == Discards())
    }
}

/// Twelve records: every third is left out by `where`, offset 4 is broken.
private struct Fixture {
    let harness = LaneHarness()
    let predicate: Predicate

    init() throws {
        predicate = try Predicate(parsing: "k = 'yes'")
        harness.log.create("events")
        for offset in 0..<12 { harness.log.append([Self.value(offset)], to: "events") }
    }

    static func value(_ offset: Int) -> String {
        offset == 4 ? "broken" : #"{"k":"\#(offset % 3 == 2 ? "no" : "yes")","n":\#(offset)}"#
    }

    func lane(
        mode: LaneMode = .stream,
        _ change: (inout LaneDefinition) -> Void = { _ in }
    ) -> TestLane {
        harness.lane(predicate: predicate) {
            $0.mode = mode
            change(&$0)
        }
    }

    /// A lane that has landed everything, while `body` works with it.
    func with(_ lane: TestLane, _ body: () throws -> Void) throws {
        let thread = Thread("lane") { lane.run() }
        defer {
            lane.stop()
            thread.join()
        }
        try drain(lane)
        try body()
    }

    func drain(_ lane: TestLane) throws {
        guard case .done = perform(.drain, by: lane) else {
            throw LaneError.diverged("the lane did not land")
        }
    }

    func perform(_ work: LaneJob.Work, by lane: TestLane) -> LaneJob.Outcome? {
        let job = LaneJob(work)
        lane.ask(job)
        return job.wait(timeout: .seconds(20))
    }

    func rewind(
        to offset: Int64,
        by lane: TestLane,
        isRehearsal: Bool = false
    ) throws -> RewindSummary {
        let work = LaneJob.Work.rewind(Rewind([partition: offset], isRehearsal: isRehearsal))
        guard case .done(let summary) = perform(work, by: lane) else {
            throw LaneError.diverged("the rewind failed")
        }
        return summary.rewind
    }

    func reason(_ offset: Int64, by lane: TestLane) -> String {
        guard case .failed(let reason) = perform(.rewind(Rewind([partition: offset])), by: lane)
        else { return "" }
        return reason
    }

    var progress: PartitionProgress? {
        harness.tables.table("t")?.markers["p"]?.progress(in: partition)
    }
}

@Suite struct `A lane that goes back` {
    private let fixture: Fixture
    private var harness: LaneHarness { fixture.harness }
    private static let rows: [Int64] = [0, 1, 3, 6, 7, 9, 10]

    init() throws { fixture = try Fixture() }

    @Test func `rows and letters go with the offsets, and are landed once more`() throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            let before = try #require(fixture.progress)
            #expect(harness.offsets() == Self.rows)
            let rehearsal = try fixture.rewind(to: 3, by: lane, isRehearsal: true)
            #expect(harness.offsets() == Self.rows && fixture.progress == before)
            let summary = try fixture.rewind(to: 3, by: lane)
            #expect(summary == rehearsal)
            #expect(summary.rows == 5 && summary.letters == 1)
            #expect(summary.moves[partition] == .init(from: 12, to: 3, offsets: 9, kept: 0))
            #expect(harness.offsets() == [0, 1] && harness.offsets("t__dead_letters") == [])
            let progress = try #require(fixture.progress)
            #expect(progress.next == 3 && progress.landed == 2 && progress.filtered == 1)
            #expect(progress.deadLettered == 0)
            #expect(try harness.receipt(lane.definition).isProven)
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
            #expect(harness.offsets("t__dead_letters") == [4])
            #expect(fixture.progress == before)
            #expect(try harness.receipt(lane.definition).isProven)
        }
    }

    @Test func `everything goes, and nothing is counted any more`() throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            #expect(try fixture.rewind(to: 0, by: lane).rows == 7)
            let progress = try #require(fixture.progress)
            #expect(progress.covered.isEmpty && progress.landed == 0 && progress.filtered == 0)
            #expect(harness.offsets() == [])
            // Once more: there is nothing to go back over.
            #expect(try fixture.rewind(to: 0, by: lane) == RewindSummary())
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
        }
    }

    @Test(arguments: MemoryTables.Fault.allCases)
    func `a commit that goes wrong takes all of it or nothing`(fault: MemoryTables.Fault) throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            harness.tables.plan([fault])
            let outcome = fixture.perform(.rewind(Rewind([partition: 6])), by: lane)
            if case .done = outcome {
                #expect(harness.offsets() == [0, 1, 3] && fixture.progress?.next == 6)
            } else {
                #expect(harness.offsets() == Self.rows && fixture.progress?.next == 12)
            }
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
            #expect(try harness.receipt(lane.definition).isProven)
        }
    }

    @Test func `a streaming lane lands on at once`() throws {
        let lane = fixture.lane()
        try fixture.with(lane) {
            #expect(try fixture.rewind(to: 1, by: lane).rows == 6)
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
            #expect(try harness.receipt(lane.definition).isProven)
        }
    }

    @Test func `what the log has lost stays`() throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            harness.log.expire(before: 5, of: "events")
            #expect(fixture.reason(3, by: lane).contains("nothing before 5"))
            #expect(harness.offsets() == Self.rows && fixture.progress?.next == 12)
            #expect(try fixture.rewind(to: 5, by: lane).rows == 4)
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
        }
    }

    @Test func `rows whose records were compacted away stay`() throws {
        harness.log.skipOffsets(2, of: "events")
        harness.log.append([Fixture.value(0)], to: "events")
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            #expect(harness.offsets() == Self.rows + [14])
            // As if there had been a record at 13 when it was landed.
            harness.tables.change("t") {
                $0.rows.append(MemoryTables.Row(partition: 0, offset: 13))
            }
            #expect(fixture.reason(6, by: lane).contains("does not have the records of 1 "))
            #expect(harness.offsets() == Self.rows + [13, 14])
            let summary = try fixture.rewind(to: 14, by: lane)
            #expect(summary.rows == 1)
        }
    }

    @Test func `a log that cannot be read again costs neither rows nor the lane`() throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            harness.log.refuseReads(with: .corrupt(partition, offset: 7, reason: "a bad sector"))
            #expect(fixture.reason(3, by: lane).contains("a bad sector"))
            harness.log.refuseReads(with: nil)
            harness.log.failReads(1)
            #expect(fixture.reason(3, by: lane).contains("broker restarts"))
            #expect(harness.offsets() == Self.rows && fixture.progress?.next == 12)
            #expect(try fixture.rewind(to: 3, by: lane).rows == 5)
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
        }
    }

    @Test func `rows of another topic in a table that does not tell topics are not mixed up`()
        throws
    {
        let first = fixture.lane(mode: .batch)
        try fixture.with(first) {}
        harness.log.create("others", id: "other")
        harness.log.append([Fixture.value(0)], to: "others")
        let second = harness.lane(topics: ["others"], predicate: fixture.predicate) {
            $0.mode = .batch
        }
        try fixture.with(second) {
            let others = SourcePartition(topic: "others", index: 0)
            let work = LaneJob.Work.rewind(Rewind([others: 0]))
            guard case .failed(let reason) = fixture.perform(work, by: second) else {
                Issue.record("rows of both topics went")
                return
            }
            #expect(reason.contains("do not tell their topic"))
            #expect(harness.offsets().count == Self.rows.count + 1)
        }
    }

    @Test func `mended letters stay, and the others are landed anew`() throws {
        let lane = fixture.lane(mode: .batch)
        try fixture.with(lane) {
            let letter = DeadLetter(
                place: RecordPlace(partition: partition, offset: 4),
                timestampMilliseconds: 0,
                reason: "syntax",
                key: nil,
                value: Array("broken".utf8)
            ).mended(value: Array(#"{"k":"yes","n":44}"#.utf8))
            guard case .done = fixture.perform(.replay(Replay([letter])), by: lane) else {
                Issue.record("the replay failed")
                return
            }
            let summary = try fixture.rewind(to: 3, by: lane)
            #expect(summary.moves[partition]?.kept == 1 && summary.rows == 5)
            #expect(harness.offsets() == [0, 1, 4])
            try fixture.drain(lane)
            #expect(harness.offsets() == (Self.rows + [4]).sorted())
            #expect(harness.rows().first { $0.offset == 4 }?.cells["n"] == "44")
            #expect(harness.offsets("t__dead_letters") == [])
            #expect(fixture.progress?.landed == 8 && fixture.progress?.next == 12)
            #expect(try harness.receipt(lane.definition).isProven)
        }
    }

    @Test func `with a policy that leaves records out it goes back to where they begin`() throws {
        let lane = fixture.lane(mode: .batch) { $0.onError = .skip }
        try fixture.with(lane) {
            #expect(fixture.progress?.discards.records == 1)
            let summary = try fixture.rewind(to: 7, by: lane)
            #expect(summary.moves[partition]?.to == 4 && summary.rows == 4)
            let progress = try #require(fixture.progress)
            #expect(progress.discards.isEmpty && progress.landed == 3 && progress.filtered == 1)
            try fixture.drain(lane)
            #expect(harness.offsets() == Self.rows)
            #expect(fixture.progress?.discards.records == 1)
            #expect(try harness.receipt(lane.definition).isProven)
            // The stretch begins where the log has nothing any more.
            harness.log.expire(before: 5, of: "events")
            #expect(fixture.reason(7, by: lane).contains("left out by policy"))
            #expect(harness.offsets() == Self.rows)
        }
    }

    @Test func `with other conditions the same records are landed differently`() throws {
        let first = fixture.lane(mode: .batch)
        try fixture.with(first) {}
        let all = harness.lane { $0.mode = .batch }
        try fixture.with(all) {
            _ = try fixture.rewind(to: 6, by: all)
            try fixture.drain(all)
            #expect(harness.offsets() == [0, 1, 3, 6, 7, 8, 9, 10, 11])
            #expect(fixture.progress?.filtered == 2 && fixture.progress?.landed == 9)
        }
    }
}
