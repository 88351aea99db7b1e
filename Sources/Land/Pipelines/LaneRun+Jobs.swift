import Clocks
import Telemetry
import Threads

/// A job under way: what of it is left to read.
struct ActiveJob {
    struct Hole {
        let partition: SourcePartition
        var range: Range<Int64>
    }

    let job: LaneJob
    /// Where landing must come to, by partition.
    var ends: [SourcePartition: Int64] = [:]
    /// Ranges to read besides; the last one comes first.
    var holes: [Hole] = []
    /// The totals when the job began.
    var before: PartitionProgress
    var expired: Int64 = 0
    /// What became of the letters of a replay.
    var letters: [LetterOutcome] = []
    var rewind = RewindSummary()

    init(_ job: LaneJob, before: PartitionProgress) {
        self.job = job
        self.before = before
    }

    /// True when everything was read that belongs to the job.
    func isRead(in reached: CommitMarker) -> Bool {
        holes.isEmpty
            && ends.allSatisfy { partition, end in
                (reached.progress(in: partition)?.next ?? 0) >= end
            }
    }

    /// The log ends before where it seemed to when the job began: a source that fetches ahead does
    /// not know whether what waits there is a record until it is read.
    mutating func lowerEnd(of partition: SourcePartition, to end: Int64) {
        if let known = ends[partition], known > end { ends[partition] = end }
    }

    mutating func shrinkHole(to offset: Int64) {
        guard let last = holes.indices.last else { return }
        let range = holes[last].range
        if offset >= range.upperBound {
            holes.removeLast()
        } else {
            holes[last].range = offset..<range.upperBound
        }
    }

    func note(read count: Int64) {
        job.report { $0.done = min($0.total, $0.done + count) }
    }
}

extension LaneRun {
    /// Takes the next job up, if there is one and none is under way.
    mutating func beginJob() throws(LaneError) {
        guard job == nil, let next = lane.nextJob() else { return }
        // What was read before is not the job's.
        try commit()
        guard isCommitted else { return }
        var active = ActiveJob(next, before: committed.totals)
        if let missing = try missingPartition(for: next.work) {
            let reason = LogSourceError.unknownPartition(missing).description
            return lane.finish(next, .failed(reason: reason))
        }
        switch next.work {
        case .drain:
            for partition in try ownPartitions() {
                active.ends[partition] = try bounds(of: partition).end
            }
        case .backfill(let ranges):
            for (partition, range) in ranges where ownership.contains(partition) {
                try plan(range, of: partition, in: &active)
            }
        case .skip(let positions):
            for (partition, offset) in positions where ownership.contains(partition) {
                try skip(to: offset, in: partition)
            }
        case .replay(let replay):
            do { active.letters = try self.replay(replay) } catch {
                return try giveUp(next, because: error)
            }
        case .rewind(let rewind):
            do { active.rewind = try self.rewind(rewind) } catch {
                return try giveUp(next, because: error)
            }
            active.before = committed.totals
        }
        let total = active.ends.reduce(active.holes.reduce(0) { $0 + Int64($1.range.count) }) {
            $0 + max(0, $1.value - (reached.progress(in: $1.key)?.next ?? 0))
        }
        next.report {
            $0 = JobProgress()
            $0.hasBegun = true
            $0.total = total
        }
        job = active
    }

    /// A partition that is named and is not there: the lane would come back to the job for ever.
    private mutating func missingPartition(
        for work: LaneJob.Work
    ) throws(LaneError) -> SourcePartition? {
        let named: Set<SourcePartition>
        switch work {
        case .backfill(let ranges): named = Set(ranges.keys)
        case .skip(let positions): named = Set(positions.keys)
        case .rewind(let rewind): named = Set(rewind.positions.keys)
        case .drain, .replay: return nil
        }
        return named.filter(ownership.contains).subtracting(try ownPartitions()).min()
    }

    /// The partitions there are now that this run lands.
    private mutating func ownPartitions() throws(LaneError) -> [SourcePartition] {
        try currentTopics().flatMap { topic in
            (0..<Int32(topic.partitionCount)).map {
                SourcePartition(topic: topic.name, index: $0)
            }
        }.filter(ownership.contains)
    }

