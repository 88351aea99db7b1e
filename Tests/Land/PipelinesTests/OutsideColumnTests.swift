import Decoding
import IcebergModel
import Testing

@testable import Pipelines

private let plan: DecodingPlan = {
    var plan = DecodingPlan()
    plan.outsideColumns = [
        OutsideColumn("key", .string, .key), OutsideColumn("trace", .string, .header("trace-id")),
        OutsideColumn("tries", .long, .header("tries")),
        OutsideColumn("sent", .timestamptz, .timestamp),
        OutsideColumn("day", .date, .timestamp), OutsideColumn("region", .string, .constant("eu")),
        OutsideColumn("weight", .decimal(precision: 4, scale: 1), .constant("2.5")),
        OutsideColumn("raw", .binary, .value),
    ]
    return plan
}()

private let columns = plan.outsideColumns.map { NewColumn($0.name, $0.type) }

@Test func `key, headers, time and constants become columns`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(
        #"{"a":1}"#,
        key: "k1",
        headers: [("trace-id", "first"), ("tries", "3"), ("trace-id", "last")],
        to: "events",
        timestamp: 86_400_001
    )
    harness.log.append(
        #"{"a":2,"b":true}"#,
        key: "k2",
        headers: [("tries", nil)],
        to: "events",
        timestamp: 5
    )
    let lane = harness.lane(columns: columns, decoding: plan)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    let rows = harness.rows()
    #expect(rows.map(\.offset) == [0, 1])
    #expect(
        rows[0].cells == [
            "key": "k1", "trace": "last", "tries": "3", "sent": "86400001000", "day": "1",
            "region": "eu", "weight": "25", "raw": #"{"a":1}"#, "a": "1",
        ]
    )
    #expect(
        rows[1].cells == [
            "key": "k2", "sent": "5000", "day": "0", "region": "eu", "weight": "25",
            "raw": #"{"a":2,"b":true}"#, "a": "2", "b": "true",
        ]
    )
}

@Test func `a header that is no value of its column makes the record a dead letter`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append(
        #"{"a":1}"#,
        key: "k",
        headers: [("tries", "many")],
        to: "events",
        timestamp: 0
    )
    harness.log.append(#"{"a":2}"#, key: "k", headers: [], to: "events", timestamp: 0)
    let lane = harness.lane(columns: columns, decoding: plan)
    #expect(harness.run(lane, until: harness.isCaughtUp))
    #expect(harness.offsets() == [1])
    let letter = try #require(harness.rows("t__dead_letters").first)
    #expect(letter.offset == 0 && letter.cells["reason"] == "wrong-type")
    #expect(letter.cells["detail"]?.contains("the header tries, for the column \"tries\"") == true)
}

@Test func `a column that the table has as another type stops the lane at its start`() throws {
    let harness = LaneHarness()
    harness.log.create("events")
    harness.log.append([#"{"price":"much"}"#], to: "events")
    #expect(harness.run(harness.lane(), until: harness.isCaughtUp))
    let lane = harness.lane(columns: [NewColumn("price", .decimal(precision: 10, scale: 2))])
    var reason = ""
    let hasFailed = harness.run(lane) { status in
        guard case .failed(let why) = status.state else { return false }
        reason = why
        return true
    }
    #expect(hasFailed)
    #expect(reason.contains("\"price\" is string"))
    #expect(reason.contains("declares it as decimal(10, 2)"))
}
