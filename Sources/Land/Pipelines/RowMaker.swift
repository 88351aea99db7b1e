import Columns
import Decoding
import KafkaProtocol

/// What the documents of a record came to.
enum DocumentsOutcome {
    /// So many rows, not yet kept for good.
    case rows(Int)
    case rejected(Complaint)
    case needsColumns([InferredField])
    case full
}

/// Everything that a record goes through on its way to a row. Confined to the lane's thread.
struct RowMaker: ~Copyable {
    var selection: Selection
    var outside: OutsideColumns
    var decoder: JSONRowDecoder
    private let isSingle: Bool

    init(_ definition: LaneDefinition) {
        selection = Selection(definition)
        outside = OutsideColumns(definition.decoding.outsideColumns)
        decoder = JSONRowDecoder(
            unknownFields: definition.unknownFields,
            plan: definition.decoding
        )
        isSingle = definition.decoding.documents == .one
    }

    /// Makes rows of the documents in `value`. After anything but `.rows` there may be some of them
    /// already: the caller rolls back.
    mutating func makeRows(
        of value: RawSpan,
        _ record: borrowing Record,
        at position: LogPosition,
        into columns: inout ColumnSet,
        _ documents: inout DocumentReader
    ) -> DocumentsOutcome {
        var place = position
        var count = 0
        do throws(DecodeIssue) {
            try documents.begin(value)
            while let range = try documents.next(in: value) {
                if isSingle, place.index > 0 {
                    throw DecodeIssue(.trailingBytes, offset: range.lowerBound)
                }
                let outcome: DocumentsOutcome
                if documents.isConverted {
                    // Bytes of the converted row are nowhere in the record: its beginning is.
                    outcome = makeRow(of: documents.converted, record, at: place, into: &columns) {
                        _ in range.lowerBound
                    }
                } else {
                    let document = value.extracting(range)
                    outcome = makeRow(of: document, record, at: place, into: &columns) {
                        range.lowerBound + $0
                    }
                }
                guard case .rows(let added) = outcome else { return outcome }
                count += added
                place.index += 1
            }
            return .rows(count)
        } catch { return .rejected(Complaint(error)) }
    }

    /// One document; `moved` says where in the record a byte of it came from.
    private mutating func makeRow(
        of document: RawSpan,
        _ record: borrowing Record,
        at position: LogPosition,
        into columns: inout ColumnSet,
        _ moved: (Int) -> Int
    ) -> DocumentsOutcome {
        switch selection.judge(document) {
        case .filtered: return .rows(0)
        case .rejected(let issue): return .rejected(Complaint(issue.moved(moved)))
        case .passes: break
        }
        if let complaint = outside.append(record, at: position, into: &columns) {
            return .rejected(complaint)
        }
        switch decoder.decode(document, at: position, into: &columns) {
        case .row: return .rows(1)
        case .rejected(let issue): return .rejected(Complaint(issue.moved(moved)))
        case .needsColumns(let fields): return .needsColumns(fields)
        case .full: return .full
        }
    }
}
