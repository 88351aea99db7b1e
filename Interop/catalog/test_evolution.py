"""Files keep their rows' values whatever became of the columns since: `millrace sql`, PyIceberg and DuckDB agree."""

import datetime
import decimal
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (
    DateType, DecimalType, DoubleType, FloatType, IntegerType, ListType, LongType, MapType, NestedField, StringType, StructType,
)

import catalog_clients as clients
import foreign_deletes
from millrace_process import MillraceProcess


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess("lake:\n  upkeep: false\n") as process:
        clients.pyiceberg(process).create_namespace("shop")
        yield process


@pytest.fixture
def name():
    return clients.fresh_name()


def ours(millrace, statement):
    status, _, body = millrace.request("POST", "/v1/sql", statement.encode())
    assert status == 200, body
    return [tuple(row.values()) for row in json.loads(body)]


def append(table, *rows):
    table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))
    return table


def inner(*fields):
    return StructType(*[NestedField(*field) for field in fields])


def test_fields_inside_are_known_by_their_ids(millrace, name):
    schema = Schema(
        NestedField(1, "id", LongType()),
        NestedField(2, "s", inner((3, "a", IntegerType()), (4, "b", StringType()), (5, "c", FloatType()))),
        NestedField(6, "l", ListType(7, inner((8, "x", IntegerType()), (9, "y", StringType())), element_required=False)),
        NestedField(10, "m", MapType(11, StringType(), 12, inner((13, "p", IntegerType())), value_required=False)),
        NestedField(14, "d", inner((15, "e", inner((16, "f", IntegerType()))))))
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", schema)
    first = {"id": 1, "s": {"a": 7, "b": "bee", "c": 0.5}, "l": [{"x": 1, "y": "why"}, None, {"x": None, "y": None}],
             "m": {"k": {"p": 3}, "n": None}, "d": {"e": {"f": 5}}}
    # PyIceberg writes lists and maps of structs that are missing as empty ones.
    append(table, first, {"id": 2, "s": None, "l": [], "m": {}, "d": {"e": None}}, {"id": 3})
    with table.update_schema() as update:
        # Names change places, one goes and comes again as something else, and types grow.
        update.rename_column("s.a", "b2").rename_column("l.element.x", "x2").rename_column("m.value.p", "q")
        update.rename_column("d.e.f", "g").update_column("s.c", DoubleType())
        update.delete_column("s.b")
    with table.update_schema() as update:
        update.add_column(("s", "b"), IntegerType()).add_column(("d", "e", "f"), StringType()).rename_column("s.b2", "a2")
        update.move_first("s.c").update_column("l.element.x2", LongType()).update_column("m.value.q", LongType())
    append(table, {"id": 4, "s": {"c": 1.5, "a2": 2, "b": 9}, "l": [{"x2": 2**40, "y": "z"}], "m": {"k": {"q": 2**41}},
                   "d": {"e": {"g": 1, "f": "text"}}})
    expected = [
        (1, {"c": 0.5, "a2": 7, "b": None}, [{"x2": 1, "y": "why"}, None, {"x2": None, "y": None}], {"k": {"q": 3}, "n": None},
         {"e": {"g": 5, "f": None}}),
        (2, None, [], {}, {"e": None}), (3, None, [], {}, None),
        (4, {"c": 1.5, "a2": 2, "b": 9}, [{"x2": 2**40, "y": "z"}], {"k": {"q": 2**41}}, {"e": {"g": 1, "f": "text"}})]
    assert ours(millrace, f"from shop.{name} order by id") == expected
    read = [tuple(row.values()) for row in sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["id"])]
    assert [row[:3] for row in read] == [row[:3] for row in expected]
    assert ours(millrace, f"select s.a2, d.e.g from shop.{name} where s.a2 = 7 and m['k'].q = 3") == [(7, 5)]
    # The columns that the first snapshot had, with their names of then.
    assert ours(millrace, f"select s.a, s.b, l[1].x from shop.{name} version as of {table.snapshots()[0].snapshot_id} "
                          "where id = 1") == [(7, "bee", 1)]
    # Deleted rows of such files.
    oldest = next(file for file in foreign_deletes.data_files(table) if file.record_count == 3)
    foreign_deletes.delete_positions(table, {oldest: [1]})
    assert ours(millrace, f"from shop.{name} order by id") == expected[:1] + expected[2:]


def test_columns_grow_wider_and_optional_and_keep_their_bounds(millrace, name):
    schema = Schema(
        NestedField(1, "i", IntegerType(), required=True), NestedField(2, "f", FloatType()),
        NestedField(3, "d", DecimalType(5, 2)), NestedField(4, "part", IntegerType()))
    spec = PartitionSpec(PartitionField(4, 1000, IdentityTransform(), "part"))
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", schema, partition_spec=spec)
    append(table, *[{"i": n, "f": n / 2, "d": decimal.Decimal(n) / 4, "part": n % 2} for n in range(-50, 50)])
    with table.update_schema() as update:
        update.update_column("i", LongType()).update_column("f", DoubleType())
        update.update_column("d", DecimalType(20, 2)).update_column("part", LongType())
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.make_column_optional("i")
    append(table, {"i": 2**40, "f": 1e300, "d": decimal.Decimal("123456789012345678.25"), "part": 1}, {"part": None})
    duck = clients.duckdb(millrace)
    for where in ("i = 7", "i > 48", "i >= 2147483648", "f < -24", "f > 1e299", "d = -12.5", "d > 1000", "part = 1", "i is null",
                  "part is null", "i between -3 and 3 and part = 1", "true"):
        question = f"select count(*), sum(i), max(f), sum(d)::varchar from {{}} where {where}"
        pruned = ours(millrace, question.format(f"shop.{name}"))
        assert pruned == duck.execute(question.format(f"lake.shop.{name}")).fetchall(), where
        # Without anything to prune by.
        whole = f"(select i + 0 as i, f + 0 as f, d + 0 as d, part + 0 as part from shop.{name})"
        assert ours(millrace, question.format(whole).replace("sum(d)::", "sum(d)::decimal(38, 2)::")) == pruned, where


