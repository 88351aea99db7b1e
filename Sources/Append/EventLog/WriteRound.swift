internal import Bytes
internal import Clocks
internal import Files
internal import KafkaProtocol
internal import Synchronization

/// One round of the writer: decide where every batch goes, write, make durable, publish.
///
/// Either all of a partition's batches of the round are kept or none. Owned by the writer thread.
internal struct WriteRound<FS: FileSystem>: ~Copyable {
    /// What became of one entry before anything was written.
    private enum Outcome {
        case refused(AppendError)
        case placed(baseOffset: Int64, lastOffset: Int64)
        case duplicate(baseOffset: Int64, lastOffset: Int64)
    }

    private let storage: RoundStorage<FS>
    /// For every entry of the round, in order.
    private var outcomes: [Outcome] = []
    /// The time of the round.
    private var now = Timestamp(milliseconds: 0)
    /// The partitions with something to write.
    private var touched: [Partition<FS>] = []

    init(storage: RoundStorage<FS>) { self.storage = storage }

    /// Does the round. Returns the reason when the log must stop: a sync failed.
    mutating func perform(_ appends: [QueuedAppend<FS>], now: Timestamp) -> String? {
        self.now = now
        outcomes.removeAll(keepingCapacity: true)
        for append in appends {
            for entry in append.entries { outcomes.append(place(entry)) }
        }
        var fatal: String?
        do throws(StorageFailure) {
            try storage.write(touched)
        } catch {
            fatal = error.reason
            storage.takeBack(touched)
            for partition in touched { partition.tail.round.failure = .storage(error.reason) }
        }
        for partition in touched { partition.finishRound() }
        return fatal
    }

    /// Refuses everything. For a log that has failed.
    mutating func refuse(_ appends: [QueuedAppend<FS>], because error: AppendError) {
        outcomes.removeAll(keepingCapacity: true)
        for append in appends {
            for _ in append.entries { outcomes.append(.refused(error)) }
        }
    }

    /// Tells every producer. Comes after `perform` or `refuse`.
    mutating func complete(_ appends: [QueuedAppend<FS>]) {
        var number = 0
        for append in appends {
            var results: [AppendResult] = []
            results.reserveCapacity(append.entries.count)
            for entry in append.entries {
                results.append(result(of: outcomes[number], entry.partition))
                number += 1
            }
            append.completion(results)
        }
        for partition in touched { partition.tail.round.removeAll() }
        touched.removeAll(keepingCapacity: true)
    }

    private func result(of outcome: Outcome, _ partition: Partition<FS>) -> AppendResult {
        let range: (Int64, Int64)
        let isDuplicate: Bool
        switch outcome {
        case .refused(let error): return .failure(error)
        case .placed(let base, let last): (range, isDuplicate) = ((base, last), false)
        case .duplicate(let base, let last): (range, isDuplicate) = ((base, last), true)
        }
        // Both kinds count only as far as the round was kept: a duplicate may be one of a batch of
        // this very round.
        if let failure = partition.tail.round.failure, range.1 >= partition.tail.nextOffset {
            return .failure(failure)
        }
        return .success(
            Appended(
                baseOffset: range.0,
                lastOffset: range.1,
                logStartOffset: partition.logStartOffset,
                isDuplicate: isDuplicate
            )
        )
    }

    /// Gives an entry its offsets, or refuses it.
    private mutating func place(_ entry: QueuedEntry<FS>) -> Outcome {
        let first: RecordBatchHeader
        switch entry.first {
        case .failure(let error): return .refused(error)
        case .success(let header): first = header
        }
        let tail = entry.partition.tail
        if tail.isDeleted { return .refused(.deleted) }
        if first.hasProducerID {
            switch tail.producers.decide(first) {
            case .accept: break
            case .refuse(let error): return .refused(error)
            case .duplicate(let base, let last):
                return .duplicate(baseOffset: base, lastOffset: last)
            }
        }
        if tail.round.batches.isEmpty { touched.append(entry.partition) }
        let base = tail.roundNextOffset
        var offset = base
        var position = entry.slice.range.lowerBound
        tail.place(first, offset, entry.slice.slab, &position, now)
        offset += Int64(first.lastOffsetDelta) + 1
        for header in entry.more {
            tail.place(header, offset, entry.slice.slab, &position, now)
            offset += Int64(header.lastOffsetDelta) + 1
        }
        tail.round.slices.append(entry.slice)
        tail.round.bytes += entry.slice.count
        return .placed(baseOffset: base, lastOffset: offset - 1)
    }
}

extension PartitionTail {
    /// Gives one batch its offset, in the producer's own bytes, and moves `position` behind it.
    internal func place(
        _ header: RecordBatchHeader,
        _ offset: Int64,
        _ slab: Slab,
        _ position: inout Int,
        _ now: Timestamp
    ) {
        slab.setBatch(baseOffset: offset, at: position)
        position += header.totalSize
        round.batches.append(PlacedBatch(header: header, baseOffset: offset))
        if header.hasProducerID { producers.note(header, baseOffset: offset, now: now) }
    }
}

extension Partition {
    /// Makes what the round wrote part of the log, or forgets it. Writer thread.
    internal func finishRound() {
        guard tail.round.failure == nil, let segment = tail.segments.last else {
            tail.producers.rollBackRound()
            return
        }
        segment.note(tail.round.batches, from: tail.size)
        tail.nextOffset = tail.roundNextOffset
        tail.size += Int64(tail.round.bytes)
        tail.isChanged = true
        segment.size.store(tail.size, ordering: .releasing)
        tail.producers.commitRound()
        publish()
    }
}
