internal import KafkaProtocol

/// Where to begin looking inside one segment: a sparse list of batches by offset, and one by time.
///
/// An entry stands for a batch; the next one comes at least `intervalBytes` later. Everything here
/// can be made again from the segment's batches. Not thread-safe: the segment guards it.
internal struct SegmentIndex: Sendable {
    /// A batch: its first offset after the segment's, and where it begins.
    struct OffsetEntry: Equatable, Sendable {
        let relativeOffset: UInt32
        let position: UInt32
    }

    /// The largest timestamp of the batches up to a batch, that batch included.
    struct TimeEntry: Equatable, Sendable {
        let timestamp: Int64
        /// First offset, after the segment's, of the batch that holds it.
        let relativeOffset: UInt32
        /// Where that batch begins.
        let position: UInt32
    }

    let baseOffset: Int64
    let intervalBytes: Int
    var offsets: [OffsetEntry] = []
    var times: [TimeEntry] = []
    /// The largest timestamp of all batches, or -1.
    var maxTimestamp: Int64 = -1
    var largest: TimeEntry?
    var bytesSinceEntry = 0

    init(baseOffset: Int64, intervalBytes: Int) {
        self.baseOffset = baseOffset
        self.intervalBytes = intervalBytes
    }

    /// Takes note of the batch at `position`, which follows all those noted before.
    mutating func note(_ header: RecordBatchHeader, baseOffset batchOffset: Int64, position: Int64)
    {
        let relative = UInt32(truncatingIfNeeded: batchOffset - baseOffset)
        let place = UInt32(truncatingIfNeeded: position)
        if header.maxTimestamp > maxTimestamp {
            maxTimestamp = header.maxTimestamp
            largest = TimeEntry(
                timestamp: maxTimestamp,
                relativeOffset: relative,
                position: place
            )
        }
        if position > 0 && bytesSinceEntry >= intervalBytes {
            offsets.append(OffsetEntry(relativeOffset: relative, position: place))
            noteTime()
            bytesSinceEntry = 0
        }
        bytesSinceEntry += header.totalSize
    }

    /// Adds the largest timestamp so far, as is done at each entry and when the segment is closed.
    mutating func noteTime() {
        if let largest, largest.timestamp > (times.last?.timestamp ?? .min) {
            times.append(largest)
        }
    }

    /// Where to begin looking for `offset`: the start of a batch that is not behind it.
    func position(for offset: Int64) -> Int64 {
        var low = 0
        var high = offsets.count
        let relative = offset - baseOffset
        while low < high {
            let middle = (low + high) / 2
            if Int64(offsets[middle].relativeOffset) <= relative {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low == 0 ? 0 : Int64(offsets[low - 1].position)
    }

    /// Where to begin looking for the first batch with a timestamp of at least `timestamp`: no such
    /// batch lies before.
    func position(forTimestamp timestamp: Int64) -> Int64 {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle].timestamp < timestamp {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low == 0 ? 0 : Int64(times[low - 1].position)
    }
}