def test_files_without_ids_are_read_by_the_name_mapping(millrace, name):
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "s", inner((3, "a", LongType()))),
                    NestedField(4, "l", ListType(5, inner((6, "x", StringType())), element_required=False)))
    catalog = clients.pyiceberg(millrace)
    table = catalog.create_table(f"shop.{name}", schema)
    folder = pathlib.Path(table.location().removeprefix("file://")) / "data"
    file = folder / "imported.parquet"
    pq.write_table(pa.table({"id": [1, 2], "s": [{"a": 5}, None], "l": [[{"x": "u"}, None], None]}, schema=pa.schema([
        ("id", pa.int64()), ("s", pa.struct([("a", pa.int64())])), ("l", pa.list_(pa.struct([("x", pa.string())])))])), file)
    table.add_files([f"file://{file}"])
    assert "schema.name-mapping.default" in table.refresh().properties
    assert ours(millrace, f"from shop.{name} order by id") == [(1, {"a": 5}, [{"x": "u"}, None]), (2, None, None)]
    with table.update_schema() as update:
        update.rename_column("s.a", "a2").rename_column("id", "number").add_column("note", StringType())
    append(table, {"number": 3, "s": {"a2": 6}, "l": [], "note": "new"})
    expected = [(1, {"a2": 5}, [{"x": "u"}, None], None), (2, None, None, None), (3, {"a2": 6}, [], "new")]
    assert ours(millrace, f"from shop.{name} order by number") == expected
    found = sorted((tuple(row.values()) for row in table.scan().to_arrow().to_pylist()), key=lambda row: row[0])
    assert [row[0] for row in found] == [1, 2, 3] and found[0][1] == {"a2": 5}


def test_files_of_hives_layout_take_columns_from_their_partitions(millrace, name):
    schema = Schema(NestedField(1, "id", LongType()), NestedField(2, "day", DateType()), NestedField(3, "region", StringType()))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day"), PartitionField(3, 1001, IdentityTransform(), "region"))
    mapping = '[{"field-id": 1, "names": ["id"]}, {"field-id": 2, "names": ["day"]}, {"field-id": 3, "names": ["region"]}]'
    table = clients.pyiceberg(millrace).create_table(
        f"shop.{name}", schema, partition_spec=spec, properties={"schema.name-mapping.default": mapping})
    folder = f"{table.location()}/data"
    files = []
    for number, (day, region) in enumerate([(1, "eu"), (2, "it's"), (3, None)]):
        where = f"{folder}/hive-{number}.parquet"
        pq.write_table(pa.table({"id": [number * 10, number * 10 + 1]}), where.removeprefix("file://"))
        days = (datetime.date(2026, 11, day) - datetime.date(1970, 1, 1)).days
        files.append(DataFile.from_args(
            content=DataFileContent.DATA, file_path=where, file_format=FileFormat.PARQUET, partition=Record(days, region),
            record_count=2, file_size_in_bytes=pathlib.Path(where.removeprefix("file://")).stat().st_size, column_sizes={},
            value_counts={}, null_value_counts={}, nan_value_counts={}, lower_bounds={}, upper_bounds={}, key_metadata=None,
            split_offsets=None, equality_ids=None, sort_order_id=None, spec_id=0))
    with table.transaction() as transaction:
        with transaction.update_snapshot().fast_append() as snapshot:
            for file in files:
                snapshot.append_data_file(file)
    append(table, {"id": 99, "day": datetime.date(2026, 11, 9), "region": "own"})
    expected = [(0, "2026-11-01", "eu"), (1, "2026-11-01", "eu"), (10, "2026-11-02", "it's"), (11, "2026-11-02", "it's"),
                (20, "2026-11-03", None), (21, "2026-11-03", None), (99, "2026-11-09", "own")]
    assert ours(millrace, f"from shop.{name} order by id") == expected
    assert ours(millrace, f"select id from shop.{name} where region = 'eu' and day < '2026-11-02' order by id") == [(0,), (1,)]
    found = sorted((tuple(row.values()) for row in table.refresh().scan().to_arrow().to_pylist()), key=lambda row: row[0])
    assert [(i, str(d), r) for i, d, r in found] == expected


def test_what_duckdb_has_changed(millrace, name):
    duck = clients.duckdb(millrace)
    duck.execute(f"create table lake.shop.{name} (id integer, s struct(a integer), f float)")
    duck.execute(f"insert into lake.shop.{name} values (1, {{'a': 1}}, 0.5)")
    for change in ("add column note varchar", "rename column id to number", "alter column number type bigint", "drop column f"):
        try:
            duck.execute(f"alter table lake.shop.{name} {change}")
        except Exception as error:  # DuckDB 1.5 knows some of them
            assert "not supported" in str(error).lower() or "not implemented" in str(error).lower(), error
    theirs = duck.execute(f"from lake.shop.{name}").fetchall()
    assert ours(millrace, f"from shop.{name}") == theirs
