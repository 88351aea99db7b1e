"""Spark reads, through the REST catalog, tables that a pipeline landed: every type, by day, in time, and as their metadata say."""

import base64
import datetime
import json

import pytest
from confluent_kafka import Producer

from millrace_process import MillraceProcess, wait_until
from spark_session import agreed, attach, tuples

PIPELINE = """
lake:
  upkeep: false
pipelines:
  kinds:
    from: events
    into: kinds
    freshness: 100ms
    columns:
      number: long
      flag: boolean
      small: int
      single: float
      double: double
      price: "decimal(38,4)"
      text: string
      bytes: binary
      day: date
      at: timestamp
      zoned: timestamptz
      tags: list<string>
      counts: map<string, long>
      place: "struct<city: string, spot: struct<x: double, y: double>>"
      deep: "list<struct<a: int, b: map<string, list<int>>>>"
"""
FIRST_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
DAYS, EACH = 3, 40


def event(number):
    if number % 7 == 0:
        return {"number": number}
    return {
        "number": number, "flag": number % 2 == 0, "small": number - 5, "single": number / 4, "double": number / 3,
        "price": f"{10 ** 33 + number}.{number:04}", "text": f"Grüße, 世界 🗡️ {number:03}",
        "bytes": base64.b64encode(bytes([255, number])).decode(), "day": f"19{number % 70 + 10}-02-28",
        "at": f"1969-12-31T23:59:59.{number:06}", "zoned": f"2026-03-29T01:30:00.{number:06}+02:00",
        "tags": [f"t{number}", None][:number % 3] if number % 5 else None, "counts": {"a": number, "b c": -number},
        "place": {"city": "Köln", "spot": {"x": number / 2, "y": None}} if number % 4 else None,
        "deep": [{"a": number, "b": {"k": [number, None]}}, {"a": None, "b": None}],
    }


def land(millrace, numbers, day):
    """Records whose time lies in the given day after FIRST_DAY, landed."""
    producer = Producer({"bootstrap.servers": millrace.brokers, "acks": "all"})
    time = int((FIRST_DAY + datetime.timedelta(days=day)).timestamp() * 1000)
    for number in numbers:
        producer.produce("events", json.dumps(event(number)).encode(), timestamp=time + number)
    producer.flush()
    millrace.wait_until_landed()


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess(PIPELINE) as process:
        for day in range(DAYS):
            land(process, range(day * EACH, (day + 1) * EACH), day)
        yield process


@pytest.fixture(scope="module")
def lake(spark, millrace):
    return attach(spark, millrace)


@pytest.fixture(scope="module")
def snapshots(spark, lake):
    """Those of the three days, oldest first."""
    found = tuples(spark.sql(
        f"select snapshot_id, committed_at from {lake}.default.kinds.snapshots "
        "where summary['added-records'] > 0 order by committed_at"))
    assert len(found) == DAYS
    return found


def test_every_type_is_what_millrace_sql_says(spark, lake, millrace):
    rows = agreed(spark, lake, millrace, "kinds", "number")
    assert [row[1] for row in rows] == list(range(DAYS * EACH))
    assert [row[0][1] for row in rows] == list(range(DAYS * EACH)), "_log.offset"
    assert rows[8][7] == "Grüße, 世界 🗡️ 008" and bytes(rows[8][8]) == b"\xff\x08"
    assert rows[8][10] == datetime.datetime(1969, 12, 31, 23, 59, 59, 8)
    assert rows[8][15] == ((8, {"k": (8, None)}), (None, None))
    assert rows[7][2:] == (None,) * 14


def test_nested_fields_and_aggregates(spark, lake, millrace):
    columns = "place.spot.x as x, _log.timestamp as t, counts['b c'] as c"
    rows = agreed(spark, lake, millrace, "kinds", "_log.offset", columns)
    assert rows[9] == (4.5, (FIRST_DAY + datetime.timedelta(milliseconds=9)).replace(tzinfo=None), -9)


def files_read(frame):
    frame.collect()
    metrics = {}
    plan = frame._jdf.queryExecution().executedPlan()
    nodes = [plan]
    while nodes:
        node = nodes.pop()
        if node.nodeName() == "AdaptiveSparkPlan":
            nodes.append(node.executedPlan())
        for name in ("resultDataFiles", "skippedDataFiles", "skippedDataManifests"):
            if node.metrics().contains(name):
                metrics[name] = node.metrics().apply(name).value()
        children = node.children()
        nodes.extend(children.apply(i) for i in range(children.size()))
    return metrics


@pytest.mark.parametrize(("condition", "rows", "files"), [
    ("_log.timestamp >= timestamp'2026-01-03 00:00:00'", EACH, 1),     # the partition
    ("_log.timestamp < timestamp'2025-01-01 00:00:00'", 0, 0),
    ("number = 50", 1, 1),                                              # bounds of a column
    ("text = 'Grüße, 世界 🗡️ 110'", 1, 1),
    ("text like 'Grüße, 世界 🗡️ 1%'", 17, 1),
    ("text > 'H'", 0, 0),
    ("price > cast('9000000000000000000000000000000000' as decimal(38, 4))", 0, 0),
    ("at < timestamp_ntz'1969-12-31 23:59:59'", 0, 0),
    ("_log.offset between 35 and 45", 11, 2),
    ("place.spot.x > 1000", 0, 0),
])
def test_files_are_left_out_by_partition_and_by_bounds(spark, lake, condition, rows, files):
    frame = spark.sql(f"select * from {lake}.default.kinds where {condition}")
    assert frame.count() == rows
    assert files_read(frame).get("resultDataFiles", 0) == files


