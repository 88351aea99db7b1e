import Bytes
import Clocks
import KafkaProtocol
import Testing

@testable import EventLog

struct ProducerTableTests {
    private let now = Timestamp(milliseconds: 1_000)

    private func header(
        _ sequence: Int32,
        count: Int = 1,
        epoch: Int16 = 0,
        id: Int64 = 7
    ) throws -> RecordBatchHeader {
        let producer = Producer(id: id, epoch: epoch, sequence: sequence)
        let slice = batch((0..<count).map { "\($0)" }, producer: producer)
        return try RecordBatchHeader(slice.bytes)
    }

    /// Decides and, if accepted, remembers.
    private func append(
        _ header: RecordBatchHeader,
        at offset: Int64,
        to table: inout ProducerTable
    ) -> ProducerTable.Decision {
        let decision = table.decide(header)
        if decision == .accept {
            table.note(header, baseOffset: offset, now: now)
            table.commitRound()
        }
        return decision
    }

    @Test func `the next sequence is taken, a gap and a step back are not`() throws {
        var table = ProducerTable()
        #expect(append(try header(0, count: 3), at: 0, to: &table) == .accept)
        #expect(append(try header(3), at: 3, to: &table) == .accept)
        let gap = append(try header(5), at: 4, to: &table)
        #expect(gap == .refuse(.outOfOrderSequence(producerID: 7, expected: 4, found: 5)))
        let back = append(try header(1), at: 4, to: &table)
        #expect(back == .refuse(.outOfOrderSequence(producerID: 7, expected: 4, found: 1)))
    }

    @Test func `each of the last five batches is recognised and the sixth is not`() throws {
        var table = ProducerTable()
        for number in 0..<6 as Range<Int32> {
            #expect(append(try header(number), at: Int64(100 + number), to: &table) == .accept)
        }
        for number in 1..<6 as Range<Int32> {
            let offset = Int64(100 + number)
            #expect(
                table.decide(try header(number))
                    == .duplicate(baseOffset: offset, lastOffset: offset)
            )
        }
        guard case .refuse(.outOfOrderSequence) = table.decide(try header(0)) else {
            Issue.record("the sixth batch back was recognised")
            return
        }
    }

    @Test func `a batch that begins like a known one but is longer is no duplicate`() throws {
        var table = ProducerTable()
        #expect(append(try header(0, count: 2), at: 0, to: &table) == .accept)
        #expect(
            table.decide(try header(0, count: 3))
                == .refuse(.outOfOrderSequence(producerID: 7, expected: 2, found: 0))
        )
    }

    @Test func `sequences go from the largest number to zero`() throws {
        var table = ProducerTable()
        #expect(append(try header(.max), at: 0, to: &table) == .accept)
        #expect(append(try header(0), at: 1, to: &table) == .accept)
        // Across the end: the largest two numbers and 0.
        var second = ProducerTable()
        #expect(append(try header(.max - 1, count: 3), at: 0, to: &second) == .accept)
        #expect(
            second.decide(try header(.max - 1, count: 3))
                == .duplicate(baseOffset: 0, lastOffset: 2)
        )
        #expect(append(try header(1), at: 3, to: &second) == .accept)
    }

    @Test func `an older epoch is fenced and a newer one begins at zero`() throws {
        var table = ProducerTable()
        #expect(append(try header(0, epoch: 3), at: 0, to: &table) == .accept)
        #expect(
            table.decide(try header(1, epoch: 2))
                == .refuse(.invalidProducerEpoch(producerID: 7, current: 3, found: 2))
        )
        #expect(
            table.decide(try header(1, epoch: 4))
                == .refuse(.outOfOrderSequence(producerID: 7, expected: 0, found: 1))
        )
        #expect(append(try header(0, epoch: 4), at: 1, to: &table) == .accept)
        // The batches of the old epoch are forgotten with it.
        guard case .refuse(.invalidProducerEpoch) = table.decide(try header(0, epoch: 3)) else {
            Issue.record("the old epoch still writes")
            return
        }
    }

    @Test func `an unknown producer may begin anywhere`() throws {
        var table = ProducerTable()
        #expect(append(try header(40, epoch: 9), at: 0, to: &table) == .accept)
    }

    @Test func `a round that is taken back leaves nothing`() throws {
        var table = ProducerTable()
        #expect(append(try header(0), at: 0, to: &table) == .accept)
        let before = table.entries
        table.note(try header(1), baseOffset: 1, now: now)
        table.note(try header(2), baseOffset: 2, now: now)
        table.note(try header(0, id: 8), baseOffset: 3, now: now)
        table.rollBackRound()
        #expect(table.entries == before)
    }

    @Test func `a producer is forgotten only when it has been silent long enough`() throws {
        var table = ProducerTable()
        table.replay(try header(0, id: 1), baseOffset: 0, now: Timestamp(milliseconds: 10))
        table.replay(try header(0, id: 2), baseOffset: 1, now: Timestamp(milliseconds: 20))
        table.forget(before: Timestamp(milliseconds: 20))
        #expect(table.entries.keys.sorted() == [2])
    }
}
