internal import Clocks
internal import KafkaProtocol

/// What a partition knows of its idempotent producers: enough to recognise a batch that was sent
/// again.
///
/// Rules: Kafka's KIP-98 and KIP-360 as spec/kafka.md 1.10 lists them. The state is a function of
/// the batches in the log (and of forgetting), so replaying them gives the same table. Not
/// thread-safe: the writer thread owns it.
internal struct ProducerTable: Sendable {
    /// Batches remembered per producer; clients keep at most five in flight.
    static let batchesMax = 5

    /// One remembered batch.
    struct Batch: Equatable, Sendable {
        let firstSequence: Int32
        let lastSequence: Int32
        let baseOffset: Int64
        let lastOffset: Int64
    }

    /// One producer.
    struct Entry: Equatable, Sendable {
        var epoch: Int16
        /// Oldest first.
        var batches: [Batch]
        /// When it last appended, by the log's clock: what producers write into their batches may
        /// be of any time.
        var lastSeen: Timestamp
    }

    private(set) var entries: [Int64: Entry] = [:]
    /// What the entries were before the round, to take it back.
    private var undo: [(producerID: Int64, entry: Entry?)] = []

    enum Decision: Equatable {
        /// The batch is new and in order.
        case accept
        /// The batch was written before, at these offsets.
        case duplicate(baseOffset: Int64, lastOffset: Int64)
        case refuse(AppendError)
    }

    /// What to do with a batch of an idempotent producer. Changes nothing.
    func decide(_ header: RecordBatchHeader) -> Decision {
        guard let entry = entries[header.producerID], let last = entry.batches.last else {
            // Nothing known (new, expired, or its records are gone): any sequence may begin.
            return .accept
        }
        if header.producerEpoch < entry.epoch {
            return .refuse(
                .invalidProducerEpoch(
                    producerID: header.producerID,
                    current: entry.epoch,
                    found: header.producerEpoch
                )
            )
        }
        if header.producerEpoch > entry.epoch {
            return header.baseSequence == 0 ? .accept : refusal(header, expected: 0)
        }
        for batch in entry.batches
        where batch.firstSequence == header.baseSequence
            && batch.lastSequence == header.lastSequence
        {
            return .duplicate(baseOffset: batch.baseOffset, lastOffset: batch.lastOffset)
        }
        // Sequences go from 2^31-1 to 0.
        let expected = last.lastSequence == .max ? 0 : last.lastSequence + 1
        return header.baseSequence == expected ? .accept : refusal(header, expected: expected)
    }

    private func refusal(_ header: RecordBatchHeader, expected: Int32) -> Decision {
        .refuse(
            .outOfOrderSequence(
                producerID: header.producerID,
                expected: expected,
                found: header.baseSequence
            )
        )
    }

    /// Remembers a batch that is being written, until `rollBackRound` or `commitRound`.
    mutating func note(_ header: RecordBatchHeader, baseOffset: Int64, now: Timestamp) {
        undo.append((header.producerID, entries[header.producerID]))
        replay(header, baseOffset: baseOffset, now: now)
    }

    /// Remembers a batch that is in the log.
    mutating func replay(_ header: RecordBatchHeader, baseOffset: Int64, now: Timestamp) {
        guard header.hasProducerID, !header.isControl else { return }
        let batch = Batch(
            firstSequence: header.baseSequence,
            lastSequence: header.lastSequence,
            baseOffset: baseOffset,
            lastOffset: baseOffset + Int64(header.lastOffsetDelta)
        )
        var entry =
            entries[header.producerID]
            ?? Entry(epoch: header.producerEpoch, batches: [], lastSeen: now)
        if entry.epoch != header.producerEpoch {
            entry.epoch = header.producerEpoch
            entry.batches.removeAll(keepingCapacity: true)
        }
        if entry.batches.count == Self.batchesMax { entry.batches.removeFirst() }
        entry.batches.append(batch)
        entry.lastSeen = now
        entries[header.producerID] = entry
    }

    /// Takes over an entry of a snapshot.
    mutating func restore(_ producerID: Int64, _ entry: Entry) { entries[producerID] = entry }

    /// Forgets the producers that were last seen before `moment`. Not during a round.
    mutating func forget(before moment: Timestamp) {
        precondition(undo.isEmpty, "producers are forgotten between rounds")
        if entries.isEmpty { return }
        entries = entries.filter { $0.value.lastSeen >= moment }
    }

    /// Keeps what the round noted.
    mutating func commitRound() { undo.removeAll(keepingCapacity: true) }

    /// Takes back what the round noted.
    mutating func rollBackRound() {
        for (producerID, entry) in undo.reversed() { entries[producerID] = entry }
        undo.removeAll(keepingCapacity: true)
    }
}
