"""`millrace sql` reads tables as they were, and without the rows that other engines have deleted: PyIceberg and DuckDB agree."""

import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFileContent
from pyiceberg.types import DoubleType

import catalog_clients as clients
import foreign_deletes
from millrace_process import MillraceProcess

PIPELINE = """
pipelines:
  game:
    from: events
    into: purchases
    freshness: 100ms
lake:
  upkeep: false
"""
COLUMNS = pa.schema([("id", pa.int64()), ("item", pa.string())])


def rows(*ids):
    return pa.table({"id": list(ids), "item": [f"item {i}" for i in ids]}, schema=COLUMNS)


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess(PIPELINE) as process:
        clients.pyiceberg(process).create_namespace("shop")
        yield process


@pytest.fixture
def name():
    return clients.fresh_name()


def ours(millrace, statement):
    status, _, body = millrace.request("POST", "/v1/sql", statement.encode())
    assert status == 200, body
    return [tuple(row.values()) for row in json.loads(body)]


def refusal(millrace, statement):
    done = millrace.run("sql", statement, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr + done.stdout


def arrow_rows(table):
    return sorted(tuple(row.values()) for row in table.to_pylist())


# As it was

def test_every_snapshot_tag_branch_and_moment_reads_as_it_was(millrace, name):
    catalog = clients.pyiceberg(millrace)
    table = catalog.create_table(f"shop.{name}", COLUMNS)
    for step in range(4):
        table.append(rows(step).rename_columns(["id", "thing"]) if step > 1 else rows(step))
        if step == 1:
            with table.update_schema() as update:
                update.rename_column("item", "thing").add_column("price", DoubleType())
        if step == 2:
            with table.update_schema() as update:
                update.delete_column("price")
            table.delete("id = 0")
        time.sleep(0.01)
    snapshots = table.snapshots()
    with table.manage_snapshots() as manage:
        manage.create_tag(snapshots[0].snapshot_id, "start").create_branch(snapshots[1].snapshot_id, "audit")
    duck = clients.duckdb(millrace)
    for snapshot in snapshots:
        # A rewrite of its own: PyIceberg names no schema in the snapshots of older tables.
        expected = arrow_rows(table.scan(snapshot_id=snapshot.snapshot_id).to_arrow())
        told = duck.execute(f"select * from lake.shop.{name} at (version => {snapshot.snapshot_id})").fetchall()
        assert sorted(told) == expected
        for clause in (f"for version as of {snapshot.snapshot_id}", f"version as of {snapshot.snapshot_id}",
                       f"for system_version as of '{snapshot.snapshot_id}'", f"at (version => {snapshot.snapshot_id})"):
            assert sorted(ours(millrace, f"select * from shop.{name} {clause}")) == expected
        columns = [row[0] for row in ours(millrace, f"describe shop.{name} for version as of {snapshot.snapshot_id}")]
        assert columns == [field.name for field in table.scan(snapshot_id=snapshot.snapshot_id).projection().fields]
    # A tag has the columns of then, a branch those of now.
    assert ours(millrace, f"select item from shop.{name} for version as of 'start'") == [("item 0",)]
    assert sorted(ours(millrace, f"select thing from shop.{name} version as of 'audit'")) == [("item 0",), ("item 1",)]
    for entry in table.history():
        moment = f"make_timestamp({entry.timestamp_ms * 1000 + 999})"
        expected = arrow_rows(table.scan(snapshot_id=table.snapshot_as_of_timestamp(entry.timestamp_ms).snapshot_id).to_arrow())
        for clause in (f"for timestamp as of {moment}", f"timestamp as of {moment}", f"for system_time as of {moment}",
                       f"at (timestamp => {moment})"):
            assert sorted(ours(millrace, f"select * from shop.{name} {clause}")) == expected
        told = duck.execute(f"select * from lake.shop.{name} at (timestamp => {moment}::timestamptz)").fetchall()
        assert sorted(told) == expected
    joined = f"""
        with old as (select * from shop.{name} for version as of 'start')
        select count(*), count(o.id) from shop.{name} n full join old o using (id)
        full join shop.{name} timestamp as of now() - interval 0 hours as x using (id)"""
    assert ours(millrace, joined) == [(4, 1)]
    assert millrace.sql(f"select count(*) n from shop.{name} for version as of 'start'") == [{"n": 1}]


def test_a_rolled_back_table_is_what_it_was_then(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    table.append(rows(1))
    time.sleep(0.01)
    table.append(rows(2))
    first, second = table.snapshots()
    time.sleep(0.01)
    with table.manage_snapshots() as manage:
        manage.rollback_to_snapshot(first.snapshot_id)
    read = f"select id from shop.{name} for timestamp as of make_timestamp({{}}) order by id"
    assert ours(millrace, f"select id from shop.{name}") == [(1,)]
    assert ours(millrace, read.format(second.timestamp_ms * 1000)) == [(1,), (2,)]
    assert ours(millrace, read.format(int(time.time() * 1e6))) == [(1,)]


def test_what_there_is_not_is_said_with_what_there_is(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    assert "no snapshots yet" in refusal(millrace, f"from shop.{name} for timestamp as of now()")
    for step in range(3):
        table.append(rows(step))
        time.sleep(0.01)
    first, second, third = table.snapshots()
    said = refusal(millrace, f"from shop.{name} for version as of 5")
    assert str(first.snapshot_id) in said and str(third.snapshot_id) in said
    assert "branch main" in refusal(millrace, f"from shop.{name} for version as of 'audit'")
    said = refusal(millrace, f"from shop.{name} for timestamp as of '2020-01-01'")
    assert "2020-01-01" in said and "begins at" in said
    table.maintenance.expire_snapshots().by_id(second.snapshot_id).commit()
    said = refusal(millrace, f"from shop.{name} for timestamp as of make_timestamp({second.timestamp_ms * 1000})")
    assert "expired" in said
    status, _, body = millrace.request("POST", "/v1/sql", f"from shop.{name} for version as of 5".encode())
    assert status == 400 and b"no snapshot 5" in body


# Rows deleted by position

def test_rows_that_duckdb_deletes_and_changes(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} as select range::bigint as id, 'x' || range as item from range(5000)")
    duck.execute(f"insert into lake.shop.{name} select range, 'y' from range(5000, 6000)")
    statements = [
        f"delete from lake.shop.{name} where id % 7 = 3", f"update lake.shop.{name} set item = 'new' where id % 100 = 1",
        f"insert into lake.shop.{name} values (3, 'again')", f"delete from lake.shop.{name} where id between 4990 and 5010",
    ]
    questions = [
        "select count(*), sum(id), count(distinct item) from {}", "select * from {} where id in (1, 3, 101, 4989, 5000, 5011)",
        "select count(*) from {} where item = 'new'", "select a.id from {} a join {} b using (id) where a.id < 12",
    ]
    told = []
    for statement in statements:
        duck.execute(statement)
        for question in questions:
            theirs = sorted(duck.execute(question.replace("{}", f"lake.shop.{name}")).fetchall())
            assert sorted(ours(millrace, question.replace("{}", f"shop.{name}"))) == theirs, statement
        told.append(duck.execute(f"select count(*), sum(id) from lake.shop.{name}").fetchall())
    table = clients.pyiceberg(millrace).load_table(f"shop.{name}")
    assert table.scan().to_arrow().num_rows == told[-1][0][0]
    for snapshot, expected in zip(table.snapshots()[2:], told):
        assert ours(millrace, f"select count(*), sum(id) from shop.{name} for version as of {snapshot.snapshot_id}") == expected
    files = millrace.get_json(f"/v1/tables/shop.{name}/files")
    left = sum(file["rows"] - file.get("deleted_rows", 0) for file in files["files"])
    assert left == told[-1][0][0] and files["delete_files"]
    listed = [t for t in millrace.get_json("/v1/tables")["tables"] if t["name"] == name]
    assert listed[0]["rows"] == left
    assert f"{left:,}" in millrace.run("tables", "describe", f"shop.{name}").stdout
    # Appending and merging leave the deleted rows away.
    table.append(rows(9999))
    assert ours(millrace, f"select count(*) from shop.{name}") == [(left + 1,)]


def test_rows_deleted_in_partitions(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} (id bigint, day date) partitioned by (day)")
    for _ in range(3):
        duck.execute(f"insert into lake.shop.{name} select range, date '2026-11-01' + (range % 5)::int from range(500)")
    duck.execute(f"delete from lake.shop.{name} where id < 50")
    duck.execute(f"insert into lake.shop.{name} values (7, '2026-11-02')")
    duck.execute(f"delete from lake.shop.{name} where day = '2026-11-04' and id > 400")
    question = "select day, count(*), sum(id) from {} group by day order by day"
    assert [(str(d), n, s) for d, n, s in duck.execute(question.format(f"lake.shop.{name}")).fetchall()] \
        == ours(millrace, question.format(f"shop.{name}"))


def test_deletes_concern_files_that_are_not_newer(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for start in (0, 10):
        table.append(rows(*range(start, start + 10)))
    table = foreign_deletes.delete_positions(table, {file: [0, 4, 9] for file in foreign_deletes.data_files(table)})
    table.append(rows(*range(20, 30)))
    assert arrow_rows(table.scan().to_arrow()) == sorted(ours(millrace, f"from shop.{name}"))
    first = foreign_deletes.data_files(table)[0]
    table = foreign_deletes.delete_positions(table, {first: [0, 1]})
    expected = arrow_rows(table.scan().to_arrow())
    assert expected == sorted(ours(millrace, f"from shop.{name}"))
    assert len(expected) in (23, 22)
    found = clients.duckdb(millrace).execute(f"from lake.shop.{name}").fetchall()
    assert sorted(found) == expected


def test_equality_deletes_are_refused_with_the_way_out(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    table.append(rows(1, 2))
    [file] = foreign_deletes.data_files(table)
    foreign_deletes.delete_positions(table, {file: [0]}, DataFileContent.EQUALITY_DELETES, [1])
    said = refusal(millrace, f"from shop.{name}")
    assert f"shop.{name}" in said and "equality deletes" in said and "rewrite_data_files" in said
    assert refusal(millrace, f"from shop.{name} for version as of 'main'").count("equality deletes")
    first = table.snapshots()[0].snapshot_id
    assert ours(millrace, f"select count(*) from shop.{name} for version as of {first}") == [(2,)]


def test_a_landed_table_of_which_another_engine_deletes_rows():
    settings = """
pipelines:
  orders:
    from: orders
    into: orders
    mode: batch
    columns: {n: long}
"""
    with MillraceProcess(settings) as millrace:
        def land():
            return json.loads(millrace.run("run", "orders", "--json").stdout)["tables"][0]["landed"]

        def numbers():
            return [n for n, in ours(millrace, "select n from orders order by n")]

        for start in range(0, 90, 30):
            lines = b"\n".join(json.dumps({"n": n}).encode() for n in range(start, start + 30))
            assert millrace.post_event("orders", lines, "application/x-ndjson")[0] == 200
            assert land() == 30
        # One file of deletes for all three: DuckDB cannot change tables whose partitions come from inside a struct.
        table = clients.pyiceberg(millrace).load_table("default.orders")
        deleted = {}
        for file in foreign_deletes.data_files(table):
            found = pq.read_table(file.file_path.removeprefix("file://"), columns=["n"])["n"].to_pylist()
            deleted[file] = [found.index(n) for n in (10, 50, 51, 89) if n in found]
        foreign_deletes.delete_positions(table, deleted)
        assert numbers() == [n for n in range(90) if n not in (10, 50, 51, 89)]
        # The receipt misses them, and says where.
        done = millrace.run("verify", "--json", check=False)
        [receipt] = json.loads(done.stdout)["receipts"]
        assert done.returncode == 3 and receipt["missing"] == 4, receipt
        gone = millrace.run("verify", "orders/0@51", check=False)
        assert gone.returncode == 3 and "missing" in gone.stdout
        assert millrace.run("verify", "orders/0@52").returncode == 0
        # A reset finds rows that are there, in files written anew and whole ones; nothing comes back on the way.
        plan = json.loads(millrace.run("pipelines", "state", "reset", "orders", "--json", "--to", "45", "--dry-run").stdout)
        assert plan["tables"] == [
            {"table": "orders", "rows": 42, "letters": 0, "files_dropped": 1, "files_rewritten": 1}]
        millrace.run("pipelines", "state", "reset", "orders", "--to", "45", "--yes")
        assert numbers() == [n for n in range(45) if n != 10]
        assert sorted(table.refresh().scan().to_arrow()["n"].to_pylist()) == numbers()
        assert land() == 45
        assert numbers() == [n for n in range(90) if n != 10]