    /// Divides a range that was asked for: what lies where landing goes on anyway is waited for,
    /// the other holes are read.
    private mutating func plan(
        _ range: Range<Int64>,
        of partition: SourcePartition,
        in active: inout ActiveJob
    ) throws(LaneError) {
        let bounds = try bounds(of: partition)
        let progress =
            reached.progress(in: partition)
            ?? PartitionProgress(start: bounds.start, next: bounds.start)
        let present = bounds.start..<max(bounds.start, bounds.end)
        let gone = progress.covered.holes(in: range.clamped(to: 0..<max(0, present.lowerBound)))
        active.expired += gone.reduce(0) { $0 + Int64($1.count) }
        let there = range.clamped(to: present)
        // Divided where landing stands, though nothing may be landed there yet: what lies ahead is
        // not to be read twice.
        for hole in progress.covered.holes(in: there.clamped(to: 0..<progress.next)) {
            active.holes.append(.init(partition: partition, range: hole))
        }
        for hole in progress.covered.holes(in: there.clamped(to: progress.next..<Int64.max)) {
            if definition.mode == .stream || hole.lowerBound == progress.next {
                active.ends[partition] = max(active.ends[partition] ?? 0, hole.upperBound)
            } else {
                active.holes.append(.init(partition: partition, range: hole))
            }
        }
    }

    /// Moves landing to `offset`, forwards only: rows that are there already would be doubled.
    private mutating func skip(
        to offset: Int64,
        in partition: SourcePartition
    ) throws(LaneError) {
        let bounds = try bounds(of: partition)
        var progress =
            reached.progress(in: partition)
            ?? PartitionProgress(start: bounds.start, next: bounds.start)
        guard offset > progress.next else { return }
        progress.skip(to: min(offset, bounds.end))
        isMoved = true
        reached.topics[partition.topic]?.partitions[partition.index] = progress
    }

    /// Everything of the job is committed.
    mutating func finishJob() {
        guard let active = job else { return }
        job = nil
        let totals = committed.totals
        var summary = JobSummary()
        summary.landed = totals.landed - active.before.landed
        summary.filtered = totals.filtered - active.before.filtered
        // A replay takes some out of the dead letters.
        summary.deadLettered = max(0, totals.deadLettered - active.before.deadLettered)
        summary.expired = active.expired
        summary.letters = active.letters
        summary.rewind = active.rewind
        lane.finish(active.job, .done(summary))
    }
}

extension Lane {
    /// Asks for a job; it is done after those asked for before.
    public func ask(_ job: LaneJob) {
        let isTaken = control.update { state in
            if state.isStopping || state.hasEnded { return false }
            state.jobs.append(job)
            return true
        }
        if !isTaken {
            job.finish(.failed(reason: status.state.reason ?? "the pipeline is not running"))
        }
    }

    /// The job to do now. It stays first in the queue until it is finished, so that a failure in
    /// between does not forget it.
    func nextJob() -> LaneJob? { control.withLock { $0.jobs.first } }

    func finish(_ job: LaneJob, _ outcome: LaneJob.Outcome) {
        control.update { state in state.jobs.removeAll { $0 === job } }
        job.finish(outcome)
    }

    /// The lane ends: what it was asked for and has not done, it will not do.
    func refuseJobs(_ reason: String) {
        let left = control.update { state in
            defer { state.jobs = [] }
            state.hasEnded = true
            return state.jobs
        }
        for job in left { job.finish(.failed(reason: reason)) }
    }

    /// Sleeps until the lane is asked for something; a watching lane looks at the log meanwhile and
    /// asks itself.
    func waitForJob(_ ownership: Ownership) {
        var longest = Duration.seconds(3600)
        if case .watch(let trigger) = definition.mode {
            if let reason = trigger.reason(for: backlog(), now: clock.now()) {
                logger.info("starts a run", ["because": reason])
                return ask(LaneJob(.drain))
            }
            longest = trigger.poll
        }
        _ = control.wait(timeout: longest) { state in
            state.mustEnd(ownership) || !state.jobs.isEmpty ? true : nil
        }
    }
}
