import Clocks
import Testing
import Threads

@testable import Pipelines

private func place(_ index: Int32) -> SourcePartition {
    SourcePartition(topic: "events", index: index)
}

private func own(_ indexes: Int32...) -> Ownership { .partitions(Set(indexes.map(place))) }

private func marker(
    _ progress: [Int32: (next: Int64, epoch: Int64)],
    epoch: Int64,
    id: String
) -> CommitMarker {
    let partitions = progress.mapValues { value in
        var progress = PartitionProgress(next: value.next)
        progress.epoch = value.epoch
        return progress
    }
    return CommitMarker(
        pipeline: "p",
        epoch: epoch,
        sequence: 1,
        commitID: id,
        clusterID: "c",
        topics: ["events": TopicProgress(topicID: "t", partitions: partitions)]
    )
}

/// What became of the commit of a worker that lands partition 0 while a colleague lands 1.
@Suite struct `A commit of one worker among several` {
    private let expected = marker([0: (10, 3), 1: (50, 2)], epoch: 3, id: "before")
    private let attempted = marker([0: (20, 3), 1: (50, 2)], epoch: 3, id: "ours")

    private func decide(_ found: CommitMarker) -> CommitResolution {
        CommitResolution.decide(
            expected: expected,
            attempted: attempted,
            found: found,
            ownership: own(0)
        )
    }

    @Test func `a colleague's commit in between changes nothing of ours`() {
        #expect(decide(marker([0: (10, 3), 1: (60, 2)], epoch: 3, id: "theirs")) == .rebase)
        #expect(decide(marker([0: (10, 3), 1: (60, 5)], epoch: 5, id: "theirs")) == .rebase)
    }

    @Test func `ours landed, then a colleague's did`() {
        #expect(decide(marker([0: (20, 3), 1: (60, 2)], epoch: 3, id: "theirs")) == .landed)
    }

    @Test func `who takes our partition over fences us`() {
        let found = marker([0: (10, 4), 1: (50, 2)], epoch: 4, id: "theirs")
        #expect(decide(found) == .fenced(byEpoch: 4))
    }

    @Test func `offsets that nobody of us wrote stop the worker`() {
        guard case .diverged = decide(marker([0: (15, 3), 1: (50, 2)], epoch: 3, id: "x")) else {
            Issue.record("it went on")
            return
        }
    }

    @Test func `a rebased commit carries the colleague's place and ours`() {
        let found = marker([0: (10, 3), 1: (60, 5)], epoch: 5, id: "theirs")
        let merged = found.replacing(own(0), with: attempted)
        #expect(merged.progress(in: place(0))?.next == 20)
        #expect(merged.progress(in: place(1))?.next == 60)
        #expect(merged.commitID == "ours" && merged.epoch == 5)
    }
}

@Suite struct `Workers that share a table` {
    let harness = LaneHarness()

    init() { harness.log.create("events", partitions: 3) }

    private func append(_ count: Int) {
        for index in 0..<3 as Range<Int32> {
            for number in 0..<count {
                harness.log.append([#"{"a":\#(number)}"#], to: "events", index)
            }
        }
    }

    private func wait(_ condition: () -> Bool) -> Bool {
        let pause = Condition(())
        for _ in 0..<5_000 {
            if condition() { return true }
            let nothing: Void? = pause.wait(timeout: .milliseconds(1)) { _ in nil }
            _ = nothing
        }
        return false
    }

    private func landed(_ index: Int32) -> [Int64] { harness.offsets(partition: index) }

    @Test func `partitions move between workers, with every record in one row`() {
        let first = harness.lane(ownership: own(0, 1, 2))
        let second = harness.lane(ownership: nil)
        let threads = [first, second].map { lane in Thread("worker") { lane.run() } }
        append(20)
        #expect(wait { landed(2).count == 20 })
        let moves: [(Ownership?, Ownership?)] = [
            (own(0), own(1, 2)), (nil, own(0, 1, 2)), (own(2), own(0, 1)), (own(0, 1, 2), nil),
        ]
        for (number, move) in moves.enumerated() {
            append(20)
            first.assign(move.0, timeout: .seconds(10))
            second.assign(move.1, timeout: .seconds(10))
            append(20)
            let count = 20 + (number + 1) * 40
            #expect(wait { (0..<3).allSatisfy { landed($0).count >= count } })
        }
        for lane in [first, second] { lane.stop() }
        for thread in threads { thread.join() }
        for index in 0..<3 as Range<Int32> { #expect(landed(index) == Array(0..<180)) }
        #expect(harness.tables.openFiles == 0)
    }

    /// As after a SIGSTOP through a rebalance and a SIGCONT: the worker still believes in its
    /// partitions.
    @Test func `a worker that slept through its replacement commits nothing`() throws {
        append(5)
        let sleeper = harness.lane(freshness: .seconds(3_600), ownership: own(0, 1))
        let thread = Thread("sleeper") { sleeper.run() }
        #expect(wait { sleeper.status.pending == 10 })
        let other = harness.lane(ownership: own(1, 2))
        #expect(harness.run(other) { _ in landed(1).count == 5 && landed(2).count == 5 })
        // It wakes up and commits what it has, of 0 and of 1.
        sleeper.assign(own(0), timeout: .seconds(10))
        #expect(wait { sleeper.status.pending == 5 })
        #expect(landed(0).isEmpty)
        sleeper.stop()
        thread.join()
        #expect(landed(0) == [0, 1, 2, 3, 4])
        #expect(landed(1) == [0, 1, 2, 3, 4])
        #expect(harness.tables.openFiles == 0)
    }

    @Test func `one that takes everything over ends the sharing`() {
        append(5)
        let worker = harness.lane(ownership: own(0))
        let thread = Thread("worker") { worker.run() }
        #expect(wait { landed(0).count == 5 })
        #expect(harness.run(harness.lane()) { _ in (0..<3).allSatisfy { landed($0).count == 5 } })
        append(1)
        // The worker is fenced, and comes back for its own partition.
        #expect(wait { landed(0).count == 6 })
        worker.stop()
        thread.join()
        #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
        for index in 0..<3 as Range<Int32> { #expect(landed(index) == Array(0...5)) }
    }
}
