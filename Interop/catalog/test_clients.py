"""PyIceberg, DuckDB and polars read and write through Millrace's own Iceberg REST catalog, and see what `millrace sql` sees."""

import pathlib

import polars
import pyarrow as pa
import pytest
import requests
from pyiceberg.exceptions import (
    CommitFailedException, NamespaceNotEmptyError, NoSuchTableError, OAuthError, TableAlreadyExistsError, UnauthorizedError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import IntegerType, ListType, LongType, NestedField, StringType, StructType

import catalog_clients as clients
from millrace_process import MillraceProcess, wait_until

PIPELINE = """
pipelines:
  game:
    from: events
    into: purchases
    freshness: 100ms
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


def ids(table):
    return sorted(table.scan().to_arrow()["id"].to_pylist())


def seen(millrace, name, columns="id"):
    """The ids as `millrace sql` and DuckDB see them; both must agree."""
    ours = [tuple(row.values()) for row in millrace.sql(f"select {columns} from shop.{name} order by {columns}")]
    theirs = clients.duckdb(millrace).execute(f"select {columns} from lake.shop.{name} order by {columns}").fetchall()
    assert ours == theirs
    return [row[0] for row in ours] if columns == "id" else ours


# PyIceberg

def test_pyiceberg_appends_and_everybody_sees_it(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    table.append(rows(1, 2))
    table.append(rows(3))
    assert ids(table) == seen(millrace, name) == [1, 2, 3]
    table.delete("id = 2")
    assert ids(table) == seen(millrace, name) == [1, 3]
    table.overwrite(rows(7))
    assert ids(table) == seen(millrace, name) == [7]


def test_pyiceberg_changes_columns(millrace, name):
    catalog = clients.pyiceberg(millrace)
    schema = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "item", StringType()),
        NestedField(3, "count", IntegerType()),
        NestedField(4, "within", StructType(NestedField(5, "a", StringType()))),
        NestedField(6, "tags", ListType(7, StringType(), element_required=False)))
    table = catalog.create_table(f"shop.{name}", schema)
    table.append(pa.Table.from_pylist([{"id": 1, "item": "x", "count": 5, "within": {"a": "b"}, "tags": ["t"]}],
                                      schema=table.schema().as_arrow()))
    with table.update_schema() as update:
        update.add_column("note", StringType()).rename_column("item", "thing").update_column("count", LongType())
        update.add_column(("within", "c"), LongType()).delete_column("tags").move_first("item")
    table.append(pa.Table.from_pylist(
        [{"thing": "y", "id": 2, "count": 2**40, "within": {"a": "d", "c": 9}, "note": "n"}], schema=table.schema().as_arrow()))
    expected = [(1, "x", 5, None, "b", None), (2, "y", 2**40, "n", "d", 9)]
    assert seen(millrace, name, "id, thing, count, note, within.a, within.c") == expected
    assert [field.field_id for field in catalog.load_table(f"shop.{name}").schema().fields] == [2, 1, 3, 4, 8]


def test_pyiceberg_changes_partitions_and_order(millrace, name):
    catalog = clients.pyiceberg(millrace)
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "item", StringType()))
    spec = PartitionSpec(PartitionField(source_id=1, field_id=1000, transform=BucketTransform(4), name="id_bucket"))
    table = catalog.create_table(f"shop.{name}", schema, partition_spec=spec)
    table.append(rows(*range(10)))
    with table.update_spec() as update:
        update.add_field("item", TruncateTransform(6), "item_start").remove_field("id_bucket")
    table.append(rows(10, 11))
    with table.update_spec() as update:
        update.add_field("id", IdentityTransform(), "id_itself").remove_field("item_start")
    table.append(rows(12))
    loaded = catalog.load_table(f"shop.{name}")
    assert loaded.metadata.last_partition_id == 1002 and len(loaded.specs()) == 3
    assert ids(loaded) == seen(millrace, name) == list(range(13))
    assert [task.file.record_count for task in loaded.scan("id = 12").plan_files()] == [1]


def test_pyiceberg_travels_in_time_and_names_snapshots(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for number in range(3):
        table.append(rows(number))
    first, second, third = [entry.snapshot_id for entry in table.history()]
    with table.manage_snapshots() as manage:
        manage.create_tag(first, "start").create_branch(second, "middle")
    assert ids(table) == [0, 1, 2]
    assert sorted(table.scan(snapshot_id=second).to_arrow()["id"].to_pylist()) == [0, 1]
    duck = clients.duckdb(millrace)
    found = duck.execute(f"select id from lake.shop.{name} at (version => {second}) order by id").fetchall()
    assert found == [(0,), (1,)]
    with table.manage_snapshots() as manage:
        manage.remove_branch("middle")
    table.maintenance.expire_snapshots().by_id(second).commit()
    loaded = clients.pyiceberg(millrace).load_table(f"shop.{name}")
    assert [snapshot.snapshot_id for snapshot in loaded.snapshots()] == [first, third]
    assert set(loaded.refs()) == {"main", "start"}
    only_named = clients.pyiceberg(millrace, **{"snapshot-loading-mode": "refs"}).load_table(f"shop.{name}")
    assert {snapshot.snapshot_id for snapshot in only_named.snapshots()} == {first, third}
    assert seen(millrace, name) == [0, 1, 2]


def test_pyiceberg_makes_a_table_in_a_transaction(millrace, name):
    catalog = clients.pyiceberg(millrace)
    with catalog.create_table_transaction(f"shop.{name}", COLUMNS) as transaction:
        transaction.append(rows(1))
        with pytest.raises(NoSuchTableError):
            catalog.load_table(f"shop.{name}")
    assert seen(millrace, name) == [1]
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table(f"shop.{name}", COLUMNS)


def test_who_comes_second_is_told(millrace, name):
    catalog = clients.pyiceberg(millrace)
    first = catalog.create_table(f"shop.{name}", COLUMNS, properties={"commit.retry.num-retries": "0"})
    with first.transaction() as transaction:
        catalog.load_table(f"shop.{name}").append(rows(1))
        transaction.set_properties(a="b")
    # Properties do not collide with rows, rows with rows do.
    stale = catalog.load_table(f"shop.{name}").transaction()
    stale.append(rows(3))
    catalog.load_table(f"shop.{name}").append(rows(2))
    with pytest.raises(CommitFailedException):
        stale.commit_transaction()
    assert seen(millrace, name) == [1, 2]
    assert catalog.load_table(f"shop.{name}").properties["a"] == "b"


def test_pyiceberg_renames_registers_and_drops(millrace, name):
    catalog = clients.pyiceberg(millrace)
    catalog.create_table(f"shop.{name}", COLUMNS).append(rows(1))
    catalog.rename_table(f"shop.{name}", f"shop.{name}_b")
    assert ids(catalog.load_table(f"shop.{name}_b")) == [1]
    location = catalog.load_table(f"shop.{name}_b").metadata_location
    catalog.drop_table(f"shop.{name}_b")
    assert not catalog.table_exists(f"shop.{name}_b")
    assert ids(catalog.register_table(f"shop.{name}_c", location)) == [1]
    folder = pathlib.Path(location.removeprefix("file://")).parent.parent
    catalog.purge_table(f"shop.{name}_c")
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_namespaces_have_levels(millrace, name):
    catalog = clients.pyiceberg(millrace)
    catalog.create_namespace((name,), {"owner": "me"})
    catalog.create_namespace((name, "inner"))
    assert catalog.list_namespaces(name) == [(name, "inner")]
    assert (name,) in catalog.list_namespaces()
    catalog.create_table((name, "inner", "t"), COLUMNS).append(rows(5))
    assert catalog.list_tables((name, "inner")) == [(name, "inner", "t")]
    assert ids(catalog.load_table((name, "inner", "t"))) == [5]
    catalog.update_namespace_properties(name, removals={"owner"}, updates={"k": "v"})
    assert catalog.load_namespace_properties(name) == {"k": "v"}
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(name)


def test_lists_come_in_pages(millrace, name):
    catalog = clients.pyiceberg(millrace, **{"page-size": "2"})
    catalog.create_namespace(name)
    for number in range(5):
        catalog.create_table((name, f"t{number}"), COLUMNS)
    assert [table for _, table in catalog.list_tables(name)] == [f"t{number}" for number in range(5)]


# DuckDB

def test_duckdb_makes_fills_and_changes_tables(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} as select range::bigint as id, 'item ' || range as item from range(10)")
    assert seen(millrace, name) == list(range(10))
    duck.execute(f"insert into lake.shop.{name} values (10, 'x'), (11, null)")
    assert seen(millrace, name) == list(range(12))
    table = clients.pyiceberg(millrace).load_table(f"shop.{name}")
    assert ids(table) == list(range(12))
    duck.execute(f"create table lake.shop.{name}_b (id bigint, within struct(a int, b varchar[]))")
    duck.execute(f"insert into lake.shop.{name}_b values (1, {{'a': 2, 'b': ['c']}})")
    assert seen(millrace, f"{name}_b", "id, within.a") == [(1, 2)]
    duck.execute(f"drop table lake.shop.{name}_b")
    assert not clients.pyiceberg(millrace).table_exists(f"shop.{name}_b")


def test_duckdb_changes_two_tables_together(millrace, name):
    duck = clients.duckdb(millrace)
    for table in (name, f"{name}_b"):
        duck.execute(f"create table lake.shop.{table} (id bigint, item varchar)")
    duck.execute("begin")
    duck.execute(f"insert into lake.shop.{name} values (1, 'a')")
    duck.execute(f"insert into lake.shop.{name}_b values (2, 'b')")
    clients.pyiceberg(millrace).load_table(f"shop.{name}_b").append(rows(9))
    with pytest.raises(Exception, match="409|CommitFailed|Requirement"):
        duck.execute("commit")
    assert (seen(millrace, name), seen(millrace, f"{name}_b")) == ([], [9])
    duck = clients.duckdb(millrace)
    duck.execute("begin")
    duck.execute(f"insert into lake.shop.{name} values (1, 'a')")
    duck.execute(f"insert into lake.shop.{name}_b values (2, 'b')")
    duck.execute("commit")
    assert (seen(millrace, name), seen(millrace, f"{name}_b")) == ([1], [2, 9])


def test_rows_that_duckdb_deletes_are_not_shown_again(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} as select range::bigint as id from range(4)")
    duck.execute(f"delete from lake.shop.{name} where id = 2")
    assert seen(millrace, name) == [0, 1, 3]


def test_duckdb_updates_rows_and_sees_the_past(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} as select range::bigint as id, 's' || range as item from range(6)")
    first = clients.pyiceberg(millrace).load_table(f"shop.{name}").current_snapshot().snapshot_id
    duck.execute(f"update lake.shop.{name} set item = 'x' where id = 2")
    duck.execute(f"delete from lake.shop.{name} where id = 3")
    duck.execute(f"merge into lake.shop.{name} as t using (select unnest([5, 9]) as id) as new on t.id = new.id "
                 "when matched then delete when not matched then insert values (new.id, 'new')")
    assert seen(millrace, name, "id, item") == [(0, "s0"), (1, "s1"), (2, "x"), (4, "s4"), (9, "new")]
    duck.execute("begin")
    duck.execute(f"delete from lake.shop.{name}")
    duck.execute("rollback")
    assert seen(millrace, name) == [0, 1, 2, 4, 9]
    then = duck.execute(f"select id, item from lake.shop.{name} at (version => {first}) order by id").fetchall()
    assert then == [(n, f"s{n}") for n in range(6)]
    assert duck.execute(f"select count(*) from lake.shop.{name} at (timestamp => now()::timestamp)").fetchall() == [(5,)]


def test_duckdb_changes_columns(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} (id bigint, item varchar) partitioned by (bucket(4, id))")
    duck.execute(f"insert into lake.shop.{name} values (1, 'a')")
    duck.execute(f"alter table lake.shop.{name} add column n bigint")
    duck.execute(f"alter table lake.shop.{name} rename column item to text")
    duck.execute(f"insert into lake.shop.{name} values (2, 'b', 5)")
    assert seen(millrace, name, "id, text, n") == [(1, "a", None), (2, "b", 5)]
    duck.execute(f"alter table lake.shop.{name} drop column n")
    assert seen(millrace, name, "*") == [(1, "a"), (2, "b")]
    # What another client changes DuckDB sees, too.
    with clients.pyiceberg(millrace).load_table(f"shop.{name}").update_schema() as update:
        update.add_column("n", IntegerType())
    assert seen(millrace, name, "*") == [(1, "a", None), (2, "b", None)]


def test_duckdb_attaches_with_a_secret_as_it_does_by_default(millrace, name):
    clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS).append(rows(1))
    duck = clients.duckdb_connection()
    duck.execute(f"create secret (type iceberg, client_id 'any', client_secret 'thing', "
                 f"oauth2_server_uri '{clients.address(millrace)}/v1/oauth/tokens')")
    duck.execute(f"attach '' as lake (type iceberg, endpoint '{clients.address(millrace)}')")
    assert duck.execute(f"select id from lake.shop.{name}").fetchall() == [(1,)]


# polars

def test_polars_reads_and_writes(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    table.append(rows(1, 2))
    polars.DataFrame({"id": [3], "item": ["from polars"]}).write_iceberg(table, mode="append")
    assert sorted(polars.scan_iceberg(table).select("id").collect()["id"].to_list()) == [1, 2, 3]
    assert seen(millrace, name, "id, item")[-1] == (3, "from polars")


def test_polars_sinks_reads_the_past_and_leaves_files_out(millrace, name):
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", COLUMNS)
    for first in (0, 10):
        frame = polars.LazyFrame({"id": range(first, first + 10), "item": [f"i{n}" for n in range(first, first + 10)]})
        frame.sink_iceberg(table, mode="append")
        table.refresh()
    assert seen(millrace, name) == list(range(20))
    before = table.snapshots()[0].snapshot_id
    assert polars.scan_iceberg(table, snapshot_id=before).collect().height == 10
    few = polars.scan_iceberg(table).filter(polars.col("id") >= 15)
    assert sorted(few.collect()["id"].to_list()) == list(range(15, 20))
    for reader in ("native", "pyiceberg"):
        scan = polars.scan_iceberg(table.metadata_location, reader_override=reader)
        assert scan.collect().sort("id").rows() == [(n, f"i{n}") for n in range(20)]
    polars.DataFrame({"id": [99], "item": ["alone"]}).write_iceberg(table, mode="overwrite")
    assert seen(millrace, name, "id, item") == [(99, "alone")]


# Who may come in

def test_a_secured_catalog_wants_a_credential(tmp_path):
    settings = "catalog:\n  token_lifetime: 2s\n"
    with MillraceProcess(settings, environment={"MILLRACE_CATALOG_CREDENTIAL": "me:a secret+1"}) as process:
        with pytest.raises(UnauthorizedError):
            clients.pyiceberg(process)
        with pytest.raises(OAuthError):
            clients.pyiceberg(process, credential="me:wrong")
        catalog = clients.pyiceberg(process, credential="me:a secret+1")
        catalog.create_namespace("shop")
        token = catalog._session.auth.auth_manager._token
        bearer = {"Authorization": f"Bearer {token}"}
        wait_until(lambda: requests.get(f"{clients.address(process)}/v1/namespaces", headers=bearer).status_code == 419,
                   what="the token's end")
        # PyIceberg fetches another token by itself.
        assert catalog.list_namespaces() == [("shop",)]
        duck = clients.duckdb_connection()
        duck.execute(f"create secret (type iceberg, client_id 'me', client_secret 'a secret+1', "
                     f"oauth2_server_uri '{clients.address(process)}/v1/oauth/tokens')")
        duck.execute(f"attach 'millrace' as lake (type iceberg, endpoint '{clients.address(process)}')")
        assert duck.execute("select schema_name from duckdb_schemas() where database_name = 'lake'").fetchall()
        # The rest of the port is not the catalog's.
        assert process.get("/healthz")[0] == 200
