"""Keys, headers, formats and types on the way into tables, read back by Millrace, PyIceberg and DuckDB."""

import datetime
import decimal
import importlib.util
import json
import pathlib

import duckdb
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer
from pyiceberg.catalog.sql import SqlCatalog

from millrace_process import MillraceProcess

PIPELINES = """
pipelines:
  orders:
    from: orders
    into: orders
    freshness: 100ms
    columns:
      price: {from: amount, type: "decimal(10,2)"}
      total: {type: "decimal(30,4)"}
      level: {type: long, cast: true}
      region: {value: eu}
      key: {from: _key}
      trace: {from: "_headers.trace-id"}
      sent: {from: _timestamp}
  batches:
    from: batches
    into: batches
    freshness: 100ms
    documents: many
    where: n >= 0
  files:
    from: files
    into: files
    freshness: 100ms
    format: csv
    columns: {day: date, zip: string}
  people:
    from: people
    freshness: 100ms
    tables:
      people:
        nested: struct
        columns: {scores: "map<string, double>", home: "struct<lat: float, lon: float>"}
      flat_people: {nested: flatten}
  sales:
    from: sales
    freshness: 100ms
    on_error: skip
    tables:
      sales:
        columns: {item: string, price: "decimal(10,2)", tags: list<string>, n: long}
        sql: >
          select upper(item) as item, price * 2 as twice, list_sort(tags) as tags,
                 {'n': n, 'even': n % 2 = 0} as s, map {'n': n::double} as m
          from events where n % 10 != 3
      grouped_sales:
        columns: {item: string, n: long}
        contract: {columns: discard_row}
        sql: select item, max(n) as highest, any_value(_log) as _log from events group by item
  images:
    from: images
    into: images
    freshness: 100ms
    format: raw
    columns: {name: {from: _key}}
"""

SALES = 20_000
SENT = 1_795_000_000_123
ORDERS = [
    {"amount": "12.50", "total": 99999999999999999999999999.9999, "level": "7", "n": 0},
    {"amount": 0.01, "total": "-12345678901234567890123456.7891", "level": 8.0, "n": 1},
    {"amount": -99999999.99, "n": 2},
]


PEOPLE = [
    {"name": "ann", "pos": {"x": 1.5, "y": 2}, "tags": ["a", "b"], "scores": {"go": 1, "chess": 2.5}},
    {"name": "bob", "friends": [{"name": "ann", "since": 2020}, {"name": "eve"}], "home": {"lat": 1.25, "lon": -2.5}},
    {"name": "eve", "pos": {"x": -1.0, "z": {"deep": [1, 2]}}, "tags": [], "friends": [{"close": True}]},
    {"name": None, "pos": None, "tags": None, "friends": None, "scores": {}},
]


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess(PIPELINES) as process:
        producer = Producer({"bootstrap.servers": process.brokers})
        for number, order in enumerate(ORDERS):
            text = json.dumps(order).replace("1e+26", "99999999999999999999999999.9999")
            producer.produce(
                "orders", text.encode(), f"k{number}", timestamp=SENT + number,
                headers=[("trace-id", b"first"), ("trace-id", f"t{number}".encode())])
        producer.produce("orders", b'{"amount": 1.005}', "k3")
        for value in ['{"n":1}\n{"n":2}\n{"n":-3}', '[{"n":4},{"n":5}]', '{"n":6}{"n":1.5}', '{"n":-1}', "[]"]:
            producer.produce("batches", value.encode())
        for value in ["day,zip,n\n2026-11-21,01234,1\n2026-11-22,\"5,6\",\n", "n,day\n7,2026-11-23\n", "n,day\n7\n"]:
            producer.produce("files", value.encode())
        for person in PEOPLE[:2]:
            producer.produce("people", json.dumps(person).encode(), partition=0)
        for number in range(SALES):
            sale = {"item": f"item{number % 7}", "price": number / 4, "tags": ["b", "a"], "n": number, "x": {}}
            producer.produce("sales", json.dumps(sale if number % 100 else {"n": "none"}).encode(), partition=0)
        assert producer.flush(30) == 0
        process.wait_until_landed()
        for person in PEOPLE[2:]:
            producer.produce("people", json.dumps(person).encode(), partition=0)
        producer.produce("images", bytes(range(256)), "all")
        producer.produce("images", None, "none")
        assert producer.flush(30) == 0
        process.wait_until_landed()
        yield process


