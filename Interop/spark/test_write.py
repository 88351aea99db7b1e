"""Spark makes, fills and changes tables through the REST catalog, and `millrace sql` sees what Spark sees."""

import concurrent.futures
import datetime
import decimal
import json

import pytest

from catalog_clients import fresh_name
from millrace_process import MillraceProcess
from spark_session import agreed, attach, tuples

SETTINGS = """
lake:
  upkeep: false
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
"""


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess(SETTINGS) as process:
        for number in range(20):
            process.post_event("events", {"number": number, "text": f"event {number}"})
        process.wait_until_landed()
        yield process


@pytest.fixture(scope="module")
def lake(spark, millrace):
    lake = attach(spark, millrace)
    spark.sql(f"create namespace {lake}.shop")
    return lake


@pytest.fixture
def name():
    return fresh_name()


@pytest.fixture
def see(spark, lake, millrace, name):
    """What Spark and `millrace sql` both see in the test's table."""
    return lambda columns="*", order="id": agreed(spark, lake, millrace, name, order, columns, "shop")


@pytest.fixture
def run(spark, lake, name):
    """Runs a statement in which `{t}` is the test's table."""
    return lambda statement: tuples(spark.sql(statement.replace("{t}", f"{lake}.shop.{name}")))


def test_a_table_of_every_type(spark, lake, run, see):
    run("create table {t} (id int not null, flag boolean, n bigint, f float, d double, price decimal(38, 10), s string, "
        "b binary, day date, at timestamp_ntz, zoned timestamp, tags array<string>, counts map<string, bigint>, "
        "place struct<city: string, spot: struct<x: double, y: double>>, deep array<map<string, array<struct<a: int>>>>) "
        "using iceberg")
    run("insert into {t} values "
        "(1, true, -9223372036854775808, 0.5, 1e300, 12345678901234567890.0123456789, 'Grüße 🗡️', X'00ff', date'0001-01-01', "
        "timestamp_ntz'1969-12-31 23:59:59.999999', timestamp'2026-01-01 00:00:00.000001Z', array('a', null), map('k', 1L), "
        "struct('x', struct(1.5D, null)), array(map('m', array(struct(1), null)))), "
        "(2, null, null, null, null, null, null, null, null, null, null, null, null, null, null)")
    first, second = see()
    assert first[5] == decimal.Decimal("12345678901234567890.0123456789")
    assert first[9] == datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)
    assert first[14] == ({"m": ((1,), None)},)
    assert second == (2,) + (None,) * 14


@pytest.mark.parametrize("transforms", [
    ["bucket(4, id)"], ["truncate(2, s)"], ["years(at)"], ["months(at)"], ["days(at)"], ["hours(at)"], ["s"], ["day"],
    ["bucket(3, s)", "days(at)", "truncate(10, id)"],
])
def test_create_table_as_select_with_every_partition_transform(millrace, run, see, name, transforms):
    run(f"create table {{t}} using iceberg partitioned by ({', '.join(transforms)}) as "
        "select id, concat('s', id % 7) as s, timestamp'1969-12-30 00:00:00' + make_interval(0, 0, 0, 0, id * 7) as at, "
        "date'2025-12-30' + cast(id % 5 as int) as day from range(60)")
    assert [row[0] for row in see()] == list(range(60))
    run("insert into {t} select id + 60, concat('t', id), timestamp'2027-06-01 12:00:00', date'2027-06-01' from range(3)")
    assert len(see()) == 63
    assert run("select count(*) from {t} where at = timestamp'2027-06-01 12:00:00'") == [(3,)]
    run("insert overwrite {t} select 1000, 'z', timestamp'2030-01-01 00:00:00', date'2030-01-01'")
    ids = [row[0] for row in see("id")]
    assert ids == [1000], "a static overwrite replaces everything"
    described = json.loads(millrace.run("tables", "describe", f"shop.{name}", "--json").stdout)
    assert len(described["partitions"]) == len(transforms)


