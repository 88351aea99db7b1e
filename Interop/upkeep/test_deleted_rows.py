"""Rows that other engines have deleted by position: merges leave them out, PyIceberg and DuckDB agree, and old snapshots go all the same."""

import json
import time

import pyarrow as pa
import pytest

import catalog_clients as clients
import foreign_deletes
from millrace_process import MillraceProcess
from named_files import last, named

COLUMNS = pa.schema([("id", pa.int64()), ("item", pa.string())])


def rows(*ids):
    return pa.table({"id": list(ids), "item": [f"item {i}" for i in ids]}, schema=COLUMNS)


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess("lake: {upkeep: false}\n") as process:
        clients.pyiceberg(process).create_namespace("shop")
        yield process


@pytest.fixture
def name():
    return clients.fresh_name()


def ids(table):
    return sorted(table.refresh().scan().to_arrow()["id"].to_pylist())


def duckdb_ids(millrace, name):
    return [i for (i,) in clients.duckdb(millrace).execute(f"select id from lake.shop.{name} order by id").fetchall()]


def run(millrace, verb, name, *words):
    return json.loads(millrace.run("tables", verb, f"shop.{name}", "--json", *words).stdout)


def contents(table):
    loaded = table.refresh()
    return [manifest.content.name for manifest in loaded.current_snapshot().manifests(loaded.io)
            if manifest.existing_files_count or manifest.added_files_count]


def test_a_merge_leaves_deleted_rows_out_and_the_deletes_go(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for start in range(0, 40, 10):
        table.append(rows(*range(start, start + 10)))
    files = foreign_deletes.data_files(table)
    table = foreign_deletes.delete_positions(table, {files[0]: [0, 3], files[2]: [9]})
    table.append(rows(*range(40, 50)))
    left = ids(table)
    assert len(left) == 47 and duckdb_ids(millrace, name) == left
    assert "DELETES" in contents(table)
    assert run(millrace, "optimize", name)["files_merged"] == 5
    assert ids(table) == left and duckdb_ids(millrace, name) == left
    assert contents(table) == ["DATA"]
    assert table.refresh().current_snapshot().summary["total-delete-files"] in (None, "0")
    # The past is as it was, until it goes; then nothing of it is left.
    time.sleep(1.1)
    run(millrace, "expire", name, "--older-than", "1s")
    run(millrace, "clean", name, "--older-than", "0s", "--yes")
    folder = millrace.data / "lake" / "shop" / name
    assert {p.name for p in folder.rglob("*") if p.is_file()} == named(table.refresh())
    assert ids(table) == left


def test_duckdb_deletes_and_millrace_merges(millrace, name):
    duck = clients.duckdb(millrace)
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for start in range(0, 30, 10):
        table.append(rows(*range(start, start + 10)))
    duck.execute(f"delete from lake.shop.{name} where id % 7 = 0")
    left = [i for i in range(30) if i % 7]
    assert ids(table) == left
    run(millrace, "optimize", name)
    assert ids(table) == left and duckdb_ids(millrace, name) == left
    assert contents(table) == ["DATA"]
    # A single file with deletes is written anew, too.
    duck.execute(f"delete from lake.shop.{name} where id > 20")
    run(millrace, "optimize", name)
    left = [i for i in left if i <= 20]
    assert ids(table) == left and contents(table) == ["DATA"]


def test_old_snapshots_of_a_table_with_deletes_go(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for start in range(0, 30, 10):
        table.append(rows(*range(start, start + 10)))
    table = foreign_deletes.delete_positions(table, {foreign_deletes.data_files(table)[0]: [1]})
    before = ids(table)
    time.sleep(1.1)
    assert run(millrace, "expire", name, "--older-than", "1s")["snapshots_expired"] == 3
    run(millrace, "optimize", name, "--manifests")
    assert sorted(contents(table)) == ["DATA", "DELETES"]
    assert ids(table) == before and duckdb_ids(millrace, name) == before
    assert last(table.refresh().metadata_location) in named(table)