def catalog_of(millrace):
    lake = millrace.data / "lake"
    return SqlCatalog("millrace", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")


def extension(name):
    package = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    return next(package.glob(f"extensions/*/{name}.duckdb_extension"))


def by_pyiceberg(millrace, table):
    rows = catalog_of(millrace).load_table(("default", table)).scan().to_arrow().to_pylist()
    return sorted(rows, key=lambda row: (row["_log"]["offset"], row["_log"].get("index", 0)))


def by_duckdb(millrace, table):
    metadata = catalog_of(millrace).load_table(("default", table)).metadata_location
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute("set timezone = 'UTC'")
    for name in ("avro", "httpfs", "iceberg"):
        connection.execute(f"load '{extension(name)}'")
    found = connection.execute(f"from iceberg_scan('{metadata.removeprefix('file://')}')").to_arrow_table().to_pylist()
    return sorted(found, key=lambda row: (row["_log"]["offset"], row["_log"].get("index", 0)))


readers = pytest.mark.parametrize("reader", [by_pyiceberg, by_duckdb])


@readers
def test_keys_headers_times_constants_and_decimals(millrace, reader):
    rows = reader(millrace, "orders")
    assert [row["price"] for row in rows] == [decimal.Decimal(text) for text in ("12.50", "0.01", "-99999999.99")]
    assert [row["total"] for row in rows] == [
        decimal.Decimal("99999999999999999999999999.9999"), decimal.Decimal("-12345678901234567890123456.7891"), None]
    assert [row["level"] for row in rows] == [7, 8, None]
    assert [row["key"] for row in rows] == ["k0", "k1", "k2"]
    assert [row["trace"] for row in rows] == ["t0", "t1", "t2"]
    assert {row["region"] for row in rows} == {"eu"}
    assert rows[1]["sent"] == datetime.datetime.fromtimestamp((SENT + 1) / 1000, datetime.timezone.utc)
    assert "amount" not in rows[0]


def test_statistics_of_decimals_prune(millrace):
    table = catalog_of(millrace).load_table(("default", "orders"))
    for column in ("price", "total"):
        assert len(table.scan(row_filter=f"{column} < 0").to_arrow()) == 1
    assert not list(table.scan(row_filter="price > 12.50").plan_files())
    assert not list(table.scan(row_filter="total < -12345678901234567890123456.7891").plan_files())


def test_a_decimal_is_not_rounded(millrace):
    [letter] = millrace.sql("select reason, field, key::varchar as key from orders__dead_letters")
    assert letter == {"reason": "out-of-range", "field": "amount", "key": "k3"}


@readers
def test_documents_are_rows_and_a_bad_one_takes_its_record_along(millrace, reader):
    rows = [(row["_log"]["offset"], row["_log"]["index"], row["n"]) for row in reader(millrace, "batches")]
    assert rows == [(0, 0, 1), (0, 1, 2), (1, 0, 4), (1, 1, 5)]
    [letter] = millrace.sql("select reason, decode(value) as value, _log.offset as o from batches__dead_letters")
    assert letter == {"reason": "wrong-type", "value": '{"n":6}{"n":1.5}', "o": 2}


@readers
def test_csv_has_the_types_that_are_declared_or_spelled(millrace, reader):
    rows = [(row["day"], row["zip"], row["n"]) for row in reader(millrace, "files")]
    day = datetime.date(2026, 11, 21)
    one = datetime.timedelta(days=1)
    assert rows == [(day, "01234", 1), (day + one, "5,6", None), (day + 2 * one, None, 7)]
    assert millrace.sql("select reason from files__dead_letters") == [{"reason": "field-count"}]


def by_millrace(millrace, table):
    return millrace.sql(f"from {table} order by _log.offset")


@pytest.mark.parametrize("reader", [by_pyiceberg, by_duckdb, by_millrace])
def test_nested_values_are_structs_lists_and_maps_that_grow(millrace, reader):
    ann, bob, eve, nobody = reader(millrace, "people")
    # PyIceberg makes lists of offsets and elements alone, so null lists may come out empty; the file has null.
    nothing = (None, []) if reader is by_pyiceberg else (None,)
    assert ann["pos"] == {"x": 1.5, "y": 2, "z": None} and ann["tags"] == ["a", "b"] and ann["friends"] in nothing
    assert dict(ann["scores"]) == {"go": 1.0, "chess": 2.5}
    assert bob["friends"] == [
        {"name": "ann", "since": 2020, "close": None}, {"name": "eve", "since": None, "close": None}]
    assert bob["pos"] is None and bob["home"] == {"lat": 1.25, "lon": -2.5} and bob["scores"] is None
    assert eve["pos"] == {"x": -1.0, "y": None, "z": {"deep": [1, 2]}} and eve["tags"] == []
    assert eve["friends"] == [{"name": None, "since": None, "close": True}]
    assert nobody["pos"] is None and dict(nobody["scores"]) == {}
    assert nobody["tags"] in nothing and nobody["friends"] in nothing


def test_null_lists_are_null_in_the_files(millrace):
    files = [task.file.file_path for task in catalog_of(millrace).load_table(("default", "people")).scan().plan_files()]
    rows = [row for file in files for row in pq.read_table(file.removeprefix("file://")).to_pylist()]
    [nobody] = [row for row in rows if row["_log"]["offset"] == 3]
    assert nobody["tags"] is nobody["friends"] is None


def test_statistics_inside_structs_prune(millrace):
    table = catalog_of(millrace).load_table(("default", "people"))
    assert len(table.scan(row_filter="pos.x < 0").to_arrow()) == 1
    assert not list(table.scan(row_filter="home.lat > 1.25").plan_files())


@readers
def test_flattened_fields_are_columns(millrace, reader):
    ann, bob, eve, nobody = reader(millrace, "flat_people")
    assert (ann["pos_x"], ann["pos_y"], ann["tags"]) == (1.5, 2, '["a", "b"]')
    assert (bob["home_lat"], bob["pos_x"], json.loads(bob["friends"])[1]) == (1.25, None, {"name": "eve"})
    assert (eve["pos_z_deep"], eve["pos_x"]) == ("[1, 2]", -1.0)
    assert "pos" not in nobody


@readers
def test_sql_makes_the_rows(millrace, reader):
    rows = reader(millrace, "sales")
    landed = [number for number in range(SALES) if number % 100 and number % 10 != 3]
    assert [row["_log"]["offset"] for row in rows] == landed
    for row, number in zip(rows, landed, strict=True):
        assert row["item"] == f"ITEM{number % 7}" and row["twice"] == decimal.Decimal(number) / 2
        assert row["tags"] == ["a", "b"] and row["s"] == {"n": number, "even": number % 2 == 0}
        assert dict(row["m"]) == {"n": float(number)}


def test_what_was_left_out_is_counted_by_reason(millrace):
    found = {pipeline["table"]: pipeline for pipeline in millrace.pipelines()}
    assert found["sales"]["discarded"] == {"sql": SALES // 10, "wrong-type": SALES // 100}
    assert found["sales"]["filtered"] == SALES // 10 + SALES // 100
    assert found["sales"]["dead_lettered"] == 0
    # Every sale has fields that the grouped table knows nothing of.
    assert found["grouped_sales"]["discarded"] == {"unknown-field": SALES - SALES // 100, "wrong-type": SALES // 100}


@pytest.mark.parametrize("sql, expected", [
    ("select item from", "syntax"),
    ("select itm from events", "itm"),
    ("select item, count(*) from events group by 1", "_log"),
    ("select distinct item from events", "_log"),
    ("select 1 as _log from events", "_log is not that of events"),
    ("select * from read_csv('/etc/passwd')", "may not be used here"),
    ("select n, time '10:00:00' as t from events", "cast it"),
])
def test_a_question_that_cannot_be_a_tables_is_an_error_at_the_start(sql, expected):
    settings = f"""
pipelines:
  p:
    from: a
    into: t
    columns: {{item: string, n: long}}
    sql: {json.dumps(sql)}
"""
    millrace = MillraceProcess(settings)
    try:
        with pytest.raises(AssertionError, match="millrace ended with"):
            millrace.start()
        assert expected in millrace.log_tail() and "sql of t" in millrace.log_tail()
    finally:
        if millrace.process is not None and millrace.process.poll() is None:
            millrace.stop()


@readers
def test_raw_bytes_stay_as_they_are(millrace, reader):
    rows = [(row["name"], row["value"]) for row in reader(millrace, "images")]
    assert rows == [("all", bytes(range(256))), ("none", None)]


def test_every_record_is_on_the_receipt_once(millrace):
    report = json.loads(millrace.run("verify", "--json").stdout)
    assert report["proven"] and len(report["receipts"]) == 8
    [batches] = [receipt for receipt in report["receipts"] if receipt["table"] == "batches"]
    assert (batches["acknowledged"], batches["landed"], batches["filtered"], batches["dead_lettered"]) == (5, 2, 2, 1)
    assert batches["rows"] == 4
