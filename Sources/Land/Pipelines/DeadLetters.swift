import ArrowData
import Bytes
import Columns
import Decoding
import IcebergModel

/// What is wrong with a record.
struct Complaint {
    /// A word for it that does not change, to count by.
    let reason: String
    /// A sentence about it.
    let detail: String
    /// The field concerned, as far as one is known.
    var field: String?
    /// What the decoder says, when it is its complaint.
    var cause: DecodeIssue.Reason?

    /// The reason of records whose bytes cannot be told apart.
    static let unreadable = "unreadable"
}

/// The records that could not become rows, on their way into a table of their own.
///
/// The table is made with the first of them. It is committed together with the table it belongs to,
/// so both tell of the same stretch of the log. Confined to the lane's thread.
struct DeadLetters<Committer: TableCommitter>: ~Copyable {
    /// The columns of every dead-letter table, beside `_log`.
    static var columns: [NewColumn] {
        [
            NewColumn("reason", .string), NewColumn("detail", .string),
            NewColumn("field", .string), NewColumn("key", .binary),
            NewColumn("value", .binary), NewColumn("headers", .string),
        ]
    }

    private let definition: LaneDefinition
    private let committer: Committer
    private let epoch: Int64
    private let pool: BlockPool
    private var version: TableVersion?
    private var file: DayFile<Committer>?
    private var topic = ""
    private var numbers: [Int] = []
    private var finished: [Committer.Writer.File] = []

    /// None yet.
    init(definition: LaneDefinition, committer: Committer, epoch: Int64, pool: BlockPool) {
        self.definition = definition
        self.committer = committer
        self.epoch = epoch
        self.pool = pool
    }

    /// The topic of the records to come.
    mutating func name(_ topic: String) {
        self.topic = topic
        file?.columns.setTopic(topic)
    }

    /// Adds a record with what is wrong with it.
    mutating func append(
        _ complaint: Complaint,
        key: RawSpan?,
        value: RawSpan?,
        headers: String? = nil,
        at position: LogPosition
    ) throws(LaneError) {
        let file = try openFile()
        append(complaint.reason, to: 0, of: file)
        append(complaint.detail, to: 1, of: file)
        if let field = complaint.field { append(field, to: 2, of: file) }
        if let key { file.columns.append(bytes: key, to: numbers[3]) }
        if let value { file.columns.append(bytes: value, to: numbers[4]) }
        if let headers { append(headers, to: 5, of: file) }
        file.columns.finishRow(at: position, recordBytes: (value?.byteCount ?? 0) + 64)
        if file.columns.rowCount >= definition.limits.batchRowsMax
            || file.columns.byteCount >= definition.limits.waitingBytesMax
        {
            try flush(file)
        }
    }

    private func append(_ text: String, to column: Int, of file: DayFile<Committer>) {
        // SAFETY: the span is used only for the copy.
        unsafe file.columns.append(bytes: text.utf8.span.bytes, to: numbers[column])
    }

    private mutating func openFile() throws(LaneError) -> DayFile<Committer> {
        if let file { return file }
        do throws(TableCommitterError) {
            let version = try loadOrCreate()
            self.version = version
            let layout: ColumnLayout
            do throws(ColumnError) { layout = try ColumnLayout(version.schema) } catch {
                throw .invalid(table: version.table, reason: error.description)
            }
            numbers = []
            for column in Self.columns {
                guard let number = layout.number(ofColumn: column.name) else {
                    throw .invalid(
                        table: version.table,
                        reason: "it has no column '\(column.name)'"
                    )
                }
                numbers.append(number)
            }
            // Few and from any day: dead letters are not partitioned.
            let file = DayFile<Committer>(day: nil, layout: layout, pool: pool)
            file.columns.setTopic(topic)
            self.file = file
            return file
        } catch { throw .table(error) }
    }

    private func loadOrCreate() throws(TableCommitterError) -> TableVersion {
        let name = definition.deadLetterTable
        if let version = version { return version }
        if let version = try committer.load(name, pipeline: definition.pipeline) {
            // Tables of earlier versions of the program have fewer columns.
            let missing = Self.columns.filter { version.schema.column(named: $0.name) == nil }
            if missing.isEmpty { return version }
            return try committer.addColumns(missing, to: version, pipeline: definition.pipeline)
        }
        return try committer.create(
            name,
            columns: Self.columns,
            isPartitionedByDay: false,
            hasTopicColumn: definition.hasTopicColumn,
            hasIndexColumn: false,
            pipeline: definition.pipeline
        )
    }

    private func flush(_ file: DayFile<Committer>) throws(LaneError) {
        guard let version else { return }
        do throws(TableCommitterError) {
            try file.flush { () throws(TableCommitterError) in
                try committer.openFile(
                    for: version,
                    day: nil,
                    pipeline: definition.pipeline,
                    epoch: epoch
                )
            }
        } catch { throw .table(error) }
    }

    /// Finishes what was gathered; nil when there is nothing.
    mutating func finish() throws(LaneError) -> (
        version: TableVersion, files: [Committer.Writer.File]
    )? {
        guard let file, let version else { return nil }
        try flush(file)
        do throws(TableCommitterError) {
            guard let closed = try file.close() else { return nil }
            self.file = nil
            return (version, [closed])
        } catch { throw .table(error) }
    }

    /// The version after a commit, if the dead letters took part in it.
    mutating func adopt(_ version: TableVersion?) {
        if let version { self.version = version }
    }

    /// Removes what was gathered.
    mutating func abandon() {
        file?.abandon()
        file = nil
    }
}