def test_a_question_over_a_landed_table(spark, lake, run, see):
    run(f"create table {{t}} using iceberg as select number % 3 as id, count(*) as n, max(_log.offset) as last "
        f"from {lake}.default.events group by 1")
    assert see() == [(0, 7, 18), (1, 7, 19), (2, 6, 17)]
    run(f"create or replace table {{t}} using iceberg partitioned by (bucket(2, id)) as "
        f"select number as id, text from {lake}.default.events where number < 3")
    assert see() == [(0, "event 0"), (1, "event 1"), (2, "event 2")]
    run("truncate table {t}")
    assert see() == []


def test_columns_come_go_move_and_widen(spark, lake, run, see):
    run("create table {t} (id int, a int, f float, price decimal(9, 2), place struct<x: int, y: int>, "
        "tags array<struct<k: int>>) using iceberg")
    run("insert into {t} values (1, 10, 0.5, 1.25, struct(1, 2), array(struct(5)))")
    run("alter table {t} add columns (note string comment 'added', more struct<p: int>)")
    run("alter table {t} alter column id type bigint")
    run("alter table {t} alter column f type double")
    run("alter table {t} alter column price type decimal(18, 2)")
    run("alter table {t} add column place.z string after x")
    run("alter table {t} alter column place.x type bigint")
    run("alter table {t} add column tags.element.v string")
    run("alter table {t} rename column a to b")
    run("alter table {t} alter column note first")
    run("insert into {t} values ('new', 3000000000, 20, 0.1, 1234567890123456.78, struct(3000000000L, 'z', 4), "
        "array(struct(6, 'v')), struct(7))")
    assert see() == [
        (None, 1, 10, 0.5, decimal.Decimal("1.25"), (1, None, 2), ((5, None),), None),
        ("new", 3000000000, 20, 0.1, decimal.Decimal("1234567890123456.78"), (3000000000, "z", 4), ((6, "v"),), (7,))]
    # A dropped name that comes again is another column: nothing of the old one shows.
    run("alter table {t} drop column b")
    run("alter table {t} drop column place.y")
    run("alter table {t} add column b int")
    assert see("id, b, place") == [(1, None, (1, None)), (3000000000, None, (3000000000, "z"))]
    run("alter table {t} set tblproperties ('owner.team' = 'x')")
    assert ("owner.team", "x") in run("show tblproperties {t}")


def test_fields_inside_of_a_structure_get_other_names(run, see):
    run("create table {t} (id int, place struct<x: int, y: int>) using iceberg")
    run("insert into {t} values (1, struct(1, 2))")
    run("alter table {t} rename column place.y to why")
    run("alter table {t} drop column place.x")
    run("alter table {t} add column place.x int")
    assert see() == [(1, (2, None))]


def test_the_partitioning_of_a_table_changes(spark, lake, run, see):
    run("create table {t} (id bigint, at timestamp) using iceberg partitioned by (months(at))")
    run("insert into {t} values (1, timestamp'2026-01-01 00:00:00'), (2, timestamp'2026-02-01 00:00:00')")
    run("alter table {t} replace partition field months(at) with days(at)")
    run("alter table {t} add partition field bucket(4, id) as shard")
    run("alter table {t} write ordered by id desc")
    run("insert into {t} values (3, timestamp'2026-02-02 00:00:00')")
    run("alter table {t} drop partition field shard")
    run("insert into {t} values (4, timestamp'2026-02-03 00:00:00')")
    assert [row[0] for row in see()] == [1, 2, 3, 4]
    assert run("select count(*) from {t} where at >= timestamp'2026-02-01 12:00:00'") == [(2,)]
    assert run("select count(distinct spec_id) from {t}.files") == [(3,)]


MODES = "tblproperties ('write.delete.mode' = '{0}', 'write.update.mode' = '{0}', 'write.merge.mode' = '{0}')"


