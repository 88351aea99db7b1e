import Clocks
import JSONText
import Pipelines

/// The hours of an answer to `verify`, as many as one answer takes.
struct HourList {
    /// An hour of one table and partition.
    private struct Entry {
        let receipt: Receipt
        let hour: HourReceipt
    }

    /// Hours in one answer. The counts of those beyond are in it, too.
    static let entriesMax = 100_000

    /// Only hours that begin here or later; nil for all.
    var from: Timestamp?
    /// Only hours that begin before; nil for all.
    var to: Timestamp?
    private var entries: [Entry] = []
    /// Hours that were counted and are not in the answer.
    private var omitted = 0
    private var unproven = 0

    init(from: Timestamp? = nil, to: Timestamp? = nil) {
        self.from = from
        self.to = to
    }

    /// True when every hour is, listed or not.
    var isProven: Bool { unproven == 0 }

    mutating func append(_ hour: HourReceipt, of receipt: Receipt) {
        if !hour.isProven { unproven += 1 }
        let isWanted =
            hour.hour.start.map { start in
                from.map { $0 <= start } ?? true && to.map { start < $0 } ?? true
            } ?? true
        guard isWanted, entries.count < Self.entriesMax else {
            omitted += 1
            return
        }
        entries.append(Entry(receipt: receipt, hour: hour))
    }

    /// Adds `hours`, `hours_omitted` and `hours_unproven`.
    func describe(in report: inout JSONObject) {
        report["hours"] = .array(
            entries.map { entry in
                let receipt = entry.receipt
                var object: JSONObject = [
                    "pipeline": .string(receipt.pipeline), "table": .string(receipt.table),
                    "topic": .string(receipt.partition.topic),
                    "partition": .integer(Int64(receipt.partition.index)),
                    "hour": .string(entry.hour.hour.text),
                ]
                entry.hour.balance.describe(in: &object)
                object["proven"] = .bool(entry.hour.isProven)
                return .object(object)
            }
        )
        report["hours_omitted"] = .integer(Int64(omitted))
        report["hours_unproven"] = .integer(Int64(unproven))
    }
}
