"""Reads a lake of this product with other makers' engines: PyIceberg and DuckDB."""

import pathlib
import sys

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

DUCKDB_VERSION = "v1.5.5"


def catalog(database: pathlib.Path, warehouse: str, name: str = "millrace") -> SqlCatalog:
    """PyIceberg's own catalog on the product's SQLite file."""
    return SqlCatalog(name, uri=f"sqlite:///{database}", warehouse=warehouse)


def duckdb_connection() -> duckdb.DuckDBPyConnection:
    """DuckDB with its own iceberg extension, from the pinned wheels; nothing is downloaded."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("avro", "httpfs", "iceberg"):
        connection.execute(f"LOAD '{extension(name)}'")
    return connection


def extension(name: str) -> pathlib.Path:
    file = (
        pathlib.Path("duckdb_extension_" + name)
        / "extensions"
        / DUCKDB_VERSION
        / f"{name}.duckdb_extension"
    )
    for folder in sys.path:
        if (pathlib.Path(folder) / file).exists():
            return pathlib.Path(folder) / file
    raise FileNotFoundError(f"{file}: install Interop/requirements.txt")


def check_table(
    catalog: SqlCatalog,
    connection: duckdb.DuckDBPyConnection,
    identifier: str,
    columns: list[str],
) -> list[tuple]:
    """The rows of `columns` in order of the log, which all readers must agree upon.

    Checks on the way that the snapshot's summary counts what is there and that no file stands twice.
    """
    table = catalog.load_table(identifier)
    order = '_log."partition", _log."offset"'
    names = ", ".join(f'"{column}"' for column in columns)
    found = connection.execute(
        f"SELECT {order}, {names} FROM iceberg_scan('{table.metadata_location}') ORDER BY {order}"
    ).fetchall()
    scanned = table.scan().to_arrow()
    connection.register("scanned", scanned)
    expected = connection.execute(
        f"SELECT {order}, {names} FROM scanned ORDER BY {order}"
    ).fetchall()
    connection.unregister("scanned")
    assert found == expected, f"{identifier}: PyIceberg and DuckDB read different rows"
    snapshot = table.current_snapshot()
    if snapshot is not None:
        assert int(snapshot.summary["total-records"]) == len(found)
        files = [task.file.file_path for task in table.scan().plan_files()]
        assert len(files) == len(set(files)), f"{identifier}: a file stands twice"
    return found
