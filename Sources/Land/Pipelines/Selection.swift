import Decoding
import KafkaProtocol

/// What `where` says of a record, before anybody tries to make a row of it. Belongs to one thread.
struct Selection: ~Copyable {
    private var filter: RecordFilter?

    /// The selection that `predicate` makes; everything without one.
    init(_ predicate: Predicate?) {
        filter = predicate.map { RecordFilter($0) }
    }

    /// True when the record must become a row or a dead letter.
    ///
    /// One that cannot be read is selected: nobody can say that it was meant to be left out.
    mutating func selects(_ step: borrowing WalkStep) -> Bool {
        switch step {
        case .unreadable:
            return true
        case .record(let record):
            guard let value = record.value, let verdict = filter?.judge(value) else { return true }
            return verdict != .filtered
        }
    }
}
