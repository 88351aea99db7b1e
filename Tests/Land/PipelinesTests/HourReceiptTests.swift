import Decoding
import Testing

@testable import Pipelines

private let hour: Int64 = 3_600_000

private func partitionReceipt(
    _ tally: LogTally,
    landed: TableCount,
    discards: Discards = Discards()
) -> Receipt {
    var progress = PartitionProgress(next: tally.total.records)
    progress.discards = discards
    return Receipt(
        pipeline: "p",
        table: "t",
        partition: SourcePartition(topic: "events", index: 0),
        progress: progress,
        bounds: SourceBounds(start: 0, end: progress.next),
        log: tally.total,
        landed: landed,
        deadLettered: TableCount()
    )
}

private func count(_ offsets: [Int64]) -> TableCount {
    TableCount(
        rows: Int64(offsets.count),
        distinctOffsets: Int64(Set(offsets).count),
        offsetSum: Set(offsets).reduce(0) { $0 &+ UInt64($1) }
    )
}

private func tally(of records: [(offset: Int64, time: Int64)], hoursMax: Int = 10) -> LogTally {
    var tally = LogTally(isByHour: true, hoursMax: hoursMax)
    for record in records {
        tally.turn(to: record.time)
        tally.current.records += 1
        tally.current.select(record.offset)
    }
    tally.finish()
    return tally
}

@Test func `the log is counted hour by hour, and the hours sum up to the whole`() throws {
    let log = MemoryLog()
    log.create("events", partitions: 1)
    log.append([#"{"k":"yes"}"#, #"{"k":"no"}"#], to: "events", timestamp: 5 * hour - 1)
    log.append([#"{"k":"yes"}"#], to: "events", timestamp: 5 * hour)
    log.append([#"{"k":"yes"}"#, "broken"], to: "events", timestamp: 4 * hour)
    let definition = LaneDefinition(
        pipeline: "p",
        topics: ["events"],
        table: "t",
        predicate: try Predicate(parsing: "k = 'yes'")
    )
    var tally = LogTally(isByHour: true)
    let partition = SourcePartition(topic: "events", index: 0)
    try LogRecount(of: definition, in: log).count(
        partition,
        in: OffsetRanges([0..<5]),
        into: &tally
    )
    #expect(Set(tally.hours.keys) == [.hour(4), .hour(5)])
    #expect(tally.hours[.hour(4)]?.records == 4)
    #expect(tally.hours[.hour(4)]?.filtered == 1)
    #expect(tally.hours[.hour(4)]?.selectedOffsetSum == 0 + 3 + 4)
    #expect(tally.hours[.hour(5)]?.selectedOffsetSum == 2)
    let whole = try LogRecount(of: definition, in: log).count(partition, in: OffsetRanges([0..<5]))
    #expect(tally.total == whole)
    #expect(whole.records == 5 && whole.filtered == 1)
}

@Test func `a record's hour is that of the time its row has`() {
    let tally = tally(of: [(0, -1), (1, .min), (2, 1), (3, .max)])
    #expect(tally.hours[.hour(0)]?.records == 3)
    let last = ReceiptHour.hour(253_402_300_799_999 / hour)
    #expect(tally.hours[last]?.records == 1)
    #expect(last.text == "9999-12-31T23:00:00Z")
}

@Test func `hours beyond those that are told apart are counted together`() {
    let tally = tally(of: [(0, 0), (1, hour), (2, 2 * hour), (3, 3 * hour), (4, 5)], hoursMax: 2)
    #expect(tally.hours[.hour(0)]?.records == 2)
    #expect(tally.hours[.hour(1)]?.records == 1)
    #expect(tally.hours[.others]?.records == 2)
    #expect(tally.key(ofHour: 3) == .others && tally.key(ofHour: 1) == .hour(1))
    #expect(tally.total.records == 5)
}

@Test func `a row in a wrong hour unproves both hours, though the partition adds up`() {
    let tally = tally(of: [(0, 0), (1, 1), (2, hour), (3, hour)])
    let receipt = partitionReceipt(tally, landed: count([0, 1, 2, 3]))
    #expect(receipt.isProven)
    func hourReceipt(_ number: Int64, _ offsets: [Int64]) -> HourReceipt {
        HourReceipt(
            .hour(number),
            of: receipt,
            log: tally.hours[.hour(number)] ?? LogCount(),
            landed: count(offsets),
            deadLettered: TableCount(),
            discards: Discards()
        )
    }
    #expect(hourReceipt(0, [0, 1]).isProven)
    #expect(hourReceipt(1, [2, 3]).isProven)
    let poor = hourReceipt(0, [0])
    #expect(poor.missing == 1 && !poor.isProven)
    let rich = hourReceipt(1, [1, 2, 3])
    #expect(rich.unexpected == 1 && !rich.isProven)
    let other = hourReceipt(0, [0, 2])
    #expect(other.missing == 0 && other.unexpected == 0 && !other.isProven)
}

@Test func `what an hour lacks is proven with its partition where records were left out`() {
    var discards = Discards()
    discards.add(1, .one, reason: "syntax")
    let tally = tally(of: [(0, 0), (1, 1), (2, hour)])
    func hours(landed: [Int64]) -> (Receipt, [HourReceipt]) {
        let receipt = partitionReceipt(tally, landed: count(landed), discards: discards)
        let hours = (0...1).map { (number: Int64) in
            HourReceipt(
                .hour(number),
                of: receipt,
                log: tally.hours[.hour(number)] ?? LogCount(),
                landed: count(landed.filter { $0 / 2 == number }),
                deadLettered: TableCount(),
                discards: discards
            )
        }
        return (receipt, hours)
    }
    let (whole, proven) = hours(landed: [0, 2])
    #expect(whole.isProven)
    #expect(proven.map(\.isProven) == [true, true])
    #expect(proven.map(\.discarded.records) == [1, 0])
    #expect(proven.map(\.filtered) == [1, 0])
    // The same number is lost, but not the record that was left out.
    let (unproven, parts) = hours(landed: [1, 2])
    #expect(!unproven.isProven)
    #expect(parts.map(\.isProven) == [false, true])
    // More are lost than were left out.
    let (_, poor) = hours(landed: [2])
    #expect(poor.map(\.missing) == [2, 0] && poor.map(\.discarded.records) == [0, 0])
}

@Test func `an hour far from every record that was left out cannot lack one`() {
    var discards = Discards()
    discards.add(500_000, .one, reason: "syntax")
    let tally = tally(of: [(0, 0), (1, 0)])
    let receipt = partitionReceipt(tally, landed: count([0]), discards: discards)
    let hour = HourReceipt(
        .hour(0),
        of: receipt,
        log: tally.total,
        landed: count([0]),
        deadLettered: TableCount(),
        discards: discards
    )
    #expect(hour.discarded.records == 0 && hour.missing == 1 && !hour.isProven)
}
