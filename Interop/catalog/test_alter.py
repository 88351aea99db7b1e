"""Tables are changed by hand, `millrace tables alter`: PyIceberg, DuckDB and `millrace sql` read the right values, and
pipelines that land meanwhile lose and double nothing."""

import datetime
import json
import threading
import time

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import DecimalType, IntegerType, LongType, NestedField, StringType, TimestamptzType

import catalog_clients as clients
from millrace_process import MillraceProcess

UTC = datetime.timezone.utc
LANDED = """
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
    columns:
      number: int
"""


def alter(millrace, table, *options, check=True):
    done = millrace.run("tables", "alter", table, *options, "--json", check=check)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def post(millrace, first, count, **more):
    body = "\n".join(json.dumps({"number": n, **more}) for n in range(first, first + count)).encode()
    assert millrace.post_event("events", body, "application/x-ndjson")[0] < 300


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess("lake:\n  upkeep: false\n") as process:
        clients.pyiceberg(process).create_namespace("shop")
        yield process


@pytest.fixture
def scratch(millrace):
    """A table of three rows, by day of `ts`."""
    schema = Schema(
        NestedField(1, "id", LongType(), required=True), NestedField(2, "user", StringType()),
        NestedField(3, "ts", TimestamptzType()), NestedField(4, "count", IntegerType()),
        NestedField(5, "price", DecimalType(9, 2)))
    spec = PartitionSpec(PartitionField(3, 1000, DayTransform(), "ts_day"))
    name = f"shop.{clients.fresh_name()}"
    table = clients.pyiceberg(millrace).create_table(name, schema, partition_spec=spec)
    append(table, *[{"id": n, "user": f"u{n}", "ts": datetime.datetime(2026, 11, 20 + n, tzinfo=UTC), "count": n, "price": n}
                    for n in range(3)])
    return name


def append(table, *rows):
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))


def read_by_all(millrace, name, columns, where="true"):
    """The rows as Millrace, DuckDB and PyIceberg read them, which must be the same."""
    quoted = ".".join(f'"{part}"' for part in name.split("."))
    question = f"select {', '.join(columns)} from {{}} where {where} order by 1"
    status, _, body = millrace.request("POST", "/v1/sql", question.format(name.removeprefix("default.")).encode())
    assert status == 200, body
    ours = [tuple(row.values()) for row in json.loads(body)]
    assert clients.duckdb(millrace).execute(question.format(f"lake.{quoted}")).fetchall() == ours
    if where == "true":
        table = clients.pyiceberg(millrace).load_table(name).scan(selected_fields=tuple(columns)).to_arrow()
        theirs = sorted(tuple(row[column] for column in columns) for row in table.to_pylist())
        assert theirs == ours
    return ours


def test_columns(millrace, scratch):
    seen = alter(millrace, scratch, "--add", "discount long after user", "--dry-run")
    assert not seen["changed"] and seen["changes"] == ["+ column discount long, id 6"]
    assert "discount" not in clients.pyiceberg(millrace).load_table(scratch).schema().column_names
    done = alter(
        millrace, scratch, "--add", "discount long after user", "--rename", "count=number", "--type", "number long",
        "--type", "price decimal(20, 2)", "--optional", "id", "--comment", "user who bought", "--move", "price first",
        "--add", "place struct<x: int, y: list<string>>", "--set", "owner=shop")
    assert done["changed"]
    table = clients.pyiceberg(millrace).load_table(scratch)
    assert [field.name for field in table.schema().fields] == ["price", "id", "user", "discount", "ts", "number", "place"]
    assert table.schema().find_field("user").doc == "who bought" and table.properties["owner"] == "shop"
    assert not table.schema().find_field("id").required
    append(table, {"id": 3, "discount": 7, "number": 2**40, "place": {"x": 1, "y": ["z"]}, "ts": datetime.datetime(2026, 11, 23, tzinfo=UTC)})
    alter(millrace, scratch, "--add", "place.z int first", "--drop", "discount", "--rename", "place.x=left")
    table = clients.pyiceberg(millrace).load_table(scratch)
    append(table, {"id": 4, "number": 4, "place": {"z": 9, "left": 2, "y": []}, "ts": datetime.datetime(2026, 11, 23, tzinfo=UTC)})
    rows = read_by_all(millrace, scratch, ["id", "user", "number"])
    assert rows == [(0, "u0", 0), (1, "u1", 1), (2, "u2", 2), (3, None, 2**40), (4, None, 4)]
    assert read_by_all(millrace, scratch, ["id", "place.left", "place.z"], "id > 2") == [(3, 1, None), (4, 2, 9)]
    # A name that comes back is another column.
    alter(millrace, scratch, "--add", "discount long")
    assert read_by_all(millrace, scratch, ["id", "discount"])[3] == (3, None)
    assert "column discount" in alter(millrace, scratch, "--add", "discount int", check=False)
    assert "files are partitioned by day of it" in alter(millrace, scratch, "--drop", "ts", check=False)