def change(run, mode):
    """A table of even ids below 40 and 101, of which 4 and 6 have other texts, made by DELETE, UPDATE and MERGE."""
    run(f"create table {{t}} using iceberg partitioned by (bucket(2, id)) {MODES.format(mode)} as "
        "select id, concat('s', id) as s from range(40)")
    run("delete from {t} where id % 2 = 1")
    run("update {t} set s = 'four' where id = 4")
    run("merge into {t} as t using (select 6L as id union all select 101L union all select 8L) as new on t.id = new.id "
        "when matched and new.id = 6 then update set s = 'six' when matched then delete "
        "when not matched then insert (id, s) values (new.id, 'new')")


CHANGED = sorted([(n, {4: "four", 6: "six"}.get(n, f"s{n}")) for n in range(0, 40, 2) if n != 8] + [(101, "new")])


def test_delete_update_and_merge_by_copy_on_write(run, see):
    change(run, "copy-on-write")
    assert see() == CHANGED
    assert run("select count(*) from {t}.delete_files") == [(0,)]


def test_delete_update_and_merge_by_position_deletes(run, lake, name, see):
    change(run, "merge-on-read")
    assert run("select * from {t} order by id") == CHANGED
    assert run("select count(*) > 0 from {t}.delete_files") == [(True,)]
    assert see() == CHANGED
    for procedure in ("rewrite_data_files", "rewrite_position_delete_files"):
        run(f"call {lake}.system.{procedure}(table => 'shop.{name}', options => map('rewrite-all', 'true'))")
    assert see() == CHANGED


def test_two_sessions_write_at_once(spark, lake, run, see):
    """Each of many inserts commits on top of what the others did."""
    run("create table {t} (id bigint) using iceberg tblproperties ('commit.retry.num-retries' = '20')")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: run(f"insert into {{t}} values ({n})"), range(8)))
    assert [row[0] for row in see()] == list(range(8))


def test_tables_are_renamed_and_dropped(spark, lake, run, millrace, name):
    run("create table {t} (id bigint) using iceberg")
    run("insert into {t} values (1)")
    spark.sql(f"alter table {lake}.shop.{name} rename to shop.{name}_new")
    assert tuples(spark.sql(f"select * from {lake}.shop.{name}_new")) == [(1,)]
    assert millrace.sql(f"select * from shop.{name}_new") == [{"id": 1}]
    spark.sql(f"drop table {lake}.shop.{name}_new purge")
    assert not spark.catalog.tableExists(f"{lake}.shop.{name}_new")
    listed = {row.tableName for row in spark.sql(f"show tables in {lake}.shop").collect()}
    assert f"{name}_new" not in listed
    spark.sql(f"create namespace {lake}.{name}_ns")
    spark.sql(f"drop namespace {lake}.{name}_ns")


def test_a_procedure_takes_a_table_back(spark, lake, run, see, name):
    run("create table {t} as select 1L as id")
    [(first,)] = run("select snapshot_id from {t}.snapshots")
    run("insert into {t} values (2)")
    spark.sql(f"call {lake}.system.rollback_to_snapshot('shop.{name}', {first})")
    assert see() == [(1,)]
    run("insert into {t} values (3)")
    assert see() == [(1,), (3,)]


def test_rows_added_to_a_landed_table_are_named_by_verify(spark, lake, millrace):
    spark.sql(f"insert into {lake}.default.events select * from {lake}.default.events where number = 3")
    rows = agreed(spark, lake, millrace, "events", "_log.offset")
    assert len(rows) == 21
    assert millrace.run("verify", check=False).returncode == 3
    spark.sql(f"delete from {lake}.default.events where number = 3")
    millrace.post_event("events", {"number": 20, "text": "event 20"})
    millrace.wait_until_landed()
    numbers = agreed(spark, lake, millrace, "events", "_log.offset", "number")
    assert numbers == [(n,) for n in range(21) if n != 3]
