import ArrowData
import Columns
import Decoding
import IcebergModel
import Testing

@testable import Pipelines

/// Passes whole batches on, drops them, or passes on something else.
private struct BatchSwitch: RowTransform {
    enum Mode { case pass, drop, passTwice, forge }
    let mode: Mode

    func apply(
        _ batch: consuming ArrowBatch,
        as fields: [ArrowField],
        _ write: (consuming ArrowBatch) throws(TableCommitterError) -> Void
    ) throws(TableCommitterError) {
        switch mode {
        case .pass: try write(batch)
        case .drop: break
        case .passTwice:
            try write(batch)
            try write(Self.row(0))
        case .forge: try write(Self.row(1000))
        }
    }

    private static func row(_ offset: Int64) -> ArrowBatch {
        let schema = Schema(fields: [LogColumn.field(id: 1), .optional(5, "a", .long)])
        guard let layout = try? ColumnLayout(schema) else { preconditionFailure("a fine schema") }
        var rows = ColumnSet(layout: layout, pool: BlockPool())
        let position = LogPosition(partition: 0, offset: offset, timestampMicros: 0)
        rows.finishRow(at: position, recordBytes: 0)
        return rows.takeBatch()
    }
}

private func land(_ mode: BatchSwitch.Mode) -> (LaneHarness, LaneState, LaneDefinition) {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"a":1,"x":2}"#, #"{"a":2}"#, "broken"], to: "events")
    let columns = [NewColumn("a", .long)]
    let lane = harness.lane(columns: columns) { definition in
        definition.transform = LaneTransform(inputColumns: columns) { BatchSwitch(mode: mode) }
    }
    var state = LaneState.starting
    harness.run(lane) { status in
        if case .failed = status.state { state = status.state }
        return state != .starting || harness.isCaughtUp(status)
    }
    return (harness, state, lane.definition)
}

@Test func `rows go through a transform, and fields it does not know are left out`() throws {
    let (harness, _, definition) = land(.pass)
    #expect(harness.rows().map(\.cells) == [["a": "1"], ["a": "2"]])
    #expect(harness.offsets("t__dead_letters") == [2])
    #expect(try harness.receipt(definition).isProven)
}

@Test func `records of which a transform leaves nothing are counted`() throws {
    let (harness, _, definition) = land(.drop)
    #expect(harness.offsets().isEmpty)
    let totals = try #require(harness.tables.table("t")?.markers["p"]?.totals)
    #expect(totals.landed == 0 && totals.discards.reasons == ["sql": 2])
    #expect(try harness.receipt(definition).isProven)
}

@Test(arguments: [false, true])
func `a transform that makes rows up stops the lane`(isTwice: Bool) throws {
    let (harness, state, _) = land(isTwice ? .passTwice : .forge)
    #expect(harness.offsets().isEmpty)
    #expect(state.reason?.contains("more than one row of the record of events-0") == true)
    #expect(harness.tables.openFiles == 0)
}
