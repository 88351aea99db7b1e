import ArrowData
import Bytes
import Clocks
import Columns
import Decoding
import IcebergModel
import KafkaProtocol

/// What became of a record.
enum LandOutcome {
    /// It is a row.
    case row
    /// `where` left it out.
    case filtered
    /// It is a dead letter.
    case deadLetter
    /// It is left out, for that reason.
    case discarded(reason: String)
}

/// The work between two commits: open files of one table and its dead letters. Confined to the
/// lane's thread.
struct Landing<Committer: TableCommitter>: ~Copyable {
    let definition: LaneDefinition
    let committer: Committer
    /// The table's version that open files are written for and the next commit applies to.
    var main: TableVersion
    /// Epoch of the writer.
    let epoch: Int64
    /// Identity of the commit that the work is gathered for.
    var commitID: String
    var deadLetters: DeadLetters<Committer>
    var maker: RowMaker
    var documents: DocumentReader
    private let isByDocument: Bool
    private let isRaw: Bool
    /// True when a record that is like the ones before needs nothing but decoding.
    private let isPlain: Bool
    private let batchRowsMax: Int
    private let batchBytesMax: Int
    var hot = HotFile()
    var layout: ColumnLayout
    var files: [DayFile<Committer>] = []
    /// Positions in `files` by day.
    var places: [Int32?: Int] = [:]
    /// Those of `files` that have rows already.
    var opened: [DayFile<Committer>] = []
    /// Bytes that rows take which wait for a file, but for those of the current one.
    var waitingBytes = 0
    /// Position in `files` of the one written to last.
    var current = 0
    var uses: UInt64 = 0
    var finished: [Committer.Writer.File] = []
    private var partition: Int32 = 0
    var topic = ""
    /// Why nothing more may be landed: a record that is not to be passed.
    private(set) var pause: LaneError?
    /// True while a dead letter is landed again.
    var isReplaying = false
    private(set) var sourceTopic = ""
    /// What changes the rows before they are written.
    let transform: (any RowTransform)?
    /// The columns that rows are made with: the table's, if nothing changes them.
    private let inputLayout: ColumnLayout?
    var rowLayout: ColumnLayout { inputLayout ?? layout }
    /// Records of which the transform left nothing, since the last commit.
    var leftOut: [RecordPlace] = []
    let pool: BlockPool
    var random = SystemRandom()

    /// Nothing gathered yet, on top of `main`.
    init(
        definition: LaneDefinition,
        committer: Committer,
        main: TableVersion,
        epoch: Int64,
        pool: BlockPool = BlockPool()
    ) throws(LaneError) {
        // Whatever can fail comes first.
        let tableLayout = try Self.layout(of: main)
        let input = try definition.transform.map { (transform) throws(LaneError) in
            try Self.inputLayout(definition, transform)
        }
        let change: (any RowTransform)?
        do throws(TableCommitterError) { change = try definition.transform?.make() } catch {
            throw .table(error)
        }
        self.definition = definition
        self.committer = committer
        self.main = main
        self.epoch = epoch
        layout = tableLayout
        inputLayout = input
        transform = change
        maker = RowMaker(definition)
        documents = DocumentReader(definition.decoding)
        let decoding = definition.decoding
        isByDocument = decoding.isByDocument
        isRaw = decoding.format == .raw
        isPlain =
            !decoding.isByDocument && decoding.format != .raw && decoding.outsideColumns.isEmpty
        batchRowsMax = definition.limits.batchRowsMax
        batchBytesMax = definition.limits.waitingBytesMax
        self.pool = pool
        commitID = UUID16(random: &random).description
        deadLetters = DeadLetters(
            definition: definition,
            committer: committer,
            epoch: epoch,
            pool: pool
        )
    }

    private static func inputLayout(
        _ definition: LaneDefinition,
        _ transform: LaneTransform
    ) throws(LaneError) -> ColumnLayout {
        do {
            return try ColumnLayout(definition.inputSchema(transform.inputColumns))
        } catch {
            throw .table(.invalid(table: definition.table, reason: "\(error)"))
        }
    }

