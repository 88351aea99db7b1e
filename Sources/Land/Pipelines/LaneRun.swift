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
    /// The marker in force in the table.
    var committed: CommitMarker
    /// The marker as it will be when everything read so far is committed.
    var reached: CommitMarker
    var landing: Landing<Committer>
    private let walk: RecordWalk
    private let selectors: [TopicSelector]
    /// When the oldest uncommitted record was read; nil when everything is committed.
    private var waitingSince: MonotonicInstant?
    private var recordsWaiting: Int64 = 0

    var definition: LaneDefinition { lane.definition }

    /// Takes the table over and gets ready to go on from its checkpoint.
    init(_ lane: Lane<Source, Committer, Time>) throws(LaneError) {
        let version = try lane.takeOver()
        guard let marker = version.marker else {
            throw .diverged("the table \(version.table) lost its marker while it was taken over")
        }
        let landing = try Landing(
            definition: lane.definition,
            committer: lane.committer,
            main: version
        )
        self.lane = lane
        self.landing = landing
        committed = marker
        reached = marker
        walk = RecordWalk(batchBytesMax: lane.definition.limits.batchBytesMax)
        selectors = lane.definition.selectors
        lane.report { $0.committed = marker }
    }

    /// Reads, lands and commits until the lane is asked to stop.
    mutating func untilStopped() throws(LaneError) {
        var chunk = ByteBuffer(capacity: definition.limits.chunkBytesMax + (1 << 16))
        do {
            while true {
                let hasMoved = try readRound(into: &chunk)
                let isStopping = lane.control.withLock { $0.isStopping }
                if isStopping || isCommitDue { try commit() }
                if isStopping {
                    // What could not be confirmed is read again by the next run.
                    if waitingSince != nil { landing.abandon() }
                    return
                }
                if !hasMoved { waitForNews() }
            }
        } catch {
            // What was not committed is read again; its files must not stay behind.
            landing.abandon()
            throw error
        }
    }

    private var isCommitDue: Bool {
        guard let since = waitingSince else { return false }
        return landing.hasFullFile || lane.clock.now() - since >= definition.freshness
    }

    /// Lands one chunk of every partition that has something. True when there was any.
    private mutating func readRound(into chunk: inout ByteBuffer) throws(LaneError) -> Bool {
        lane.control.withLock { $0.hasNews = false }
        var hasMoved = false
        for topic in try currentTopics() {
            for index in 0..<Int32(topic.partitionCount) {
                let partition = SourcePartition(topic: topic.name, index: index)
                if try readChunk(of: partition, into: &chunk) { hasMoved = true }
            }
        }
        return hasMoved
    }

    /// The topics as they are now; one that is not there yet is waited for, one that was made anew
    /// ends the lane.
    private mutating func currentTopics() throws(LaneError) -> [SourceTopic] {
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

    private mutating func readChunk(
        of partition: SourcePartition,
        into chunk: inout ByteBuffer
    ) throws(LaneError) -> Bool {
        let bounds: SourceBounds
        do { bounds = try lane.source.bounds(of: partition) } catch { throw .source(error) }
        var progress = reached.progress(in: partition) ?? PartitionProgress(next: bounds.start)
        guard progress.next < bounds.end else { return false }
        chunk.removeAll()
        do {
            _ = try lane.source.read(
                partition,
                from: progress.next,
                bytesMax: definition.limits.chunkBytesMax,
                into: &chunk
            )
        } catch { throw .source(error) }
        guard !chunk.isEmpty else { return false }
        let before = progress.next
        try landing.land(chunk.bytes, of: partition, with: walk, progress: &progress)
        reached.topics[partition.topic]?.partitions[partition.index] = progress
        recordsWaiting += progress.next - before
        if waitingSince == nil { waitingSince = lane.clock.now() }
        lane.report { $0.pending = recordsWaiting }
        return true
    }

    /// Sleeps until there is something to read, a commit is due, or the lane is to stop.
    private func waitForNews() {
        var positions: [SourcePartition: Int64] = [:]
        for (name, topic) in reached.topics {
            for (index, progress) in topic.partitions {
                positions[SourcePartition(topic: name, index: index)] = progress.next
            }
            let count = lane.source.topic(named: name)?.partitionCount ?? 0
            for index in 0..<Int32(count) where topic.partitions[index] == nil {
                positions[SourcePartition(topic: name, index: index)] = 0
            }
        }
        let control = lane.control
        let notification = lane.source.notify(when: positions) {
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
            _ = control.wait(timeout: longest) { $0.isStopping || $0.hasNews ? true : nil }
        }
        lane.source.cancel(notification)
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

    /// Commits everything read so far; does nothing when that is committed already.
    private mutating func commit() throws(LaneError) {
        guard waitingSince != nil, try confirmTopics() else { return }
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
        let marker = committed
        let moment: Timestamp = lane.clock.now()
        lane.report {
            $0.committed = marker
            $0.pending = 0
            $0.lastCommit = moment
        }
        lane.source.remember(marker.positions)
    }
}
