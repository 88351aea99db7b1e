import Columns
import Decoding
import IcebergModel
import Testing

@testable import Pipelines

private let partition = SourcePartition(topic: "events", index: 0)

/// A log of ten records, the first two of which are gone, and what was made of it.
private struct FateWorld {
    let log = MemoryLog()
    var progress = PartitionProgress(next: 8)
    var definition: LaneDefinition

    init() throws {
        log.create("events", partitions: 1)
        for index in 0..<10 {
            let value = index == 3 ? #"{"k":"no"}"# : index == 5 ? "broken" : #"{"k":"yes"}"#
            log.append([value], to: "events")
        }
        definition = LaneDefinition(
            pipeline: "p",
            topics: ["events"],
            table: "t",
            predicate: try Predicate(parsing: "k = 'yes'")
        )
    }

    func summary(
        _ offsets: Range<Int64> = 0..<12,
        landed: [Int64] = [],
        letters: [Int64] = [],
        bounds: SourceBounds = SourceBounds(start: 0, end: 10)
    ) throws -> FateSummary {
        var summary = FateSummary()
        try FateInquiry(of: definition, in: log).summarize(
            partition,
            offsets,
            progress: progress,
            bounds: bounds,
            into: &summary
        ) { window in
            FateInquiry<MemoryLog>.Findings(
                landed: landed.filter(window.contains),
                deadLettered: letters.filter(window.contains)
            )
        }
        return summary
    }
}

extension FateSummary {
    fileprivate var text: String {
        stretches.map { "\($0.offsets.lowerBound)-\($0.offsets.upperBound - 1) \($0.fate)" }
            .joined(separator: ", ")
    }
}

@Test func `each offset's fate is told from log, checkpoint and tables together`() throws {
    let world = try FateWorld()
    let summary = try world.summary(landed: [0, 1, 2, 4, 6], letters: [5])
    #expect(
        summary.text
            == "0-2 landed, 3-3 filtered, 4-4 landed, 5-5 deadLetter, 6-6 landed, 7-7 missing, "
            + "8-9 pending, 10-11 notWritten"
    )
    #expect(summary.counts.values.reduce(0, +) == 12)
}

@Test func `offsets that landing left out are skipped, and those the log lost are expired`() throws
{
    var world = try FateWorld()
    world.progress = PartitionProgress(start: 6, next: 8)
    world.progress.cover(0..<3)
    let bounds = SourceBounds(start: 2, end: 10)
    let summary = try world.summary(landed: [0, 2, 6, 7], bounds: bounds)
    // 1 is accounted for and nothing of it is there; 3 to 5 wait for a backfill.
    #expect(
        summary.text
            == "0-0 landed, 1-1 expired, 2-2 landed, 3-5 skipped, 6-7 landed, 8-9 pending, "
            + "10-11 notWritten"
    )
    let gone = try world.summary(landed: [6, 7], bounds: SourceBounds(start: 5, end: 10))
    #expect(gone.text.hasPrefix("0-4 expired, 5-5 skipped, 6-7 landed"))
}

@Test func `a record that must be somewhere and is nowhere is missing, unless some were left out`()
    throws
{
    var world = try FateWorld()
    #expect(try world.summary(5..<6).text == "5-5 missing")
    world.progress.discards.add(5, .one, reason: "syntax")
    #expect(try world.summary(5..<6).text == "5-5 discarded")
    // The stretch begins at the first record that was left out.
    #expect(try world.summary(4..<5).text == "4-4 missing")
}

@Test func `mended dead letters that where leaves out are filtered`() throws {
    var world = try FateWorld()
    world.progress.mended[5] = SelectedRows()
    #expect(try world.summary(5..<6).text == "5-5 filtered")
}

@Test func `an offset without a record is told from one whose record is lost`() throws {
    let world = try FateWorld()
    world.log.append([#"{"k":"yes"}"#], to: "events")
    world.log.skipOffsets(3, of: "events")
    world.log.append([#"{"k":"yes"}"#], to: "events")
    var sparse = world
    sparse.progress = PartitionProgress(next: 15)
    let summary = try sparse.summary(10..<15, bounds: SourceBounds(start: 0, end: 15))
    #expect(summary.text == "10-10 missing, 11-13 noRecord, 14-14 missing")
}

@Test func `only so many stretches are kept, and every offset is counted`() {
    var summary = FateSummary(stretchesMax: 3)
    for offset in 0..<Int64(10) {
        summary.add(offset.isMultiple(of: 2) ? .landed : .filtered, offset..<(offset + 1))
    }
    summary.add(.filtered, 10..<20)
    #expect(summary.stretches.map(\.offsets) == [0..<1, 1..<2, 2..<3])
    #expect(summary.omitted == 7)
    #expect(summary.counts == [.landed: 5, .filtered: 15])
}

@Test func `why a record was left out is found by trying it`() throws {
    let world = try FateWorld()
    let inquiry = FateInquiry(of: world.definition, in: world.log)
    let schema = Schema(fields: [LogColumn.field(id: 1), .optional(6, "k", .string)])
    func reason(_ offset: Int64) throws -> String? {
        try inquiry.complaint(
            at: RecordPlace(partition: partition, offset: offset),
            schema: schema
        )?.reason
    }
    #expect(try reason(5) == "syntax" || reason(5) == "not-an-object")
    #expect(try reason(4) == nil)
}