def test_partitions_and_sort_order(millrace, scratch):
    done = alter(millrace, scratch, "--partition-by", "day(ts), bucket(4, count)", "--sort-by", "user, ts desc nulls last")
    assert (done["partition_spec_id"], done["sort_order_id"]) == (1, 1)
    table = clients.pyiceberg(millrace).load_table(scratch)
    assert [(f.field_id, f.name) for f in table.spec().fields] == [(1000, "ts_day"), (1001, "count_bucket_4")]
    assert isinstance(table.spec().fields[1].transform, BucketTransform)
    assert [(f.source_id, f.direction.value, f.null_order.value) for f in table.sort_order().fields] == [
        (2, "asc", "nulls-first"), (3, "desc", "nulls-last")]
    moment = datetime.datetime(2026, 11, 20, tzinfo=UTC)
    append(table, *[{"id": n, "user": f"u{n % 3}", "ts": moment, "count": n} for n in range(10, 30)])
    # A column that grows keeps its buckets.
    alter(millrace, scratch, "--type", "count long", "--partition-by", "user, bucket(4, count)")
    table = clients.pyiceberg(millrace).load_table(scratch)
    assert [(f.field_id, f.name) for f in table.spec().fields] == [(1002, "user"), (1001, "count_bucket_4")]
    assert isinstance(table.spec().fields[0].transform, IdentityTransform)
    append(table, *[{"id": n, "user": f"u{n % 3}", "ts": moment, "count": n} for n in range(30, 40)])
    alter(millrace, scratch, "--partition-by", "", "--sort-by", "")
    append(clients.pyiceberg(millrace).load_table(scratch), {"id": 99, "count": 2**40})
    everything = read_by_all(millrace, scratch, ["id", "count"])
    assert [row[0] for row in everything] == [0, 1, 2, *range(10, 40), 99] and everything[-1][1] == 2**40
    for where in ("count = 17", "count = 33", "user = 'u1'", "ts = '2026-11-20'", "count > 1099511627775", "user is null"):
        rows = read_by_all(millrace, scratch, ["id"], where)
        assert rows, where
    assert alter(millrace, scratch, "--partition-by", "day(ts)")["partition_spec_id"] == 0
    merged = json.loads(millrace.run("tables", "optimize", scratch, "--json").stdout)
    assert merged["files_left"] == 0
    assert read_by_all(millrace, scratch, ["id", "count"]) == everything


def test_branches_and_tags(millrace, scratch):
    first = str(clients.pyiceberg(millrace).load_table(scratch).current_snapshot().snapshot_id)
    assert json.loads(millrace.run("tables", "tag", scratch, "audit", "--json").stdout)["snapshot_id"] == first
    append(clients.pyiceberg(millrace).load_table(scratch), {"id": 3})
    millrace.run("tables", "branch", scratch, "work")
    millrace.run("tables", "branch", scratch, "old", "--at", "audit")
    refs = clients.pyiceberg(millrace).load_table(scratch).refs()
    assert {name: ref.snapshot_ref_type.value for name, ref in refs.items()} == {
        "main": "branch", "audit": "tag", "work": "branch", "old": "branch"}
    assert str(refs["old"].snapshot_id) == first
    assert millrace.sql(f"select count(*) as n from {scratch} for version as of 'audit'") == [{"n": 3}]
    again = millrace.run("tables", "tag", scratch, "audit", "--at", str(refs["main"].snapshot_id), check=False)
    assert again.returncode != 0 and "delete it first" in again.stderr
    assert "is a tag" in millrace.run("tables", "branch", scratch, "audit", "--delete", check=False).stderr
    assert millrace.run("tables", "branch", scratch, "main", "--delete", check=False).returncode != 0
    millrace.run("tables", "tag", scratch, "audit", "--delete")
    assert "audit" not in clients.pyiceberg(millrace).load_table(scratch).refs()


