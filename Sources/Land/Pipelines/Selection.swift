import Bytes
import Decoding
import KafkaProtocol

/// What `where` says of a record, before anybody tries to make a row of it. Belongs to one thread.
struct Selection: ~Copyable {
    private var filter: RecordFilter?
    private var documents: DocumentReader
    private let plan: DecodingPlan

    /// The selection that a lane makes; everything without a predicate.
    init(_ definition: LaneDefinition) {
        filter = definition.predicate.map { RecordFilter($0) }
        plan = definition.decoding
        documents = DocumentReader(plan)
    }

    /// True when the record must become a row or a dead letter; not for records of documents.
    ///
    /// One that cannot be read is selected: nobody can say that it was meant to be left out.
    mutating func selects(_ step: borrowing WalkStep) -> Bool {
        switch step {
        case .unreadable:
            return true
        case .record(let record, _):
            guard let value = record.value, let verdict = filter?.judge(value) else { return true }
            return verdict != .filtered
        }
    }

    /// What `where` says of one document.
    mutating func judge(_ document: RawSpan) -> RecordFilter.Verdict {
        Self.judge(document, &filter)
    }

    private static func judge(
        _ document: RawSpan,
        _ filter: inout RecordFilter?
    ) -> RecordFilter.Verdict {
        filter?.judge(document) ?? .passes
    }

    /// The rows that a record has if nothing is wrong with it; nil when it is left out.
    mutating func rows(of step: borrowing WalkStep) -> SelectedRows? {
        guard plan.isByDocument else { return selects(step) ? .one : nil }
        switch step {
        case .unreadable: return .one
        case .record(let record, _):
            guard let value = record.value else { return .one }
            return Self.rows(in: value, &documents, &filter)
        }
    }

    private static func rows(
        in value: RawSpan,
        _ documents: inout DocumentReader,
        _ filter: inout RecordFilter?
    ) -> SelectedRows? {
        var rows = SelectedRows()
        do throws(DecodeIssue) {
            try documents.begin(value)
            var index: UInt64 = 0
            while let range = try documents.next(in: value) {
                let verdict: RecordFilter.Verdict
                if documents.isConverted {
                    verdict = judge(documents.converted, &filter)
                } else {
                    verdict = judge(value.extracting(range), &filter)
                }
                switch verdict {
                case .filtered: break
                case .rejected: return .one
                case .passes:
                    rows.count += 1
                    rows.indexSum &+= index
                }
                index += 1
            }
        } catch { return .one }
        return rows.count == 0 ? nil : rows
    }
}

/// The rows that a record becomes.
public struct SelectedRows: Equatable, Sendable {
    /// How many.
    public var count: Int64
    /// Sum of their indices in the record, wrapping.
    public var indexSum: UInt64

    /// Rows with these sums; none unless told otherwise.
    public init(count: Int64 = 0, indexSum: UInt64 = 0) {
        self.count = count
        self.indexSum = indexSum
    }

    /// One row, or something that nobody can read.
    static let one = SelectedRows(count: 1, indexSum: 0)
}
