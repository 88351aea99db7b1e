import FileSource
import JSONText
import Pipelines

extension Verification.Outcome {
    /// `GET /v1/verify`
    var report: JSONValue {
        let entries = receipts.map { receipt in
            var entry: JSONObject = [
                "pipeline": .string(receipt.pipeline), "table": .string(receipt.table),
                "topic": .string(receipt.partition.topic),
                "partition": .integer(Int64(receipt.partition.index)),
                "from_offset": .integer(receipt.covered.ranges.first?.lowerBound ?? 0),
                "to_offset": .integer(receipt.covered.ranges.last?.upperBound ?? 0),
                "covered": .array(
                    receipt.covered.ranges.map { range in
                        [.integer(range.lowerBound), .integer(range.upperBound)]
                    }
                ),
                "pending": .integer(receipt.pending), "skipped": .integer(receipt.skipped),
            ]
            receipt.balance.describe(in: &entry)
            entry["proven"] = .bool(receipt.isProven)
            return JSONValue.object(entry)
        }
        var report: JSONObject = [
            "proven": .bool(isProven), "receipts": .array(entries),
            "files": .object(JSONObject(files.map { ($0.pipeline, $0.report.json) })),
            "sql": .array(statements.map { .string($0) }),
        ]
        hours?.describe(in: &report)
        return .object(report)
    }
}

extension Balance {
    /// Adds what it comes to.
    func describe(in entry: inout JSONObject) {
        entry["acknowledged"] = .integer(log.records)
        entry["landed"] = .integer(landedRecords)
        entry["rows"] = .integer(landed.rows)
        entry["filtered"] = .integer(filtered)
        entry["discarded"] = .integer(discarded.records)
        entry["dead_lettered"] = .integer(deadLettered.rows)
        entry["duplicates"] = .integer(duplicates)
        entry["missing"] = .integer(missing)
        entry["unexpected"] = .integer(unexpected)
    }
}
