"""Random tables, read by everybody alike: written by PyIceberg and read by `millrace sql`, and landed by Millrace and read by
PyIceberg and DuckDB.

`MILLRACE_TABLES` says how many tables of each kind (6), `MILLRACE_TABLES_SEED` which is the first; a failure prints the seed that repeats it.
"""

import base64
import datetime
import decimal
import json
import math
import os
import random
import struct
import uuid

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType, FloatType, IntegerType, ListType, LongType, MapType,
    NestedField, StringType, StructType, TimestampType, TimestamptzType, TimeType, UUIDType,
)

import catalog_clients as clients
from millrace_process import MillraceProcess

COUNT = int(os.environ.get("MILLRACE_TABLES", "6"))
FIRST = int(os.environ.get("MILLRACE_TABLES_SEED", "0")) or random.randrange(1, 10**9)
SEEDS = range(FIRST, FIRST + COUNT)
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc
TEXTS = ["", "a", "ä", "日本", "🚀" * 20, "it's \"quoted\"", "tab\tline\n", "\\", "NULL", "null", " ", "x" * 300, "\u0001", "\uffff"]


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess("lake:\n  upkeep: false\n") as process:
        clients.pyiceberg(process).create_namespace("shop")
        yield process


class Maker:
    """Schemas and values of one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.ids = 0

    def next_id(self):
        self.ids += 1
        return self.ids

    def primitive(self):
        pick = self.random.randrange(14)
        if pick == 5:
            precision = self.random.randint(1, 38)
            return DecimalType(precision, self.random.randint(0, precision))
        if pick == 13:
            return FixedType(self.random.choice([1, 3, 16, 40]))
        return [BooleanType, IntegerType, LongType, FloatType, DoubleType, None, DateType, TimeType, TimestampType, TimestamptzType,
                StringType, UUIDType, BinaryType][pick]()

    def type(self, depth=0):
        if depth < 3 and self.random.random() < 0.35:
            kind = self.random.randrange(3)
            if kind == 0:
                return StructType(*[self.field(f"f{n}", depth + 1) for n in range(self.random.randint(1, 4))])
            if kind == 1:
                number = self.next_id()
                return ListType(number, self.type(depth + 1), element_required=False)
            key, value = self.next_id(), self.next_id()
            keys = self.random.choice([StringType, LongType, DateType, IntegerType])()
            return MapType(key, keys, value, self.type(depth + 1), value_required=False)
        return self.primitive()

    def field(self, name, depth=0):
        return NestedField(self.next_id(), name, self.type(depth), required=False)

    def schema(self):
        fields = [NestedField(self.next_id(), "id", LongType(), required=True)]
        for number in range(self.random.randint(1, 10)):
            name = self.random.choice([f"c{number}", f"C {number}", f"select{number}", f"ü{number}", f'q"{number}', f"a.b{number}"])
            fields.append(self.field(name))
        return Schema(*fields)

    def value(self, type):
        roll = self.random.random()
        if roll < 0.15 and not nested_inside(type):
            return None
        extreme = roll < 0.5
        draw = self.random
        match type:
            case BooleanType():
                return draw.random() < 0.5
            case IntegerType():
                return draw.choice([-2**31, 2**31 - 1, 0, -1]) if extreme else draw.randint(-1000, 1000)
            case LongType():
                return draw.choice([-2**63, 2**63 - 1, 0, -1, 2**53 + 1]) if extreme else draw.randint(-10**12, 10**12)
            case FloatType():
                value = draw.choice([math.nan, math.inf, -math.inf, -0.0, 0.0, 3.4e38, 1e-45]) if extreme else draw.gauss(0, 1e3)
                return struct.unpack("f", struct.pack("f", value))[0]
            case DoubleType():
                return draw.choice([math.nan, math.inf, -math.inf, -0.0, 0.0, 1.7e308, 5e-324]) if extreme else draw.gauss(0, 1e9)
            case DecimalType():
                limit = 10**type.precision - 1
                unscaled = draw.choice([limit, -limit, 0, 1, -1]) if extreme else draw.randint(-limit, limit)
                return decimal.Decimal((int(unscaled < 0), tuple(map(int, str(abs(unscaled)))), -type.scale))
            case DateType():
                days = draw.choice([-719162, 2932896, 0, -1]) if extreme else draw.randint(-40000, 40000)
                return datetime.date(1970, 1, 1) + datetime.timedelta(days)
            case TimeType():
                micros = draw.choice([0, 86_399_999_999, 1]) if extreme else draw.randrange(86_400_000_000)
                return (EPOCH + datetime.timedelta(microseconds=micros)).time()
            case TimestampType() | TimestamptzType():
                micros = draw.choice([-1, 0, 1, -62_135_596_800_000_000, 253_402_300_799_999_999]) if extreme \
                    else draw.randint(-10**16, 10**16)
                zone = UTC if isinstance(type, TimestamptzType) else None
                return (EPOCH + datetime.timedelta(microseconds=micros)).replace(tzinfo=zone)
            case StringType():
                return draw.choice(TEXTS) if extreme else "".join(chr(draw.randint(32, 0x2fff)) for _ in range(draw.randint(0, 20)))
            case UUIDType():
                return draw.choice([uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)]) if extreme else uuid.UUID(int=draw.getrandbits(128))
            case FixedType():
                return bytes(draw.choice([0, 255]) for _ in range(len(type))) if extreme else draw.randbytes(len(type))
            case BinaryType():
                return draw.choice([b"", b"\0", b"\xff" * 40]) if extreme else draw.randbytes(draw.randint(0, 30))
            case StructType():
                return {field.name: self.value(field.field_type) for field in type.fields}
            case ListType():
                return [self.value(type.element_type) for _ in range(draw.choice([0, 1, 2, 5]))]
            case MapType():
                keys = {key for key in (self.value(type.key_type) for _ in range(draw.choice([0, 1, 3]))) if key is not None}
                return [(key, self.value(type.value_type)) for key in sorted(keys)]

    def rows(self, schema, count):
        rows = []
        for number in range(count):
            row = {field.name: self.value(field.field_type) for field in schema.fields[1:]}
            rows.append({"id": number, **row})
        return rows


def nested_inside(type):
    """PyIceberg writes a missing list or map whose elements are structs, lists or maps as an empty one."""
    inner = type.element_type if isinstance(type, ListType) else type.value_type if isinstance(type, MapType) else None
    return inner is not None and not inner.is_primitive


def arrow_rows(rows, schema):
    """Rows as Arrow. UUIDs are made of their storage: Arrow cannot make them of Python's."""
    def storage(type):
        match type:
            case pa.UuidType():
                return type.storage_type
        if pa.types.is_struct(type):
            return pa.struct([field.with_type(storage(field.type)) for field in type])
        if pa.types.is_list(type) or pa.types.is_large_list(type):
            make = pa.large_list if pa.types.is_large_list(type) else pa.list_
            return make(type.value_field.with_type(storage(type.value_field.type)))
        if pa.types.is_map(type):
            return pa.map_(type.key_field, type.item_field.with_type(storage(type.item_field.type)))
        return type

    def value(value):
        if isinstance(value, uuid.UUID):
            return value.bytes
        if isinstance(value, dict):
            return {name: inside(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [tuple(map(inside, inner)) if isinstance(inner, tuple) else inside(inner) for inner in value]
        return value

    inside = value
    kept = pa.schema([field.with_type(storage(field.type)) for field in schema])
    return pa.Table.from_pylist([value(row) for row in rows], schema=kept).cast(schema) if kept != schema \
        else pa.Table.from_pylist(rows, schema=schema)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def as_text(fields, table):
    """Every column as text, as DuckDB writes it: the same words for the same values, nested ones too."""
    columns = ", ".join(f"{quoted(field.name)}::varchar" for field in fields)
    return f"select {columns} from {table}"


def reference(arrow):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    # A copy of its own: conditions on moments with a zone would be handed to Python, which lacks a library.
    connection.register("arrow_rows", arrow)
    connection.execute("create table t as from arrow_rows")
    return connection


def answer(millrace, statement):
    status, _, body = millrace.request("POST", "/v1/sql", statement.encode())
    assert status == 200, body
    return [tuple(row.values()) for row in json.loads(body)]


CONDITIONS = ("{c} = {v}", "{c} < {v}", "{c} >= {v}", "{c} <> {v}", "{c} is null", "{c} is not null", "{c} in ({v}, {w})",
              "{c} between {v} and {w}", "not ({c} > {v})")


def comparable(type):
    return type.is_primitive


def literal(value, type):
    if value is None:
        return "null"
    text = base64.b16encode(value).decode() if isinstance(value, bytes) else str(value)
    match type:
        case BinaryType() | FixedType():
            return f"from_hex('{text}')"
        case FloatType():
            return f"'{value!r}'::float"
        case DoubleType():
            return f"'{value!r}'::double"
        case DecimalType():
            return f"'{value:f}'::decimal({type.precision}, {type.scale})"
        case TimestamptzType():
            return f"'{value.isoformat()}'::timestamptz"
        case TimestampType():
            return f"'{value.isoformat()}'::timestamp"
        case DateType():
            return f"'{text}'::date"
        case TimeType():
            return f"'{text}'::time"
        case UUIDType():
            return f"'{text}'::uuid"
        case StringType():
            return "'" + text.replace("'", "''") + "'"
        case _:
            return text


@pytest.mark.parametrize("seed", SEEDS)
def test_what_pyiceberg_writes_is_read(millrace, seed):
    print(f"MILLRACE_TABLES_SEED={seed}")
    maker = Maker(seed)
    schema = maker.schema()
    name = f"p{seed}"
    table = clients.pyiceberg(millrace).create_table(f"shop.{name}", schema)
    rows = maker.rows(table.schema(), maker.random.choice([0, 1, 40, 300]))
    arrow = arrow_rows(rows, table.schema().as_arrow())
    for start in range(0, len(rows), 100):
        table.append(arrow.slice(start, 100))
    fields = table.schema().fields
    mine = reference(arrow)
    assert answer(millrace, as_text(fields, f"shop.{name} order by id")) \
        == mine.execute(as_text(fields, "t order by id")).fetchall()
    # A condition by which files and row groups are passed over, and the same where nothing can be.
    for field in fields:
        if not comparable(field.field_type) or not rows:
            continue
        values = [literal(maker.random.choice(rows)[field.name], field.field_type) for _ in range(2)]
        for condition in maker.random.sample(CONDITIONS, 4):
            where = condition.format(c=quoted(field.name), v=values[0], w=values[1])
            found = answer(millrace, f"select id from shop.{name} where {where} order by id")
            assert found == mine.execute(f"select id from t where {where} order by id").fetchall(), where


DECLARED = ("boolean", "int", "long", "float", "double", "string", "date", "timestamp", "timestamptz", "decimal")


def declared(maker, depth=0):
    """A type as pipelines declare it, with the same type of PyIceberg to draw values of."""
    roll = maker.random.random()
    if depth < 2 and roll < 0.15:
        text, inner = declared(maker, depth + 1)
        return f"list<{text}>", ListType(1, inner)
    if depth < 2 and roll < 0.25:
        text, inner = declared(maker, depth + 1)
        return f"map<string, {text}>", MapType(1, StringType(), 2, inner)
    if depth < 2 and roll < 0.4:
        parts = [(f"f{n}", *declared(maker, depth + 1)) for n in range(maker.random.randint(1, 3))]
        return "struct<" + ", ".join(f"{n}: {text}" for n, text, _ in parts) + ">", \
            StructType(*[NestedField(n, part[0], part[2]) for n, part in enumerate(parts, 1)])
    kind = maker.random.choice(DECLARED)
    if kind == "decimal":
        precision = maker.random.randint(1, 38)
        scale = maker.random.randint(0, precision)
        return f"decimal({precision},{scale})", DecimalType(precision, scale)
    return kind, {"boolean": BooleanType, "int": IntegerType, "long": LongType, "float": FloatType, "double": DoubleType,
                  "string": StringType, "date": DateType, "timestamp": TimestampType, "timestamptz": TimestamptzType}[kind]()


def sent(value, type):
    """The value as it stands in JSON; numbers that JSON cannot say are left out."""
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return None
    match type:
        case DecimalType():
            return f"{value:f}"
        case DateType() | TimestampType() | TimestamptzType():
            return value.isoformat()
        case StructType():
            return {field.name: sent(value[field.name], field.field_type) for field in type.fields}
        case ListType():
            return [sent(inner, type.element_type) for inner in value]
        case MapType():
            return {key: sent(inner, type.value_type) for key, inner in value}
        case _:
            return value


def test_what_millrace_lands_is_read():
    tables = []
    lines = ["pipelines:"]
    for seed in SEEDS:
        maker = Maker(seed)
        columns = [(f"c{number}", *declared(maker)) for number in range(maker.random.randint(2, 8))]
        tables.append((seed, maker, columns))
        lines += [f"  l{seed}:", f"    from: l{seed}", f"    into: l{seed}", "    mode: batch", "    columns:", "      id: long"]
        lines += [f"      {name}: \"{text}\"" for name, text, _ in columns]
    with MillraceProcess("\n".join(lines) + "\nlake:\n  upkeep: false\n") as millrace:
        for seed, maker, columns in tables:
            print(f"MILLRACE_TABLES_SEED={seed}")
            rows = []
            for number in range(maker.random.choice([1, 50, 300])):
                rows.append({"id": number, **{name: sent(maker.value(type), type) for name, _, type in columns}})
            for start in range(0, len(rows), 100):
                body = "\n".join(json.dumps(row) for row in rows[start:start + 100]).encode()
                assert millrace.post_event(f"l{seed}", body, "application/x-ndjson")[0] == 200
                millrace.run("run", f"l{seed}")
            assert not [t for t in millrace.get_json("/v1/tables")["tables"] if t["name"] == f"l{seed}__dead_letters" and t["rows"]]
            catalog = clients.pyiceberg(millrace)
            table = catalog.load_table(f"default.l{seed}")
            fields = [field for field in table.schema().fields if field.name != "_log"]
            ours = answer(millrace, as_text(fields, f"l{seed} order by id"))
            assert len(ours) == len(rows)
            duck = clients.duckdb(millrace)
            duck.execute("set timezone = 'UTC'")
            assert duck.execute(as_text(fields, f'lake."default".l{seed} order by id')).fetchall() == ours
            read = reference(table.scan().to_arrow())
            # PyIceberg reads a missing list or map of structs, lists or maps as an empty one.
            alike = [field for field in fields if not nested_anywhere(field.field_type)]
            assert read.execute(as_text(alike, "t order by id")).fetchall() \
                == answer(millrace, as_text(alike, f"l{seed} order by id"))
            # And both are what was sent.
            back = duckdb.connect()
            back.execute("set timezone = 'UTC'")
            types = ", ".join(f"{quoted(f.name)}: '{duck_type(f.field_type)}'" for f in fields)
            file = millrace.directory / f"{seed}.ndjson"
            file.write_text("\n".join(json.dumps(row) for row in rows))
            told = back.execute(as_text(fields, f"read_json('{file}', columns = {{{types}}}, format = 'newline_delimited') "
                                                "order by id")).fetchall()
            assert [row for row in told] == ours


def nested_anywhere(type):
    match type:
        case StructType():
            return any(nested_anywhere(field.field_type) for field in type.fields)
        case ListType():
            return not type.element_type.is_primitive
        case MapType():
            return not type.value_type.is_primitive
    return False


def duck_type(type):
    match type:
        case StructType():
            return "struct(" + ", ".join(f"{quoted(f.name)} {duck_type(f.field_type)}" for f in type.fields) + ")"
        case ListType():
            return f"{duck_type(type.element_type)}[]"
        case MapType():
            return f"map({duck_type(type.key_type)}, {duck_type(type.value_type)})"
        case DecimalType():
            return f"decimal({type.precision}, {type.scale})"
    return {"boolean": "boolean", "int": "integer", "long": "bigint", "float": "float", "double": "double", "string": "varchar",
            "date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz"}[str(type)]