    static func layout(of version: TableVersion) throws(LaneError) -> ColumnLayout {
        do throws(ColumnError) {
            return try ColumnLayout(version.schema)
        } catch {
            throw .table(.invalid(table: version.table, reason: error.description))
        }
    }

    /// Lands every record of whole batches from `progress.next` to before `limit`, and moves the
    /// progress over them.
    mutating func land(
        _ batches: RawSpan,
        of partition: SourcePartition,
        with walk: RecordWalk,
        upTo limit: Int64,
        progress: inout PartitionProgress
    ) throws(LaneError) {
        if pause != nil { return }
        begin(partition)
        var reached = progress.next
        do throws(LaneError) {
            progress.next = try walk.forEachRecord(
                in: batches,
                of: partition,
                from: progress.next,
                upTo: limit
            ) { (step, offset, timestamp) throws(LaneError) in
                reached = offset
                let outcome =
                    try isSelected(step)
                    ? land(step, offset: offset, timestamp: timestamp) : .filtered
                count(outcome, of: step, offset, in: &progress)
            }
        } catch .paused(let reason) {
            // What lies before the record is committed, then the lane stops.
            pause = .paused(reason)
            progress.next = reached
        }
    }

    private mutating func begin(_ partition: SourcePartition) {
        self.partition = partition.index
        sourceTopic = partition.topic
        if definition.hasTopicColumn { name(partition.topic) }
    }

    /// False when `where` leaves the record out; documents are asked one by one.
    @inline(__always)
    private mutating func isSelected(_ step: borrowing WalkStep) -> Bool {
        isByDocument || maker.selection.selects(step)
    }

    private mutating func count(
        _ outcome: LandOutcome,
        of step: borrowing WalkStep,
        _ offset: Int64,
        in progress: inout PartitionProgress
    ) {
        switch outcome {
        case .row: progress.landed += 1
        case .filtered: progress.filtered += 1
        case .deadLetter: progress.deadLettered += 1
        case .discarded(let reason):
            let rows = maker.selection.rows(of: step) ?? .one
            progress.discards.add(offset, rows, reason: reason)
        }
    }

    /// The same for a chunk that was looked through already, of which only the records on `route`
    /// are selected.
    mutating func land(
        _ chunk: RoutedChunk,
        route: Int,
        of partition: SourcePartition,
        with walk: RecordWalk,
        upTo limit: Int64,
        progress: inout PartitionProgress
    ) throws(LaneError) {
        let isWhole = chunk.isRouted && progress.next == chunk.first && limit >= chunk.next
        // A lane that may have to stop in the middle counts what it has passed.
        guard isWhole, definition.onError != .pause, !definition.decoding.contract.mayFreeze else {
            return try chunk.withBatches { (batches) throws(LaneError) in
                try land(batches, of: partition, with: walk, upTo: limit, progress: &progress)
            }
        }
        if pause != nil { return }
        begin(partition)
        try chunk.forEachRecord(on: route) { (step, offset, timestamp) throws(LaneError) in
            let outcome = try land(step, offset: offset, timestamp: timestamp)
            count(outcome, of: step, offset, in: &progress)
        }
        progress.filtered += Int64(chunk.recordCount - chunk.count(on: route))
        progress.next = chunk.next
    }

    /// Tells every open file whose rows come next.
    private mutating func name(_ topic: String) {
        self.topic = topic
        for file in files { file.columns.setTopic(topic) }
        deadLetters.name(topic)
    }

    /// True when a file has reached its size, so that a commit should not wait for the freshness
    /// target.
    var hasFullFile: Bool {
        files.contains { $0.bytes >= definition.limits.fileBytesMax }
    }

