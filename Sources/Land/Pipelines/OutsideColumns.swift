import Bytes
import Columns
import Decoding
import IcebergModel
import KafkaProtocol

/// Fills the columns of a row that do not come from the fields of its record's value: key, headers,
/// time, constants. Confined to the lane's thread.
struct OutsideColumns {
    private enum Source {
        case key, value, timestamp
        case header([UInt8])
        case constant([UInt8])
    }

    private let columns: [OutsideColumn]
    private let sources: [Source]
    /// Their numbers in `layout`.
    private var numbers: [Int] = []
    private var layout: ColumnLayout?

    init(_ columns: [OutsideColumn]) {
        self.columns = columns
        sources = columns.map { column in
            switch column.origin {
            case .key: .key
            case .value: .value
            case .timestamp: .timestamp
            case .header(let name): .header(Array(name.utf8))
            case .constant(let text): .constant(Array(text.utf8))
            }
        }
    }

    /// Appends the record's values to the open row; says what is wrong when one cannot be taken.
    /// The row is then to be rolled back.
    @inline(__always)
    mutating func append(
        _ record: borrowing Record,
        at position: LogPosition,
        into set: inout ColumnSet
    ) -> Complaint? {
        columns.isEmpty ? nil : appendAll(record, at: position, into: &set)
    }

    @inline(never)
    private mutating func appendAll(
        _ record: borrowing Record,
        at position: LogPosition,
        into set: inout ColumnSet
    ) -> Complaint? {
        if layout !== set.layout {
            layout = set.layout
            numbers = columns.map { set.layout.number(ofColumn: $0.name) ?? -1 }
        }
        for index in columns.indices where numbers[index] >= 0 {
            let number = numbers[index]
            var reason: DecodeIssue.Reason?
            switch sources[index] {
            case .key:
                if let key = record.key { reason = ScalarText.append(key, to: number, of: &set) }
            case .value:
                if let value = record.value {
                    reason = ScalarText.append(value, to: number, of: &set)
                }
            case .timestamp:
                Self.append(micros: position.timestampMicros, to: number, of: &set)
            case .constant(let text):
                // SAFETY: the array outlives the call.
                reason = unsafe ScalarText.append(text.span.bytes, to: number, of: &set)
            case .header(let name):
                do throws(RecordBatchError) {
                    reason = try Self.append(record, header: name, to: number, of: &set)
                } catch {
                    return Complaint(reason: Complaint.unreadable, detail: "its headers: \(error)")
                }
            }
            if let reason { return complaint(reason, about: columns[index]) }
        }
        return nil
    }

    private func complaint(
        _ reason: DecodeIssue.Reason,
        about column: OutsideColumn
    ) -> Complaint {
        let origin =
            switch column.origin {
            case .key: "the record's key"
            case .value: "the record's value"
            case .timestamp: "the record's time"
            case .header(let name): "the header \(name)"
            case .constant(let text): "the constant \(text)"
            }
        let issue = DecodeIssue(
            reason,
            field: column.name,
            columnType: column.type.description
        )
        return Complaint(
            reason: reason.rawValue,
            detail: "\(origin), for the column \"\(column.name)\": \(issue.message)",
            field: column.name,
            cause: reason
        )
    }

    private static func append(micros: Int64, to column: Int, of set: inout ColumnSet) {
        switch set.kind(column) {
        case .timestamp, .timestamptz: set.append(long: micros, to: column)
        case .long: set.append(long: micros / 1000, to: column)
        case .date: set.append(int: Int32(micros / 86_400_000_000), to: column)
        default: preconditionFailure("checked when the table was taken over")
        }
    }

    /// The last header of that name, as Kafka's own clients look headers up.
    private static func append(
        _ record: borrowing Record,
        header name: [UInt8],
        to column: Int,
        of set: inout ColumnSet
    ) throws(RecordBatchError) -> DecodeIssue.Reason? {
        var last = -1
        var count = 0
        var cursor = record.headers
        while let header = try cursor.next() {
            if isEqual(header.key, name) { last = count }
            count += 1
        }
        guard last >= 0 else { return nil }
        cursor = record.headers
        count = 0
        while let header = try cursor.next() {
            if count == last {
                guard let value = header.value else { return nil }
                return ScalarText.append(value, to: column, of: &set)
            }
            count += 1
        }
        return nil
    }

    private static func isEqual(_ span: RawSpan, _ bytes: [UInt8]) -> Bool {
        guard span.byteCount == bytes.count else { return false }
        for index in bytes.indices {
            // SAFETY: the load is checked against the span's bounds; any byte is a UInt8.
            let byte = unsafe span.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if byte != bytes[index] { return false }
        }
        return true
    }
}
