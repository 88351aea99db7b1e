import Bytes
import Clocks
import Telemetry
import Threads

/// One run of a lane: from taking the table over to the stop or the first failure. Confined to the
/// lane's thread.
struct LaneRun<Source: LogSource, Committer: TableCommitter, Time: WallClock & MonotonicClock>:
    ~Copyable
{
    let lane: Lane<Source, Committer, Time>
    /// The partitions this run lands.
    let ownership: Ownership
    /// The marker in force in the table.
    var committed: CommitMarker
    /// The marker as it will be when everything read so far is committed.
    var reached: CommitMarker
    var landing: Landing<Committer>
    /// The job that is under way.
    var job: ActiveJob?
    let walk: RecordWalk
    private let selectors: [TopicSelector]
    /// When the oldest uncommitted record was read; nil when everything is committed.
    private var waitingSince: MonotonicInstant?
    private var recordsWaiting: Int64 = 0
    /// The checkpoint was moved by hand since the last commit.
    var isMoved = false
    /// There is something to read, and other lanes read it first.
    private var isHeldBack = false

    var definition: LaneDefinition { lane.definition }

    /// Takes the table over and gets ready to go on from its checkpoint.
    init(
        _ lane: Lane<Source, Committer, Time>,
        ownership: Ownership = .all
    ) throws(LaneError) {
        let version = try lane.takeOver(ownership)
        guard let marker = version.marker else {
            throw .diverged("the table \(version.table) lost its marker while it was taken over")
        }
        let landing = try Landing(
            definition: lane.definition,
            committer: lane.committer,
            main: version,
            epoch: marker.epoch,
            pool: lane.pool
        )
        self.lane = lane
        self.ownership = ownership
        self.landing = landing
        committed = marker
        reached = marker
        walk = RecordWalk(batchBytesMax: lane.definition.limits.batchBytesMax)
        selectors = lane.definition.selectors
        lane.report { $0.committed = marker }
    }

    /// Reads, lands and commits until the lane is asked to stop or to land other partitions.
    mutating func untilStopped() throws(LaneError) {
        var chunk = ByteBuffer(capacity: definition.limits.chunkBytesMax + (1 << 16))
        do {
            while true {
                switch try turn(&chunk) {
                case .moved: continue
                case .idle: waitForNews()
                case .ended: return
                }
            }
        } catch {
            // What was not committed is read again; its files must not stay behind.
            landing.abandon()
            throw error
        }
    }

    /// What a turn came to.
    enum Turn {
        /// Something was done, and there may be more.
        case moved
        /// There is nothing to do just now.
        case idle
        /// The run has committed and let go.
        case ended
    }

    /// One turn: a chunk of every partition, the commit if it is due. Never waits for anything but
    /// log and table, so that a simulation can turn it, too.
    mutating func turn(_ chunk: inout ByteBuffer) throws(LaneError) -> Turn {
        try beginJob()
        if let pause = landing.pause { return try end(for: pause) }
        let hasMoved = try readRound(into: &chunk)
        let isEnding = lane.control.withLock { $0.mustEnd(ownership) }
        let isJobRead = job?.isRead(in: reached) ?? false
        if isEnding || isJobRead || isCommitDue { try commit() }
        let isJobDone = isJobRead && isCommitted
        if isJobDone { finishJob() }
        if isEnding {
            // What could not be confirmed is read again by the next run.
            if !isCommitted { landing.abandon() }
            return .ended
        }
        return hasMoved || isJobDone ? .moved : .idle
    }

    /// A record is not to be passed: what lies before it is committed, then the run fails.
    private mutating func end(for pause: LaneError) throws(LaneError) -> Turn {
        try commit()
        if isCommitted { throw pause }
        guard lane.control.withLock({ $0.mustEnd(ownership) }) else { return .idle }
        landing.abandon()
        return .ended
    }

    /// True when everything read is committed, and every move of the checkpoint.
    var isCommitted: Bool { waitingSince == nil && !isMoved }

    private var isCommitDue: Bool {
        guard let since = waitingSince else { return false }
        return landing.hasFullFile || lane.clock.now() - since >= definition.freshness
    }

    // Reading

    /// Lands one chunk of every partition that has something. True when there was any.
    private mutating func readRound(into chunk: inout ByteBuffer) throws(LaneError) -> Bool {
        lane.control.withLock { $0.hasNews = false }
        isHeldBack = false
        var hasMoved = false
        if definition.mode == .stream || job != nil {
            for topic in try currentTopics() {
                for index in 0..<Int32(topic.partitionCount) {
                    let partition = SourcePartition(topic: topic.name, index: index)
                    guard ownership.contains(partition) else { continue }
                    if try readNext(of: partition, into: &chunk) { hasMoved = true }
                }
            }
        }
        if let hole = job?.holes.last {
            try readHole(hole, into: &chunk)
            hasMoved = true
        }
        return hasMoved
    }

    /// The topics as they are now; one that is not there yet is waited for, one that was made anew
    /// ends the lane.
    mutating func currentTopics() throws(LaneError) -> [SourceTopic] {
        let topics = lane.source.topics(selectedBy: selectors)
        for topic in topics {
            if let known = reached.topics[topic.name] {
                try check(topic.name, known: known.topicID, found: topic.id)
            } else {
                reached.topics[topic.name] = TopicProgress(topicID: topic.id)
            }
        }
        return topics
    }

    private func check(_ name: String, known: String, found: String) throws(LaneError) {
        guard known != found else { return }
        throw .diverged(
            "the topic \(name) was deleted and made anew (\(known), now \(found)): its offsets "
                + "begin again and the table \(definition.table) holds rows of the old one; "
                + "land it into another table"
        )
    }

    /// Asks the log whether the topics are still the ones that were read. False when it does not
    /// answer: what was read has to wait.
    private func confirmTopics() throws(LaneError) -> Bool {
        let found: [String: String]
        do {
            found = try lane.source.identities(of: Array(reached.topics.keys))
        } catch {
            lane.report { $0.state = .retrying(reason: error.description) }
            return false
        }
        for (name, id) in found {
            if let known = reached.topics[name] { try check(name, known: known.topicID, found: id) }
        }
        return true
    }

    func bounds(of partition: SourcePartition) throws(LaneError) -> SourceBounds {
        do { return try lane.source.bounds(of: partition) } catch { throw .source(error) }
    }

    /// Lands a chunk where the partition's landing stands.
    private mutating func readNext(
        of partition: SourcePartition,
        into chunk: inout ByteBuffer
    ) throws(LaneError) -> Bool {
        let bounds = try bounds(of: partition)
        var progress =
            reached.progress(in: partition)
            ?? PartitionProgress(start: bounds.start, next: bounds.start)
        if progress.next >= bounds.end, lane.source.trouble == nil {
            job?.lowerEnd(of: partition, to: bounds.end)
        }
        var limit = progress.limit
        // A run ends where the log ended when it was asked for, whatever comes meanwhile.
        if definition.mode != .stream { limit = min(limit, job?.ends[partition] ?? 0) }
        guard progress.next < min(bounds.end, limit) else { return false }
        let before = progress.next
        guard try landShared(partition, upTo: limit, &progress, into: &chunk) else { return false }
        progress.absorb()
        note(progress, of: partition, read: progress.next - before)
        return true
    }

    /// Lands a chunk of a range that was asked for.
    private mutating func readHole(
        _ hole: ActiveJob.Hole,
        into chunk: inout ByteBuffer
    ) throws(LaneError) {
        let range = hole.range
        var piece = PartitionProgress(start: range.lowerBound, next: range.lowerBound)
        guard try land(hole.partition, upTo: range.upperBound, &piece, into: &chunk) else {
            throw .source(.unavailable("the log has nothing at offset \(range.lowerBound)"))
        }
        let bounds = try bounds(of: hole.partition)
        var progress =
            reached.progress(in: hole.partition)
            ?? PartitionProgress(start: bounds.start, next: bounds.start)
        progress.cover(range.lowerBound..<piece.next)
        progress.add(countsOf: piece)
        note(progress, of: hole.partition, read: piece.next - range.lowerBound)
        job?.shrinkHole(to: piece.next)
    }

    /// Lands a chunk that was read together with other lanes, if there are any near.
    private mutating func landShared(
        _ partition: SourcePartition,
        upTo limit: Int64,
        _ progress: inout PartitionProgress,
        into chunk: inout ByteBuffer
    ) throws(LaneError) -> Bool {
        guard let (reading, seat) = lane.shared else {
            return try land(partition, upTo: limit, &progress, into: &chunk)
        }
        let found: SharedReading<Source>.Reading
        do {
            found = try reading.next(
                of: partition,
                from: progress.next,
                for: seat,
                limits: definition.limits,
                now: lane.clock.now()
            )
        } catch { throw .source(error) }
        switch found {
        case .alone:
            return try land(partition, upTo: limit, &progress, into: &chunk)
        case .later:
            isHeldBack = true
            return false
        case .chunk(let chunk, let route):
            try landing.land(
                chunk,
                route: route,
                of: partition,
                with: walk,
                upTo: limit,
                progress: &progress
            )
            return true
        }
    }

    private mutating func land(
        _ partition: SourcePartition,
        upTo limit: Int64,
        _ progress: inout PartitionProgress,
        into chunk: inout ByteBuffer
    ) throws(LaneError) -> Bool {
        chunk.removeAll()
        do {
            _ = try lane.source.read(
                partition,
                from: progress.next,
                bytesMax: definition.limits.chunkBytesMax,
                into: &chunk
            )
        } catch {
            // What lies before a place that cannot be read is worth keeping, whoever decides about
            // the place.
            if !LaneError.source(error).isRetriable(for: ownership) { try commit() }
            throw .source(error)
        }
        guard !chunk.isEmpty else { return false }
        try landing.land(
            chunk.bytes,
            of: partition,
            with: walk,
            upTo: limit,
            progress: &progress
        )
        return true
    }

    private mutating func note(
        _ progress: PartitionProgress,
        of partition: SourcePartition,
        read count: Int64
    ) {
        reached.topics[partition.topic]?.partitions[partition.index] = progress
        recordsWaiting += count
        if waitingSince == nil { waitingSince = lane.clock.now() }
        job?.note(read: count)
        let waiting = recordsWaiting
        lane.report { $0.pending = waiting }
    }

    /// Sleeps until there is something to read, a commit is due, or the lane is asked for
    /// something.
    private func waitForNews() {
        guard definition.mode == .stream || job != nil else { return lane.waitForJob(ownership) }
        var positions: [SourcePartition: Int64] = [:]
        for (name, topic) in reached.topics {
            let count = lane.source.topic(named: name)?.partitionCount ?? 0
            for index in 0..<Int32(count) {
                let partition = SourcePartition(topic: name, index: index)
                if ownership.contains(partition) {
                    positions[partition] = topic.partitions[index]?.next ?? 0
                }
            }
        }
        let control = lane.control
        let ownership = ownership
        // The log has news all the time for a lane that is held back; the others wake it.
        if !isHeldBack { lane.restFromReading() }
        let notification =
            isHeldBack
            ? nil
            : lane.source.notify(when: positions) {
                control.update { $0.hasNews = true }
            }
        // New topics and partitions announce themselves to nobody: look again after a second.
        var longest = Duration.seconds(1)
        if let since = waitingSince {
            let due = since + definition.freshness - lane.clock.now()
            // A commit that is due and waits for the log to answer is tried again now and then.
            longest = due > .zero ? min(longest, due) : definition.limits.retryPause.lowerBound
        }
        if longest > .zero {
            let isIdle = job == nil
            _ = control.wait(timeout: longest) { state in
                let isAsked = state.mustEnd(ownership) || (isIdle && !state.jobs.isEmpty)
                return isAsked || state.hasNews ? true : nil
            }
        }
        if let notification { lane.source.cancel(notification) }
        reportTrouble()
    }

    /// Tells people when the log stops answering, and when it answers again.
    private func reportTrouble() {
        let trouble = lane.source.trouble
        let state: LaneState = trouble.map { .retrying(reason: $0) } ?? .running
        guard lane.status.state != state else { return }
        lane.report { $0.state = state }
        if let trouble { lane.logger.warning("the log does not answer", ["reason": trouble]) }
    }

    // Committing

    /// Commits everything read so far; does nothing when that is committed already.
    mutating func commit() throws(LaneError) {
        guard !isCommitted, try confirmTopics() else { return }
        lane.restFromReading()
        // Whoever rests is not woken: it asks again after the commit.
        if isHeldBack { lane.control.update { $0.hasNews = true } }
        let started: MonotonicInstant = lane.clock.now()
        try commitReached()
        let totals = committed.totals
        lane.logger.debug(
            "committed",
            [
                "sequence": committed.sequence, "records": recordsWaiting, "landed": totals.landed,
                "seconds": (lane.clock.now() - started).text,
            ]
        )
        waitingSince = nil
        recordsWaiting = 0
        isMoved = false
        reportCommit()
    }

    /// Tells that everything that was read is committed.
    func reportCommit() {
        let marker = committed
        let moment: Timestamp = lane.clock.now()
        lane.report {
            $0.committed = marker
            $0.pending = 0
            $0.lastCommit = moment
        }
        lane.source.remember(marker.positions)
        lane.afterCommit()
    }
}
