public import Bytes

/// How an answer is written.
public enum SQLOutputFormat: Equatable, Sendable {
    /// A drawn table for a person.
    case table(TableStyle)
    /// One JSON array of objects.
    case json
    /// One JSON object a line.
    case ndjson
    /// RFC 4180, with a header line.
    case csv
}

/// Writes an answer piece by piece, so that neither a long one nor a slow reader fills the memory.
///
///     let output = SQLOutput(result, format: .json)
///     var buffer = ByteBuffer()
///     while try output.next(into: &buffer) { send(buffer.bytes); buffer.removeAll() }
///     send(buffer.bytes)
///
/// Confined to the thread that uses the session.
public final class SQLOutput {
    private enum Writer {
        case table(TableOutput)
        case json(JSONOutput)
        case csv(CSVOutput)
        case plan
        case silent
    }

    /// Rows written or, in a table, counted so far.
    public private(set) var rowCount = 0

    private let result: SQLResult
    private var writer: Writer
    private var hasBegun = false
    private var isFinished = false

    /// Writes `result`; `elapsed` tells how long the statement has taken, for the line below a
    /// table.
    public init(
        _ result: SQLResult,
        format: SQLOutputFormat,
        elapsed: (() -> Duration)? = nil
    ) {
        self.result = result
        writer =
            switch (format, result.kind) {
            case (.table, .plan): .plan
            case (.table(let style), _):
                .table(TableOutput(result.columns, result.kind, style, elapsed))
            case (.json, _): .json(JSONOutput(result.columns, isArray: true))
            case (.ndjson, _): .json(JSONOutput(result.columns, isArray: false))
            case (.csv, .done): .silent
            case (.csv, _): .csv(CSVOutput(result.columns))
            }
    }

    /// Appends the next piece, of some 2,000 rows; false when that was the last.
    ///
    /// An error in the middle of an answer leaves what was written before incomplete, and a JSON
    /// array open, so that nobody takes the part for the whole.
    public func next(into buffer: inout ByteBuffer) throws(SQLError) -> Bool {
        if isFinished { return false }
        if !hasBegun {
            hasBegun = true
            begin(into: &buffer)
        }
        guard let chunk = try result.nextChunk() else {
            isFinished = true
            finish(into: &buffer)
            return false
        }
        rowCount += chunk.rowCount
        write(chunk, into: &buffer)
        return true
    }

    private func begin(into buffer: inout ByteBuffer) {
        switch writer {
        case .json(let json): json.begin(into: &buffer)
        case .csv(let csv): csv.begin(into: &buffer)
        case .table, .plan, .silent: break
        }
    }

    private func write(_ chunk: SQLChunk, into buffer: inout ByteBuffer) {
        switch writer {
        case .table(var table):
            // Taken out while it changes, so that its rows are not copied.
            writer = .silent
            table.write(chunk, into: &buffer)
            writer = .table(table)
        case .json(var json):
            json.write(chunk, into: &buffer)
            writer = .json(json)
        case .csv(let csv): csv.write(chunk, into: &buffer)
        case .plan:
            let last = chunk.vectors.count - 1
            for row in 0..<chunk.rowCount where last >= 0 {
                buffer.append(utf8: chunk.value(row: row, column: last).text)
                buffer.append(UInt8(ascii: "\n"))
            }
        case .silent: break
        }
    }

    private func finish(into buffer: inout ByteBuffer) {
        switch writer {
        case .table(var table): table.finish(rowCount: rowCount, into: &buffer)
        case .json(let json): json.finish(into: &buffer)
        case .csv, .plan, .silent: break
        }
    }
}
