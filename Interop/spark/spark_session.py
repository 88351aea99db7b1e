"""Spark with Iceberg as a user would set it up, from .deps/spark (`bootstrap/install spark`)."""

import base64
import datetime
import decimal
import itertools
import json
import os
import pathlib
import time

os.environ["TZ"] = "UTC"  # PySpark gives times in the zone of this process.
time.tzset()

from pyspark.sql import SparkSession, types  # noqa: E402

JARS = pathlib.Path(__file__).resolve().parents[2] / ".deps/spark/jars"
NUMBERS = itertools.count(1)


def session(folder):
    """The one session of this process; `folder` takes what Spark leaves behind."""
    jars = ",".join(str(jar) for jar in sorted(JARS.glob("*.jar")))
    assert jars, f"{JARS} is empty: bootstrap/install spark"
    settings = {
        "spark.jars": jars,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    }
    builder = SparkSession.builder.master("local[2]").appName("millrace-interop")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def attach(spark, millrace, **options):
    """Gives Spark the catalog of a Millrace, under a name of its own, which is returned."""
    name = f"lake{next(NUMBERS)}"
    prefix = f"spark.sql.catalog.{name}"
    spark.conf.set(prefix, "org.apache.iceberg.spark.SparkCatalog")
    # Otherwise Spark keeps a table as it was for half a minute after it read it.
    settings = {"type": "rest", "uri": f"{millrace.url}/iceberg", "cache-enabled": "false"}
    for key, value in {**settings, **options}.items():
        spark.conf.set(f"{prefix}.{key}", value)
    return name


def tuples(frame):
    """The rows of a query, as tuples all the way down."""
    return [plain(row) for row in frame.collect()]


def plain(value):
    if isinstance(value, (tuple, list)):
        return tuple(plain(v) for v in value)
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def millrace_rows(millrace, statement, schema):
    """The rows of a query of `millrace sql`, as the tuples that Spark gives for rows of this schema."""
    answer = json.loads(millrace.run("sql", statement, "--json").stdout, parse_float=decimal.Decimal)
    return [typed(row, schema) for row in answer]


def typed(value, kind):
    """A value of the JSON that `millrace sql` prints, as Spark's Python has it."""
    if value is None:
        return None
    if isinstance(kind, types.StructType):
        return tuple(typed(value[field.name], field.dataType) for field in kind)
    if isinstance(kind, types.ArrayType):
        return tuple(typed(v, kind.elementType) for v in value)
    if isinstance(kind, types.MapType):
        return {key: typed(v, kind.valueType) for key, v in value.items()}
    if isinstance(kind, (types.TimestampType, types.TimestampNTZType)):
        return datetime.datetime.fromisoformat(value).replace(tzinfo=None)
    if isinstance(kind, types.DateType):
        return datetime.date.fromisoformat(value)
    if isinstance(kind, types.BinaryType):
        return bytearray(base64.b64decode(value))
    if isinstance(kind, (types.DoubleType, types.FloatType)):
        return float(value)
    return decimal.Decimal(value) if isinstance(kind, types.DecimalType) else value


def agreed(spark, catalog, millrace, table, order, columns="*", namespace="default"):
    """The rows of a table, which Spark and `millrace sql` must agree upon."""
    question = f"select {columns} from {{}} order by {order}"
    frame = spark.sql(question.format(f"{catalog}.{namespace}.`{table}`"))
    theirs = tuples(frame)
    name = f'"{table}"' if namespace == "default" else f'{namespace}."{table}"'
    assert millrace_rows(millrace, question.format(name), frame.schema) == theirs
    return theirs
