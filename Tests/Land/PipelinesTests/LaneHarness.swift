import Clocks
import Decoding
import IcebergModel
import Telemetry
import Testing
import Threads

@testable import Pipelines

typealias TestLane = Lane<MemoryLog, MemoryTables, SystemClocks>

/// A lane over bent ends, run on a thread of its own.
struct LaneHarness {
    let log = MemoryLog()
    let tables = MemoryTables()

    func lane(
        topics: [String] = ["events"],
        predicate: Predicate? = nil,
        freshness: Duration = .milliseconds(5),
        pipeline: String = "p",
        columns: [NewColumn] = [],
        infersColumns: Bool = true,
        decoding: DecodingPlan = DecodingPlan(),
        ownership: Ownership? = .all,
        table: String = "t",
        reading: SharedReading<MemoryLog>? = nil,
        _ change: (inout LaneDefinition) -> Void = { _ in }
    ) -> TestLane {
        var definition = LaneDefinition(
            pipeline: pipeline,
            topics: topics,
            table: table,
            predicate: predicate,
            columns: columns,
            infersColumns: infersColumns,
            freshness: freshness
        )
        definition.decoding = decoding
        change(&definition)
        definition.limits.retryPause = .milliseconds(1)...(.milliseconds(4))
        return Lane(
            definition,
            source: log,
            committer: tables,
            clock: SystemClocks(),
            logger: .silent,
            ownership: ownership,
            reading: reading
        )
    }

    /// Runs `lane` until `condition` holds for its status, then stops it. False when that takes
    /// over ten seconds.
    @discardableResult
    func run(_ lane: TestLane, until condition: (LaneStatus) -> Bool) -> Bool {
        let thread = Thread("lane") { lane.run() }
        let clock = SystemClocks()
        let started: MonotonicInstant = clock.now()
        var holds = false
        let pause = Condition(())
        while !holds, clock.now() - started < .seconds(10) {
            holds = condition(lane.status)
            if !holds {
                let nothing: Void? = pause.wait(timeout: .milliseconds(1)) { _ in nil }
                _ = nothing
            }
        }
        lane.stop()
        thread.join()
        return holds
    }

    /// True when everything in the log is committed.
    func isCaughtUp(_ status: LaneStatus) -> Bool {
        guard let marker = status.committed else { return false }
        return status.pending == 0
            && status.topics.allSatisfy { topic in
                let count = log.topic(named: topic)?.partitionCount ?? 0
                return (0..<Int32(count)).allSatisfy { index in
                    let partition = SourcePartition(topic: topic, index: index)
                    let end = (try? log.bounds(of: partition).end) ?? 0
                    return (marker.progress(in: partition)?.next ?? 0) == end
                }
            }
    }

    /// The rows of a table in the order of offsets.
    func rows(_ table: String = "t") -> [MemoryTables.Row] {
        (tables.table(table)?.rows ?? []).sorted {
            ($0.partition, $0.offset) < ($1.partition, $1.offset)
        }
    }

    /// The receipt for partition 0 of "events", with the tables' side counted from their rows.
    func receipt(_ definition: LaneDefinition) throws -> Receipt {
        let partition = SourcePartition(topic: "events", index: 0)
        let progress = tables.table("t")?.markers["p"]?.progress(in: partition)
        let end = progress?.next ?? 0
        let letters = rows(definition.deadLetterTable)
        let landed = rows()
        var count = TableCount(letters: landed)
        if definition.hasIndexColumn {
            count.index = IndexCount(
                distinctRows: Int64(Set(landed.map { [$0.offset, Int64($0.index)] }).count),
                rowSum: landed.reduce(0) {
                    $0 &+ UInt64($1.offset) &* (1 << 31) &+ UInt64($1.index)
                }
            )
        }
        return Receipt(
            pipeline: "p",
            table: "t",
            partition: partition,
            progress: progress ?? PartitionProgress(next: end),
            bounds: SourceBounds(start: 0, end: end),
            log: try LogRecount(of: definition, in: log).count(
                partition,
                in: OffsetRanges([0..<end]),
                deadLettered: letters.map(\.offset),
                mended: progress?.mended ?? [:]
            ),
            landed: count,
            deadLettered: TableCount(letters: letters)
        )
    }

    /// The offsets of the table's rows in one partition, in order.
    func offsets(_ table: String = "t", partition: Int32 = 0) -> [Int64] {
        (tables.table(table)?.rows ?? []).filter { $0.partition == partition }.map(\.offset)
            .sorted()
    }
}

extension TableCount {
    fileprivate init(letters rows: [MemoryTables.Row]) {
        let offsets = Set(rows.map(\.offset))
        self.init(
            rows: Int64(rows.count),
            distinctOffsets: Int64(offsets.count),
            offsetSum: offsets.reduce(0) { $0 &+ UInt64($1) }
        )
    }
}
