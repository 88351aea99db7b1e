import Testing

@testable import Pipelines

private func receipt(
    records: Int64 = 10,
    filtered: Int64 = 4,
    offsets: [UInt64] = [0, 1, 2, 3, 4, 9],
    landed: TableCount,
    dead: TableCount = TableCount()
) -> Receipt {
    var log = LogCount()
    log.records = records
    log.filtered = filtered
    log.selected = Int64(offsets.count)
    log.selectedOffsetSum = offsets.reduce(0, +)
    return Receipt(
        pipeline: "p",
        table: "t",
        partition: SourcePartition(topic: "e", index: 0),
        progress: PartitionProgress(next: 10),
        bounds: SourceBounds(start: 0, end: 10),
        log: log,
        landed: landed,
        deadLettered: dead
    )
}

@Test func `rows and dead letters that cover the log once are proof`() {
    let proof = receipt(
        landed: TableCount(rows: 5, distinctOffsets: 5, offsetSum: 15),
        dead: TableCount(rows: 1, distinctOffsets: 1, offsetSum: 4)
    )
    #expect(proof.isProven)
    #expect(proof.missing == 0 && proof.duplicates == 0 && proof.unexpected == 0)
}

@Test func `a lost row is missing`() {
    let lost = receipt(landed: TableCount(rows: 5, distinctOffsets: 5, offsetSum: 15))
    #expect(lost.missing == 1)
    #expect(!lost.isProven)
}

@Test func `a doubled row is a duplicate`() {
    let doubled = receipt(landed: TableCount(rows: 7, distinctOffsets: 6, offsetSum: 19))
    #expect(doubled.duplicates == 1)
    #expect(!doubled.isProven)
}

@Test func `the right number of wrong rows is no proof`() {
    let wrong = receipt(landed: TableCount(rows: 6, distinctOffsets: 6, offsetSum: 20))
    #expect(wrong.missing == 0 && wrong.duplicates == 0)
    #expect(!wrong.isProven)
}

@Test func `offsets that landing was told to leave out are skipped, later ones are pending`() {
    var progress = PartitionProgress(start: 20, next: 30)
    progress.cover(10..<15)
    progress.cover(40..<50)
    let receipt = Receipt(
        pipeline: "p",
        table: "t",
        partition: SourcePartition(topic: "e", index: 0),
        progress: progress,
        bounds: SourceBounds(start: 12, end: 60),
        log: LogCount(),
        landed: TableCount(),
        deadLettered: TableCount()
    )
    #expect(receipt.covered.ranges == [12..<15, 20..<30, 40..<50])
    #expect(receipt.skipped == 5)
    #expect(receipt.pending == 20)
}
