"""Clients of Millrace's Iceberg REST catalog: PyIceberg and DuckDB, as a user would set them up."""

import uuid

from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException, ValidationException

from lake_reader import duckdb_connection

# A pipeline of two tables, and the first of them.
PIPELINE = """
pipelines:
  game:
    from: events
    freshness: 100ms
    tables:
      purchases:
        where: event_type = 'purchase'
        columns:
          number: long
      joins:
        where: event_type = 'join'
        columns:
          number: long
"""
TABLE = "default.purchases"


def address(millrace):
    return f"{millrace.url}/iceberg"


def pyiceberg(millrace, **properties):
    return load_catalog("millrace", type="rest", uri=address(millrace), **properties)


def duckdb(millrace, options="AUTHORIZATION_TYPE 'none'"):
    """DuckDB with the catalog attached as `lake`."""
    connection = duckdb_connection()
    connection.execute(f"ATTACH 'millrace' AS lake (TYPE iceberg, ENDPOINT '{address(millrace)}', {options})")
    return connection


def until_committed(catalog, name, change, attempts=200):
    """Runs `change(table)` on the table as it is until nobody else committed in between."""
    for _ in range(attempts):
        try:
            return change(catalog.load_table(name))
        except (CommitFailedException, ValidationException):
            continue
    raise AssertionError(f"{name}: somebody else committed {attempts} times")


def fresh_name(prefix="t"):
    return f"{prefix}_{uuid.uuid4().hex[:8]}"
