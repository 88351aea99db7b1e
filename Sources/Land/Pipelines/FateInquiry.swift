import Bytes
public import IcebergModel
import KafkaProtocol

/// Finds out what has become of offsets, from checkpoint, log and the tables' own rows, each held
/// against the others: nothing is believed of a record that the log can still tell.
///
/// Belongs to one thread.
public final class FateInquiry<Source: LogSource> {
    /// Offsets that are looked at together: memory is bounded by them.
    public static var windowOffsets: Int64 { 1 << 20 }

    /// Reads in a row in which a log far away delivered nothing in time.
    private static var emptyReadsMax: Int { 30 }

    private let definition: LaneDefinition
    private var selection: Selection
    private let pass: LogPass<Source>

    /// An inquiry into what `definition` has made of the records of `source`.
    public init(of definition: LaneDefinition, in source: Source) {
        self.definition = definition
        selection = Selection(definition)
        pass = LogPass(over: source, definition.limits, emptyReadsMax: Self.emptyReadsMax)
    }

    /// What the tables have of a stretch of offsets.
    public struct Findings: Sendable {
        /// Offsets of rows, ascending.
        public var landed: [Int64]
        /// Offsets of dead letters, ascending.
        public var deadLettered: [Int64]

        /// Rows and dead letters at these offsets.
        public init(landed: [Int64] = [], deadLettered: [Int64] = []) {
            self.landed = landed
            self.deadLettered = deadLettered
        }
    }

    /// Adds what has become of `offsets` to `summary`.
    ///
    /// `progress` is the checkpoint's, nil when it knows nothing of the partition; `bounds` those
    /// of the log. `find` looks into the tables; it is asked once for each window.
    public func summarize(
        _ partition: SourcePartition,
        _ offsets: Range<Int64>,
        progress: PartitionProgress?,
        bounds: SourceBounds,
        into summary: inout FateSummary,
        find: (Range<Int64>) throws -> Findings
    ) throws {
        let progress = progress ?? PartitionProgress(start: bounds.start, next: bounds.start)
        let known = max(bounds.end, progress.covered.ranges.last?.upperBound ?? 0)
        var low = offsets.lowerBound
        // Beyond both log and checkpoint there is nothing to look at one by one.
        let high = min(offsets.upperBound, max(low, known))
        while low < high {
            let window = low..<min(high, low + Self.windowOffsets)
            let fates = try fates(
                partition,
                window,
                progress,
                bounds,
                try find(window),
                &summary.withoutRecord
            )
            var start = 0
            for index in fates.indices where index > start && fates[index] != fates[start] {
                summary.add(fates[start], (low + Int64(start))..<(low + Int64(index)))
                start = index
            }
            summary.add(fates[start], (low + Int64(start))..<window.upperBound)
            low = window.upperBound
        }
        summary.add(.notWritten, max(low, high)..<offsets.upperBound)
    }

    private func fates(
        _ partition: SourcePartition,
        _ window: Range<Int64>,
        _ progress: PartitionProgress,
        _ bounds: SourceBounds,
        _ findings: Findings,
        _ withoutRecord: inout Int64
    ) throws -> [OffsetFate] {
        var fates = positions(of: window, progress, bounds)
        let low = window.lowerBound
        do throws(LaneError) {
            try pass.forEachRecord(of: partition, in: window.clamped(to: bounds.present)) {
                (step, offset, _) throws(LaneError) in
                let index = Int(offset - low)
                guard fates[index] == .noRecord else { return }
                let rows = progress.mended[offset] ?? selection.rows(of: step)
                fates[index] = (rows?.count ?? 0) == 0 ? .filtered : .missing
            }
        } catch {
            if case .source(let error) = error { throw error }
            throw error
        }
        func find(_ offsets: [Int64], _ fate: OffsetFate) {
            for offset in offsets {
                let told = fates[Int(offset - low)]
                if told == .noRecord || told == .expired { withoutRecord += 1 }
                fates[Int(offset - low)] = fate
            }
        }
        find(findings.deadLettered, .deadLetter)
        find(findings.landed, .landed)
        if !progress.discards.isEmpty {
            for index in fates.indices where fates[index] == .missing {
                let offset = low + Int64(index)
                if progress.discards.records(from: offset, through: offset) > 0 {
                    fates[index] = .discarded
                }
            }
        }
        return fates
    }

    /// What checkpoint and log's bounds say. Where only the record can tell it is `noRecord`.
    private func positions(
        of window: Range<Int64>,
        _ progress: PartitionProgress,
        _ bounds: SourceBounds
    ) -> [OffsetFate] {
        let covered = progress.covered.clamped(to: window)
        var fates: [OffsetFate] = []
        fates.reserveCapacity(window.count)
        func add(_ fate: OffsetFate, upTo offset: Int64) {
            let end = min(window.upperBound, offset)
            let count = Int(end - window.lowerBound) - fates.count
            if count > 0 { fates += repeatElement(fate, count: count) }
        }
        func addHole(upTo end: Int64) {
            add(.expired, upTo: min(end, bounds.start))
            add(.skipped, upTo: min(end, progress.next))
            add(.pending, upTo: min(end, bounds.end))
            add(.notWritten, upTo: end)
        }
        for range in covered.ranges {
            addHole(upTo: range.lowerBound)
            add(.expired, upTo: min(range.upperBound, bounds.start))
            add(.noRecord, upTo: range.upperBound)
        }
        addHole(upTo: window.upperBound)
        return fates
    }

    /// Why the record at `place` is no row, in the words of the dead-letter table: found by landing
    /// it into a table with the columns of `schema` that is not there. Nil when it would be a row
    /// now, or left out by `where`.
    public func complaint(
        at place: RecordPlace,
        schema: Schema
    ) throws -> (reason: String, detail: String)? {
        var letter: DeadLetter?
        do throws(LaneError) {
            try pass.forEachRecord(of: place.partition, in: place.offset..<(place.offset + 1)) {
                (step, offset, timestamp) throws(LaneError) in
                letter = DeadLetter(step, at: place, timestamp: timestamp)
            }
            guard let letter else { return nil }
            let rehearsal = Rehearsal(definition: definition, schema: schema)
            guard let outcome = try rehearsal.outcomes(of: [letter], with: pass.walk).first else {
                return nil
            }
            switch outcome.result {
            case .failed(let reason, let detail, _): return (reason, detail)
            case .landed where definition.transform != nil:
                return ("sql", "the pipeline's SQL makes no row of it")
            case .landed, .filtered, .gone: return nil
            }
        } catch {
            if case .source(let error) = error { throw error }
            throw error
        }
    }
}

extension SourceBounds {
    /// What can be read.
    fileprivate var present: Range<Int64> { start..<max(start, end) }
}

extension DeadLetter {
    /// A record of the log as a letter, to be tried.
    fileprivate init(_ step: borrowing WalkStep, at place: RecordPlace, timestamp: Int64) {
        switch step {
        case .unreadable(_, let raw):
            self.init(
                place: place,
                timestampMilliseconds: timestamp,
                reason: Complaint.unreadable,
                key: nil,
                value: Self.bytes(raw)
            )
        case .record(let record, _):
            self.init(
                place: place,
                timestampMilliseconds: timestamp,
                reason: "",
                key: Self.bytes(record.key),
                value: Self.bytes(record.value),
                headers: LetterHeader.text(of: record).map(LetterHeader.parse) ?? []
            )
        }
    }

    private static func bytes(_ span: RawSpan?) -> [UInt8]? {
        if let span { Array(copying: span) } else { nil }
    }
}