def test_without_a_server_and_over_http(millrace, scratch):
    status, _, body = millrace.request(
        "POST", f"/v1/tables/{scratch}/alter", json.dumps({"changes": [{"add": "a int"}, {"sort_by": "a desc"}]}).encode())
    answer = json.loads(body)
    assert status == 200 and answer["changed"] and answer["changes"] == ["+ column a int, id 6", "sorted by a desc nulls last"]
    for wrong, expected in ((b"{}", 400), (b'{"changes": [{"add": "x"}]}', 400), (b'{"changes": [{"drop": "x"}]}', 409)):
        assert millrace.request("POST", f"/v1/tables/{scratch}/alter", wrong)[0] == expected
    millrace.stop()
    try:
        text = millrace.run("tables", "alter", scratch, "--add", "b int").stdout
        assert text == f"{scratch} is changed:\n  + column b int, id 7\n"
        assert millrace.run("tables", "alter", scratch, "--set", "x", check=False).returncode == 2
        assert millrace.run("tables", "alter", scratch, check=False).returncode == 2
    finally:
        millrace.start()
    assert read_by_all(millrace, scratch, ["id", "b"])[0] == (0, None)


def test_beside_a_running_pipeline():
    with MillraceProcess(LANDED, partitions=2) as millrace:
        post(millrace, 0, 10)
        millrace.wait_until_landed()
        posted, stop = [10], threading.Event()

        def feed():
            while not stop.wait(0.02):
                post(millrace, posted[0], 20, extra="x")
                posted[0] += 20

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            for number in range(12):
                alter(millrace, "events", "--add", f"by_hand_{number} string first", "--set", f"round={number}")
                if number == 3:
                    alter(millrace, "events", "--type", "number long", "--sort-by", "number desc")
                if number == 6:
                    alter(millrace, "events", "--move", "number first", "--comment", "number counts")
                millrace.run("tables", "tag", "events", f"round-{number}")
        finally:
            stop.set()
            feeder.join()
        refusals = [
            (("--drop", "extra"), "would make extra again"), (("--rename", "extra=more"), "columns: {more: {from: extra}}"),
            (("--partition-by", ""), "would go on so"), (("--type", "_log.partition long"), "rely on"),
            (("--unset", "millrace.sink.events"), "checkpoints")]
        for options, reason in refusals:
            assert reason in alter(millrace, "events", *options, check=False)
        # More than an int holds, in the column that was declared as one; after a new start, too.
        post(millrace, 2**40, 5)
        millrace.wait_until_landed()
        millrace.restart()
        post(millrace, 2**41, 5)
        millrace.wait_until_landed()
        expected = [(n,) for n in [*range(posted[0]), *range(2**40, 2**40 + 5), *range(2**41, 2**41 + 5)]]
        assert read_by_all(millrace, "default.events", ["number"]) == expected
        assert millrace.get_json("/v1/verify")["proven"]
        table = clients.pyiceberg(millrace).load_table("default.events")
        assert table.properties["round"] == "11" and "by_hand_11" in table.schema().column_names


