"""ClickHouse (chdb) and daft read and write Millrace's tables in a bucket, through its REST catalog, and agree with `millrace sql`."""

import datetime
import decimal
import json
import uuid

import daft
import pyarrow as pa
import pytest
from chdb import session
from daft.io import IOConfig, S3Config

COLUMNS = pa.schema([("id", pa.int64()), ("item", pa.string())])


@pytest.fixture
def table(bucket):
    """A table of its own, of two rows, in the namespace `shop`."""
    catalog = bucket.pyiceberg()
    catalog.create_namespace_if_not_exists("shop")
    table = catalog.create_table(f"shop.t_{uuid.uuid4().hex[:8]}", COLUMNS)
    table.append(pa.table({"id": [1, 2], "item": ["a", "b"]}, schema=COLUMNS))
    return table


def seen(bucket, table):
    """What `millrace sql` sees in it."""
    return [tuple(row.values()) for row in bucket.millrace.sql(f"select * from {'.'.join(table.name())} order by id")]


# ClickHouse

@pytest.fixture(scope="module")
def clickhouse(bucket):
    """A function that asks ClickHouse, for which the catalog is the database `lake`."""
    with session.Session() as connection:
        def ask(statement):
            answer = str(connection.query(statement, "JSONEachRow"))
            return [json.loads(line) for line in answer.splitlines() if line]

        keys = f"'{bucket.keys['AWS_ACCESS_KEY_ID']}', '{bucket.keys['AWS_SECRET_ACCESS_KEY']}'"
        ask("set allow_database_iceberg = 1")
        ask("set allow_insert_into_iceberg = 1")
        ask(f"create database lake engine = DataLakeCatalog('{bucket.catalog}/v1', {keys}) settings catalog_type = 'rest', "
            f"warehouse = 'millrace', storage_endpoint = '{bucket.store.endpoint}/{bucket.bucket}', vended_credentials = false")
        yield ask


def test_clickhouse_reads_every_type_that_a_pipeline_landed(bucket, clickhouse):
    columns = "number, price::varchar as price, text, day::varchar as day, flag, ratio, tags"
    more = "place.city as city, place.x as x, _log.offset as place_in_log"
    ours = bucket.millrace.sql(f"select {columns}, {more}, epoch_us(\"at\") as at from events order by number")
    theirs = clickhouse(
        "select number, toString(price) as price, text, toString(day) as day, flag, ratio, tags, place.city as city, place.x as x, "
        "_log.offset as place_in_log, toInt64(toUnixTimestamp64Micro(assumeNotNull(at))) as at "
        "from lake.`default.events` order by number")
    for row in theirs:
        row["flag"] = bool(row["flag"])
    for row in ours:
        # ClickHouse has no lists that are null.
        row["tags"] = row["tags"] or []
    assert len(ours) == bucket.events and theirs == ours


def test_clickhouse_leaves_out_files_by_bounds(clickhouse, bucket):
    condition = "from lake.`default.events` where number >= 290"
    assert clickhouse(f"select count() as n {condition}") == [{"n": 10}]
    assert clickhouse(f"select count(distinct _path) as n {condition}") == [{"n": 1}]
    assert clickhouse("select count(distinct _path) as n from lake.`default.events`")[0]["n"] >= 3


def test_clickhouse_reads_a_folder_without_the_catalog(bucket, clickhouse):
    folder = bucket.pyiceberg().load_table("default.events").location().removeprefix("s3://")
    keys = f"'{bucket.keys['AWS_ACCESS_KEY_ID']}', '{bucket.keys['AWS_SECRET_ACCESS_KEY']}'"
    answer = clickhouse(f"select count() as n, sum(number) as s from icebergS3('{bucket.store.endpoint}/{folder}/', {keys})")
    assert answer == [{"n": bucket.events, "s": sum(range(bucket.events))}]


def test_clickhouse_walks_namespaces_inside_of_namespaces(bucket, clickhouse):
    catalog = bucket.pyiceberg()
    catalog.create_namespace_if_not_exists("outer")
    catalog.create_namespace_if_not_exists(("outer", "inner"))
    catalog.create_table(("outer", "inner", "deep"), COLUMNS).append(
        pa.table({"id": [5], "item": ["e"]}, schema=COLUMNS))
    assert {"name": "outer.inner.deep"} in clickhouse("show tables from lake")
    assert clickhouse("select * from lake.`outer.inner.deep`") == [{"id": 5, "item": "e"}]


def test_clickhouse_inserts(bucket, clickhouse, table):
    name = ".".join(table.name())
    clickhouse(f"insert into lake.`{name}` values (3, 'from ClickHouse'), (4, 'Grüße')")
    assert seen(bucket, table) == [(1, "a"), (2, "b"), (3, "from ClickHouse"), (4, "Grüße")]
    table.refresh()
    table.delete("id = 1")
    assert clickhouse(f"select id from lake.`{name}` order by id") == [{"id": 2}, {"id": 3}, {"id": 4}]


# daft

@pytest.fixture(scope="module")
def io(bucket):
    return IOConfig(s3=S3Config(
        endpoint_url=bucket.store.endpoint, region_name="us-east-1", use_ssl=False,
        key_id=bucket.keys["AWS_ACCESS_KEY_ID"], access_key=bucket.keys["AWS_SECRET_ACCESS_KEY"]))


def test_daft_reads_every_type_that_a_pipeline_landed(bucket, io):
    frame = daft.read_iceberg(bucket.pyiceberg().load_table("default.events"), io_config=io).sort("number")
    rows = frame.to_pylist()
    assert [row["number"] for row in rows] == list(range(bucket.events))
    assert [row["_log"]["offset"] for row in rows] == list(range(bucket.events))
    row = rows[7]
    del row["_log"]
    assert row == {
        "number": 7, "price": decimal.Decimal("7.25"), "text": "Grüße 7", "day": datetime.date(2026, 1, 2),
        "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 7, tzinfo=datetime.timezone.utc), "flag": False, "ratio": 0.875,
        "tags": ["a", None, "b"], "place": {"city": "Köln", "x": 3.5}}
    few = frame.where(daft.col("number") > bucket.events - 3).select("number").to_pylist()
    assert [row["number"] for row in few] == [bucket.events - 2, bucket.events - 1]


def test_daft_reads_the_past_and_writes(bucket, io, table):
    first = table.current_snapshot().snapshot_id
    daft.from_pydict({"id": [9], "item": ["from daft"]}).write_iceberg(table, mode="append", io_config=io)
    assert seen(bucket, table) == [(1, "a"), (2, "b"), (9, "from daft")]
    table.refresh()
    assert daft.read_iceberg(table, snapshot_id=first, io_config=io).count_rows() == 2
    daft.from_pydict({"id": [7], "item": ["alone"]}).write_iceberg(table, mode="overwrite", io_config=io)
    assert seen(bucket, table) == [(7, "alone")]