    /// Makes a record a row, a dead letter, or nothing.
    private mutating func land(
        _ step: borrowing WalkStep,
        offset: Int64,
        timestamp: Int64
    ) throws(LaneError) -> LandOutcome {
        let position = LogPosition(
            partition: partition,
            offset: offset,
            timestampMicros: RowTime.milliseconds(of: timestamp) * 1000
        )
        switch step {
        case .unreadable(let reason, let raw):
            let complaint = Complaint(reason: Complaint.unreadable, detail: reason)
            if let outcome = try judge(complaint, at: position) { return outcome }
            try deadLetters.append(complaint, key: nil, value: raw, at: position)
            return .deadLetter
        case .record(let record, _):
            if isPlain, let value = record.value, addUsual(value, at: position) { return .row }
            if isByDocument { return try landDocuments(record, at: position) }
            if isRaw { return try landRaw(record, at: position) }
            guard let complaint = try decode(record, at: position) else { return .row }
            return try complain(complaint, record, at: position)
        }
    }

    /// Adds a row the short way; false when nothing has happened.
    @inline(__always)
    private mutating func addUsual(_ value: RawSpan, at position: LogPosition) -> Bool {
        hot.add(
            value,
            at: position,
            with: &maker.decoder,
            rowsMax: batchRowsMax,
            bytesMax: batchBytesMax
        )
    }

    /// What becomes of a record that cannot be a row.
    mutating func complain(
        _ complaint: Complaint,
        _ record: borrowing Record,
        at position: LogPosition
    ) throws(LaneError) -> LandOutcome {
        if let outcome = try judge(complaint, at: position) { return outcome }
        try deadLetters.append(
            complaint,
            key: record.key,
            value: record.value,
            headers: LetterHeader.text(of: record),
            at: position
        )
        return .deadLetter
    }

    /// What contract and error policy say of a record that cannot be a row; nil when it is to be a
    /// dead letter.
    private func judge(
        _ complaint: Complaint,
        at position: LogPosition
    ) throws(LaneError) -> LandOutcome? {
        // Somebody asked for this very letter: what still cannot be a row stays one.
        if isReplaying { return nil }
        let rule = complaint.cause.flatMap { definition.decoding.contract.rule(for: $0) }
        switch rule {
        case .quarantine: return nil
        case .discardRow: return .discarded(reason: complaint.reason)
        case .freeze:
            throw .paused(
                "\(place(position)) is against the contract of the table \(definition.table), "
                    + "which is frozen: \(complaint.detail); nothing behind it is landed; change "
                    + "the table's columns or its contract and start again"
            )
        case .evolve, .discardValue, nil: break
        }
        switch definition.onError {
        case .quarantine: return nil
        case .skip: return .discarded(reason: complaint.reason)
        case .pause:
            throw .paused(
                "\(place(position)) cannot be a row of the table \(definition.table): "
                    + "\(complaint.detail); nothing behind it is landed; declare the columns so "
                    + "that it can be one, or pass it with on_error: quarantine or skip, and start "
                    + "again"
            )
        }
    }

    private func place(_ position: LogPosition) -> String {
        "the record of \(sourceTopic)-\(position.partition) at offset \(position.offset)"
    }

    /// Adds a row to the file of its day; says what is wrong when the record cannot be one.
    private mutating func decode(
        _ record: borrowing Record,
        at position: LogPosition
    ) throws(LaneError) -> Complaint? {
        guard let value = record.value else { return Complaint(DecodeIssue(.tombstone)) }
        while true {
            let file = try file(for: position.timestampMicros)
            if let complaint = maker.outside.append(record, at: position, into: &file.columns) {
                file.columns.rollbackRow()
                return complaint
            }
            switch maker.decoder.decode(value, at: position, into: &file.columns) {
            case .row:
                try flushIfFull(file)
                return nil
            case .rejected(let issue):
                return Complaint(issue)
            case .needsColumns(let fields):
                try evolve(fields)
            case .full:
                file.columns.rollbackRow()
                try flush(file)
            }
        }
    }
}

extension Complaint {
    /// What the decoder complains of.
    init(_ issue: DecodeIssue) {
        self.init(
            reason: issue.reason.rawValue,
            detail: issue.description,
            field: issue.field,
            cause: issue.reason
        )
    }
}
