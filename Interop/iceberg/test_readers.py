"""The tables as other engines see them: PyIceberg on the same catalog file, DuckDB's own Iceberg reader, `millrace sql`."""

import importlib.util
import json
import pathlib

import duckdb
import pyarrow.parquet
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from millrace_process import MillraceProcess

PIPELINES = """
pipelines:
  game:
    from: events
    freshness: 100ms
    tables:
      purchases:
        where: event_type like 'purchase%'
      joins:
        where: event_type like 'join%'
"""


def events(count):
    for number in range(count):
        yield {
            "event_type": ["purchase_sword", "purchase_axe", "join_guild", "default"][number % 4],
            "user-agent": f"agent/{number % 3}",
            "number": number,
            "price": number / 8,
            "is_new": number % 2 == 0,
            "unicode": "Grüße, 世界 🗡️",
            "nested": {"a": [1, 2, {"b": None}]},
            **({"later": f"since {number}"} if number >= count // 2 else {}),
        }


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess(PIPELINES) as process:
        rows = list(events(1000))
        for half in (rows[:500], rows[500:]):
            body = "\n".join(json.dumps(row) for row in half).encode()
            assert process.post_event("events", body, "application/x-ndjson")[0] < 300
            process.wait_until_landed()
        process.post_event("events", b'{"event_type":"purchase_axe","number":"not a number"}')
        process.wait_until_landed()
        yield process


def catalog_of(millrace):
    lake = millrace.data / "lake"
    return SqlCatalog("millrace", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")


def rows_by_millrace(millrace, table):
    return millrace.sql(f'select * exclude (_log), _log.partition as p, _log.offset as o from "{table}" order by o')


def rows_by_pyiceberg(millrace, table):
    found = catalog_of(millrace).load_table(("default", table)).scan().to_arrow()
    rows = found.to_pylist()
    for row in rows:
        log = row.pop("_log")
        row["p"], row["o"] = log["partition"], log["offset"]
    return sorted(rows, key=lambda row: row["o"])


def extension(name):
    """The path of a DuckDB extension that came as a wheel."""
    package = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    return next(package.glob(f"extensions/*/{name}.duckdb_extension"))


def rows_by_duckdb(millrace, table):
    metadata = catalog_of(millrace).load_table(("default", table)).metadata_location
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    for name in ("avro", "httpfs", "iceberg"):
        connection.execute(f"load '{extension(name)}'")
    found = connection.execute(
        "select * exclude (_log), _log.partition as p, _log.offset as o "
        f"from iceberg_scan('{metadata.removeprefix('file://')}') order by o").to_arrow_table()
    return found.to_pylist()


@pytest.mark.parametrize("table", ["purchases", "joins"])
@pytest.mark.parametrize("reader", [rows_by_pyiceberg, rows_by_duckdb])
def test_other_engines_see_the_same_rows(millrace, table, reader):
    expected = rows_by_millrace(millrace, table)
    assert len(expected) == {"purchases": 500, "joins": 250}[table]
    found = reader(millrace, table)
    assert found == expected
    assert expected[0]["unicode"] == "Grüße, 世界 🗡️"
    assert expected[0]["later"] is None and expected[-1]["later"].startswith("since ")
    assert json.loads(expected[0]["nested"]) == {"a": [1, 2, {"b": None}]}


def test_files_name_their_writer_as_parquets_libraries_expect(millrace):
    """Java's reader does not believe the bounds of text in a file whose writer it cannot make out."""
    files = [task.file.file_path for task in catalog_of(millrace).load_table(("default", "purchases")).scan().plan_files()]
    version = millrace.run("--version").stdout.split()[-1]
    for file in files:
        metadata = pyarrow.parquet.read_metadata(file.removeprefix("file://"))
        assert metadata.created_by == f"millrace version {version}"


def test_the_dead_letter_carries_reason_offset_and_bytes(millrace):
    [row] = millrace.sql("select reason, field, value::varchar as value, _log.offset as o from purchases__dead_letters")
    assert row["reason"] == "wrong-type" and row["field"] == "number" and row["o"] == 1000
    assert "not a number" in row["value"]


def test_pyiceberg_prunes_by_the_partition_and_by_statistics(millrace):
    table = catalog_of(millrace).load_table(("default", "purchases"))
    assert len(table.scan(row_filter="number < 0").to_arrow()) == 0
    assert not list(table.scan(row_filter="number < 0").plan_files())
    assert len(table.scan(row_filter="number >= 996 and event_type = 'purchase_axe'").to_arrow()) == 1
    assert table.spec().fields[0].transform.__class__.__name__ == "DayTransform"


def test_pyiceberg_may_append_and_the_pipeline_goes_on(millrace):
    table = catalog_of(millrace).load_table(("default", "joins"))
    rows = table.scan().to_arrow()
    foreign = rows.slice(0, 1)
    table.append(foreign)
    process = millrace
    assert process.post_event("events", b'{"event_type":"join_guild","number":5000}')[0] < 300
    process.wait_until_landed()
    assert process.sql("select count(*) as n from joins")[0]["n"] == rows.num_rows + 2
    assert process.sql("select count(*) as n from joins where number = 5000")[0]["n"] == 1
    # A row that did not come through the pipeline is not on its receipt: verify says so instead of hiding it.
    assert process.run("verify", check=False).returncode == 3
