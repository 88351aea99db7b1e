import Clocks
import Telemetry
import Testing
import Threads

@testable import Pipelines

private let place = SourcePartition(topic: "events", index: 0)

extension LaneHarness {
    fileprivate func lane(
        _ mode: LaneMode,
        start: StartPosition = .earliest,
        freshness: Duration = .milliseconds(5)
    ) -> TestLane {
        lane(freshness: freshness) {
            $0.mode = mode
            $0.start = start
        }
    }

    /// Runs the lane while `body` works with it.
    fileprivate func with(_ lane: TestLane, _ body: () throws -> Void) rethrows {
        let thread = Thread("lane") { lane.run() }
        defer {
            lane.stop()
            thread.join()
        }
        try body()
    }

    fileprivate func append(_ numbers: Range<Int>, timestamp: Int64 = 0) {
        for number in numbers {
            log.append([#"{"a":\#(number)}"#], to: "events", timestamp: timestamp)
        }
    }
}

/// Asks the lane and waits for the end.
private func perform(_ work: LaneJob.Work, by lane: TestLane) -> LaneJob.Outcome? {
    let job = LaneJob(work)
    lane.ask(job)
    return job.wait(timeout: .seconds(20))
}

private func summary(_ landed: Int64, expired: Int64 = 0) -> LaneJob.Outcome {
    var summary = JobSummary()
    summary.landed = landed
    summary.expired = expired
    return .done(summary)
}

@Suite struct `A lane that is asked` {
    let harness = LaneHarness()

    init() { harness.log.create("events") }

    @Test func `a batch lane lands nothing by itself, and what was there when it is run`() throws {
        harness.append(0..<5)
        let lane = harness.lane(.batch)
        harness.with(lane) {
            #expect(perform(.drain, by: lane) == summary(5))
            #expect(harness.offsets() == [0, 1, 2, 3, 4])
            harness.append(5..<8)
            let later = Condition(())
            let nothing: Void? = later.wait(timeout: .milliseconds(50)) { _ in nil }
            _ = nothing
            #expect(harness.offsets().count == 5)
            #expect(perform(.drain, by: lane) == summary(3))
            #expect(perform(.drain, by: lane) == summary(0))
        }
        #expect(harness.offsets() == Array(0..<8))
    }

    @Test(arguments: [LaneMode.batch, .stream])
    func `a run ends where the log does, though it seemed to go on`(mode: LaneMode) {
        harness.append(0..<3)
        let lane = harness.lane(mode)
        harness.with(lane) {
            #expect(perform(.drain, by: lane) != nil)
            harness.log.pretendOneMore(of: "events")
            #expect(perform(.drain, by: lane) == summary(0))
        }
        #expect(harness.offsets() == [0, 1, 2])
    }

    @Test func `a run while streaming commits at once, whatever the freshness target`() {
        harness.append(0..<3)
        let lane = harness.lane(.stream, freshness: .seconds(3_600))
        harness.with(lane) {
            guard case .done = perform(.drain, by: lane) else {
                Issue.record("the run did not end")
                return
            }
            #expect(harness.offsets() == [0, 1, 2])
        }
    }

    @Test func `a lane that begins at the end lands what comes, and a backfill the rest once`() {
        harness.append(0..<10)
        let lane = harness.lane(.stream, start: .latest)
        harness.with(lane) {
            _ = perform(.drain, by: lane)
            #expect(harness.offsets().isEmpty)
            harness.append(10..<12)
            _ = perform(.drain, by: lane)
            #expect(harness.offsets() == [10, 11])
            #expect(perform(.backfill([place: 4..<7]), by: lane) == summary(3))
            #expect(perform(.backfill([place: 0..<100]), by: lane) == summary(7))
            #expect(perform(.backfill([place: 0..<100]), by: lane) == summary(0))
        }
        #expect(harness.offsets() == Array(0..<12))
        let progress = harness.tables.table("t")?.markers["p"]?.progress(in: place)
        #expect(progress?.covered.ranges == [0..<12])
    }

    @Test func `a lane begins at a time`() {
        harness.append(0..<3, timestamp: 1_000)
        harness.append(3..<6, timestamp: 2_000)
        let lane = harness.lane(.stream, start: .time(Timestamp(milliseconds: 1_500)))
        #expect(
            harness.run(lane) { $0.committed?.progress(in: place)?.next == 6 && $0.pending == 0 }
        )
        #expect(harness.offsets() == [3, 4, 5])
    }

    @Test func `a batch lane's backfill ahead of it is not landed again`() {
        harness.append(0..<10)
        let lane = harness.lane(.batch)
        harness.with(lane) {
            #expect(perform(.backfill([place: 3..<5]), by: lane) == summary(2))
            #expect(perform(.backfill([place: 8..<20]), by: lane) == summary(2))
            #expect(perform(.drain, by: lane) == summary(6))
        }
        #expect(harness.offsets() == Array(0..<10))
    }

    @Test func `skipping leaves a hole that a backfill lands`() {
        harness.append(0..<10)
        let lane = harness.lane(.batch)
        harness.with(lane) {
            #expect(perform(.skip([place: 6]), by: lane) == summary(0))
            #expect(perform(.skip([place: 2]), by: lane) == summary(0))
            #expect(perform(.drain, by: lane) == summary(4))
            #expect(harness.offsets() == [6, 7, 8, 9])
            #expect(perform(.backfill([place: 0..<10]), by: lane) == summary(6))
        }
        #expect(harness.offsets() == Array(0..<10))
    }

    /// Found by the commit simulation: nothing was landed yet where landing stood, so that the
    /// hole before it and the records behind it looked like one.
    @Test func `a backfill across the place where landing goes on reads nothing twice`() {
        harness.append(0..<10)
        let lane = harness.lane(.batch)
        harness.with(lane) {
            #expect(perform(.skip([place: 6]), by: lane) == summary(0))
            #expect(perform(.backfill([place: 2..<9]), by: lane) == summary(7))
            #expect(perform(.drain, by: lane) == summary(1))
        }
        #expect(harness.offsets() == Array(2..<10))
    }

    @Test(arguments: MemoryTables.Fault.allCases)
    func `a backfill whose commit goes wrong is landed once`(fault: MemoryTables.Fault) {
        harness.append(0..<6)
        let lane = harness.lane(.stream, start: .latest)
        harness.with(lane) {
            _ = perform(.drain, by: lane)
            harness.tables.plan([fault, fault])
            guard case .done = perform(.backfill([place: 1..<4]), by: lane) else {
                Issue.record("the backfill did not end")
                return
            }
        }
        #expect(harness.offsets() == [1, 2, 3])
        #expect(harness.tables.openFiles == 0)
    }

    @Test func `a watching lane begins when enough waits`() {
        let trigger = WatchTrigger(
            records: 3,
            bytes: nil,
            age: nil,
            poll: .milliseconds(2)
        )
        harness.append(0..<2)
        let lane = harness.lane(.watch(trigger))
        harness.with(lane) {
            let later = Condition(())
            let nothing: Void? = later.wait(timeout: .milliseconds(50)) { _ in nil }
            _ = nothing
            #expect(harness.offsets().isEmpty)
            harness.append(2..<3)
            for _ in 0..<2_000 where harness.offsets().count < 3 {
                let nothing: Void? = later.wait(timeout: .milliseconds(2)) { _ in nil }
                _ = nothing
            }
            #expect(harness.offsets() == [0, 1, 2])
        }
    }

    /// The lane would come back to the job for ever.
    @Test func `a job for a partition that is gone fails, and the lane goes on`() {
        harness.append(0..<3)
        let gone = SourcePartition(topic: "events", index: 9)
        let lane = harness.lane(.batch)
        harness.with(lane) {
            for work in [LaneJob.Work.backfill([gone: 0..<5]), .skip([gone: 5])] {
                guard case .failed(let reason) = perform(work, by: lane) else {
                    Issue.record("the job did not fail")
                    return
                }
                #expect(reason.contains("partition 9 of topic events"))
            }
            #expect(perform(.drain, by: lane) == summary(3))
        }
        #expect(harness.offsets() == [0, 1, 2])
    }

    @Test func `a stopped lane refuses`() {
        let lane = harness.lane(.batch)
        harness.with(lane) {}
        guard case .failed = perform(.drain, by: lane) else {
            Issue.record("it took the job")
            return
        }
    }
}

@Suite struct `What makes a watching lane begin` {
    private func reason(
        records: Int64? = nil,
        bytes: Int64? = nil,
        age: Duration? = nil,
        _ change: (inout Backlog) -> Void
    ) -> String? {
        var backlog = Backlog()
        change(&backlog)
        let trigger = WatchTrigger(records: records, bytes: bytes, age: age, poll: .seconds(1))
        return trigger.reason(for: backlog, now: Timestamp(milliseconds: 10_000))
    }

    @Test func `records, bytes and age, each by itself`() {
        let old = Timestamp(milliseconds: 4_000)
        #expect(reason(records: 5) { $0.records = 4 } == nil)
        #expect(reason(records: 5) { $0.records = 5 } != nil)
        #expect(
            reason(bytes: 100) {
                $0.records = 1; $0.bytes = 99
            } == nil
        )
        #expect(
            reason(bytes: 100) {
                $0.records = 1; $0.bytes = 100
            } != nil
        )
        #expect(
            reason(age: .seconds(7)) {
                $0.records = 1; $0.oldest = old
            } == nil
        )
        #expect(
            reason(age: .seconds(6)) {
                $0.records = 1; $0.oldest = old
            } != nil
        )
        #expect(reason(records: 0) { $0.records = 0 } == nil)
    }
}
