"""Writes the golden files of Tests/Specs/IcebergModelTests/Golden with PyIceberg.

They are checked in; run this only to add to them: `python make_golden.py OUTPUT_DIRECTORY`.
Needs pyiceberg[sql-sqlite,pyarrow,pyiceberg-core]==0.12.0.
"""

import datetime
import decimal
import json
import pathlib
import shutil
import sys
import tempfile
import uuid

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    TruncateTransform,
)
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

LOG = StructType(
    NestedField(2, "partition", IntegerType(), required=False),
    NestedField(3, "offset", LongType(), required=False),
    NestedField(4, "timestamp", TimestamptzType(), required=False),
)

SCHEMA = Schema(
    NestedField(1, "_log", LOG, required=False),
    NestedField(5, "item", StringType(), required=False, doc="what was bought"),
    NestedField(6, "price", DecimalType(9, 2), required=False),
    NestedField(7, "strength", IntegerType(), required=False),
    NestedField(8, "ratio", DoubleType(), required=False),
    NestedField(9, "tags", ListType(10, StringType(), element_required=False), required=False),
    NestedField(
        11,
        "counts",
        MapType(12, StringType(), 13, LongType(), value_required=False),
        required=False,
    ),
    NestedField(14, "seen", DateType(), required=False),
    NestedField(15, "at", TimeType(), required=False),
    NestedField(16, "local", TimestampType(), required=False),
    NestedField(17, "key", UUIDType(), required=False),
    NestedField(18, "digest", FixedType(4), required=False),
    NestedField(19, "raw", BinaryType(), required=False),
    NestedField(20, "flag", BooleanType(), required=False),
    NestedField(21, "weight", FloatType(), required=False),
)

SPEC = PartitionSpec(
    PartitionField(4, 1000, DayTransform(), "_log_timestamp_day"),
    PartitionField(5, 1001, IdentityTransform(), "item"),
    PartitionField(6, 1002, IdentityTransform(), "price"),
    PartitionField(7, 1003, BucketTransform(16), "strength_bucket"),
    PartitionField(2, 1004, TruncateTransform(10), "lp_trunc"),
    PartitionField(14, 1005, MonthTransform(), "seen_month"),
    PartitionField(16, 1006, HourTransform(), "local_hour"),
    PartitionField(20, 1007, IdentityTransform(), "is flagged"),
)


def rows():
    utc = datetime.timezone.utc
    return [
        {
            "_log": {"partition": 0, "offset": 7,
                     "timestamp": datetime.datetime(2026, 11, 21, 14, 33, tzinfo=utc)},
            "item": "sword", "price": decimal.Decimal("14.20"), "strength": 34, "ratio": 0.5,
            "tags": ["a", "b"], "counts": [("x", 1)], "seen": datetime.date(2017, 11, 16),
            "at": datetime.time(22, 31, 8),
            "local": datetime.datetime(2017, 11, 16, 22, 31, 8, 1),
            "key": uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7").bytes,
            "digest": b"\0\1\2\3", "raw": b"\xff\xfe", "flag": True, "weight": 1.5,
        },
        {
            "_log": {"partition": 1, "offset": 9,
                     "timestamp": datetime.datetime(1969, 12, 31, 23, 59, tzinfo=utc)},
            "item": None, "price": decimal.Decimal("-0.01"), "strength": None, "ratio": None,
            "tags": None, "counts": None, "seen": datetime.date(1969, 12, 31),
            "at": None, "local": datetime.datetime(1969, 12, 31, 23, 0), "key": None,
            "digest": None, "raw": None, "flag": False, "weight": None,
        },
    ]


def main(output: pathlib.Path) -> None:
    work = pathlib.Path(tempfile.mkdtemp(prefix="golden"))
    catalog = SqlCatalog("golden", uri=f"sqlite:///{work}/catalog.db", warehouse=f"file://{work}/lake")
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.purchases", SCHEMA, partition_spec=SPEC,
                                 properties={"owner": "golden"})
    data = pa.Table.from_pylist(rows(), schema=table.schema().as_arrow())
    table.append(data)
    table.append(data.slice(0, 1))
    with table.update_schema() as update:
        update.add_column("colour", StringType(), doc="of the item")
    table = catalog.load_table("shop.purchases")
    snapshot = table.current_snapshot()
    output.mkdir(parents=True, exist_ok=True)
    shutil.copy(table.metadata_location.removeprefix("file://"), output / "metadata.json")
    shutil.copy(snapshot.manifest_list.removeprefix("file://"), output / "manifest-list.avro")
    entries = []
    for number, manifest in enumerate(snapshot.manifests(table.io)):
        shutil.copy(manifest.manifest_path.removeprefix("file://"), output / f"manifest-{number}.avro")
        for entry in manifest.fetch_manifest_entry(table.io):
            entries.append({
                "manifest": number, "path": entry.data_file.file_path,
                "sequence": entry.sequence_number, "records": entry.data_file.record_count,
                "partition": [str(v) for v in entry.data_file.partition],
                "lower": {str(k): v.hex() for k, v in entry.data_file.lower_bounds.items()},
                "upper": {str(k): v.hex() for k, v in entry.data_file.upper_bounds.items()},
                "counts": {str(k): v for k, v in entry.data_file.value_counts.items()},
            })
    (output / "entries.json").write_text(json.dumps(entries, indent=1) + "\n")
    shutil.rmtree(work)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