@pytest.mark.parametrize("partitioning", ["day", "none"])
def test_another_engine_divides_a_landed_table_otherwise(partitioning):
    with MillraceProcess(LANDED + f"    partition: {partitioning}\n", partitions=2) as millrace:
        post(millrace, 0, 50)
        millrace.wait_until_landed()
        catalog = clients.pyiceberg(millrace)
        posted, stop = [50], threading.Event()

        def feed():
            while not stop.wait(0.02):
                post(millrace, posted[0], 20)
                posted[0] += 20

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            def divide(table):
                with table.update_spec() as update:
                    update.add_field("number", BucketTransform(4), "number_bucket")
            clients.until_committed(catalog, "default.events", divide)
            time.sleep(1)

            def undivide(table):
                with table.update_spec() as update:
                    for field in table.spec().fields:
                        update.remove_field(field.name)
                    update.add_identity("number")
            clients.until_committed(catalog, "default.events", undivide)
            time.sleep(1)
        finally:
            stop.set()
            feeder.join()
        millrace.wait_until_landed()
        assert catalog.load_table("default.events").spec().fields[-1].name == "number"
        millrace.restart()
        post(millrace, posted[0], 10)
        millrace.wait_until_landed()
        expected = [(n,) for n in range(posted[0] + 10)]
        assert read_by_all(millrace, "default.events", ["number"]) == expected
        assert len(read_by_all(millrace, "default.events", ["number"], "number between 40 and 60")) == 21
        assert millrace.get_json("/v1/verify")["proven"]
        # Rows are taken out and landed anew, from files of the earlier spec.
        millrace.run("pipelines", "state", "reset", "events", "--to", "25", "--yes")
        millrace.wait_until_landed()
        assert read_by_all(millrace, "default.events", ["number"]) == expected
        assert millrace.get_json("/v1/verify")["proven"]
        # Files of the pipeline are what they say they are: by day, or not divided.
        table = catalog.load_table("default.events")
        specs = {task.file.spec_id: len(task.file.partition) for task in table.scan().plan_files()}
        assert specs == {0: 1 if partitioning == "day" else 0}
        millrace.run("tables", "optimize", "events")
        assert read_by_all(millrace, "default.events", ["number"]) == expected


def test_a_pipeline_by_day_lands_a_table_that_is_not_divided():
    with MillraceProcess(LANDED + "    partition: none\n") as millrace:
        post(millrace, 0, 20)
        millrace.wait_until_landed()
        millrace.stop()
        millrace.config.write_text(millrace.config.read_text().replace("partition: none", "partition: day"))
        millrace.start()
        post(millrace, 20, 20)
        millrace.wait_until_landed()
        rows = read_by_all(millrace, "default.events", ["number"], "_log.timestamp > '2020-01-01'")
        assert rows == [(n,) for n in range(40)]
        files = clients.pyiceberg(millrace).load_table("default.events").scan().plan_files()
        assert {(task.file.spec_id, len(task.file.partition)) for task in files} == {(0, 0)}
        assert millrace.get_json("/v1/verify")["proven"]


def test_in_a_catalog_of_somebody_else():
    with MillraceProcess() as server:
        lake = f"lake:\n  catalog: {clients.address(server)}\n  catalog_warehouse: millrace\n  directory: {server.data}/lake\n"
        with MillraceProcess(lake + LANDED) as millrace:
            post(millrace, 0, 10)
            millrace.wait_until_landed()
            done = alter(millrace, "events", "--add", "note string first", "--type", "number long", "--sort-by", "number desc",
                         "--set", "owner=shop", "--comment", "number counts")
            assert done["changed"] and len(done["changes"]) == 5
            millrace.run("tables", "tag", "events", "before")
            # The lane knows the columns of its last commit: what does not fit these is a dead letter, and can be replayed.
            post(millrace, 2**40, 1)
            millrace.wait_until_landed()
            post(millrace, 2**41, 10, note="by hand")
            millrace.wait_until_landed()
            millrace.run("dead-letters", "replay", "events")
            millrace.wait_until_landed()
            clients.pyiceberg(server).create_table("default.scratch", Schema(NestedField(1, "a", IntegerType())))
            assert alter(millrace, "scratch", "--add", "b long", "--partition-by", "bucket(4, b)", "--drop", "a")["changed"]
            assert millrace.get_json("/v1/verify")["proven"]
            expected = [(n, None) for n in [*range(10), 2**40]] + [(2**41 + n, "by hand") for n in range(10)]
            assert read_by_all(server, "default.events", ["number", "note"]) == expected
            table = clients.pyiceberg(server).load_table("default.events")
            assert "before" in table.refs() and table.properties["owner"] == "shop" and table.sort_order().order_id == 1
            fields = clients.pyiceberg(server).load_table("default.scratch")
            assert [f.field_id for f in fields.schema().fields] == [2] and fields.spec().fields[0].source_id == 2