def test_metadata_tables(spark, lake, millrace, snapshots):
    table = f"{lake}.default.kinds"
    ids = [snapshot for snapshot, _ in snapshots]
    history = tuples(spark.sql(f"select snapshot_id, is_current_ancestor from {table}.history order by made_current_at"))
    assert [i for i, _ in history if i in ids] == ids and all(ancestor for _, ancestor in history)
    days = [datetime.date(2026, 1, 1 + day) for day in range(DAYS)]
    files = tuples(spark.sql(
        f"select partition._log_timestamp_day, record_count, file_format, readable_metrics.number.lower_bound, "
        f"readable_metrics.number.upper_bound from {table}.files order by 1"))
    assert files == [(day, EACH, "PARQUET", n * EACH, n * EACH + EACH - 1) for n, day in enumerate(days)]
    partitions = tuples(spark.sql(
        f"select partition._log_timestamp_day, record_count, file_count from {table}.partitions order by 1"))
    assert partitions == [(day, EACH, 1) for day in days]
    manifests = tuples(spark.sql(
        f"select sum(added_data_files_count + existing_data_files_count), sum(length) from {table}.manifests"))
    assert manifests[0][0] == DAYS and manifests[0][1] > 0
    assert tuples(spark.sql(f"select name, type, snapshot_id from {table}.refs")) == [("main", "BRANCH", ids[-1])]
    entries = tuples(spark.sql(f"select count(*), max(sequence_number) from {table}.entries where status < 2"))
    assert entries[0][0] == DAYS
    log = tuples(spark.sql(f"select latest_snapshot_id from {table}.metadata_log_entries order by timestamp desc limit 1"))
    assert log == [(ids[-1],)]
    metadata = {"_file", "_pos", "_spec_id", "_partition"}
    assert metadata <= set(spark.sql(f"select *, _file, _pos, _spec_id, _partition from {table}").columns)


def test_time_travel_by_version_moment_and_tag(spark, lake, millrace, snapshots):
    table = f"{lake}.default.kinds"

    def count(travel):
        return tuples(spark.sql(f"select count(*), max(number) from {table} {travel}"))[0]

    for number, (snapshot, moment) in enumerate(snapshots):
        expected = ((number + 1) * EACH, (number + 1) * EACH - 1)
        assert count(f"version as of {snapshot}") == expected
        assert count(f"timestamp as of '{moment.isoformat(sep=' ')}'") == expected
    spark.sql(f"alter table {table} create tag day_one as of version {snapshots[0][0]} retain 3 days")
    assert count("version as of 'day_one'") == (EACH, EACH - 1)
    spark.sql(f"alter table {table} create branch side as of version {snapshots[1][0]}")
    spark.sql(f"insert into {table}.branch_side select * from {table} limit 1")
    assert count("version as of 'side'")[0] == 2 * EACH + 1
    assert count("")[0] == DAYS * EACH
    assert {s["snapshot_id"]: s["references"] for s in
            json.loads(millrace.run("tables", "snapshots", "kinds", "--json").stdout)["snapshots"]
            }[str(snapshots[0][0])] == ["day_one"]
    # The pipeline goes on with main.
    land(millrace, range(DAYS * EACH, DAYS * EACH + 1), DAYS - 1)
    assert count("")[0] == DAYS * EACH + 1
    assert json.loads(millrace.run("verify", "--json").stdout)["proven"]


def test_changes_between_two_snapshots(spark, lake, millrace, snapshots):
    frame = (spark.read.format("iceberg").option("start-snapshot-id", snapshots[0][0])
             .option("end-snapshot-id", snapshots[1][0]).load(f"{lake}.default.kinds"))
    assert sorted(row.number for row in frame.select("number").collect()) == list(range(EACH, 2 * EACH))


def test_after_millrace_merged_and_expired_spark_reads_on(spark, lake, millrace):
    table = f"{lake}.default.kinds"
    before = agreed(spark, lake, millrace, "kinds", "_log.offset")
    done = json.loads(millrace.run("tables", "optimize", "kinds", "--json").stdout)
    assert done["files_merged"] > 0
    assert agreed(spark, lake, millrace, "kinds", "_log.offset") == before
    wait_until(
        lambda: json.loads(millrace.run(
            "tables", "expire", "kinds", "--older-than", "1s", "--json").stdout)["snapshots_left"] == 0, 30, "expiry")
    assert agreed(spark, lake, millrace, "kinds", "_log.offset") == before
    # What a tag names stays.
    assert tuples(spark.sql(f"select count(*) from {table} version as of 'day_one'")) == [(EACH,)]
