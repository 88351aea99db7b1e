import Columns
import Decoding
import IcebergModel
import KafkaProtocol

extension Landing {
    /// Makes every selected document of a record a row, or none of them.
    mutating func landDocuments(
        _ record: borrowing Record,
        at position: LogPosition
    ) throws(LaneError) -> LandOutcome {
        guard let value = record.value else {
            return try complain(Complaint(DecodeIssue(.tombstone)), record, at: position)
        }
        while true {
            let file = try file(for: position.timestampMicros)
            let mark = file.columns.mark
            let outcome = maker.makeRows(
                of: value,
                record,
                at: position,
                into: &file.columns,
                &documents
            )
            if case .rows(let count) = outcome {
                try flushIfFull(file)
                return count == 0 ? .filtered : .row
            }
            file.columns.rollback(to: mark)
            switch outcome {
            case .rows: break
            case .rejected(let complaint): return try complain(complaint, record, at: position)
            case .needsColumns(let fields): try evolve(fields)
            case .full:
                if file.columns.rowCount == 0 {
                    return try complain(
                        Complaint(DecodeIssue(.tooLarge)),
                        record,
                        at: position
                    )
                }
                try flush(file)
            }
        }
    }

    /// Makes a record a row of its key, its headers and its bytes.
    mutating func landRaw(
        _ record: borrowing Record,
        at position: LogPosition
    ) throws(LaneError) -> LandOutcome {
        let bytes = record.value?.byteCount ?? 0
        while true {
            let file = try file(for: position.timestampMicros)
            if file.columns.isNearlyFull(with: bytes) {
                try flush(file)
                continue
            }
            var complaint = maker.outside.append(record, at: position, into: &file.columns)
            if complaint == nil, let missing = file.columns.missingRequiredColumn {
                let name = file.columns.layout.columns[missing].field.name
                complaint = Complaint(DecodeIssue(.missingField, field: name))
            }
            if let complaint {
                file.columns.rollbackRow()
                return try complain(complaint, record, at: position)
            }
            file.columns.finishRow(at: position, recordBytes: bytes)
            try flushIfFull(file)
            return .row
        }
    }
}
