"""Other engines at work on the tables: compaction, expiry of snapshots, dropping and making anew. With PyIceberg."""

import os
import pathlib

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import _dataframe_to_data_files


def open_catalog(lake, patience=1):
    """The catalog as PyIceberg has it; waits `patience` seconds for locks of others."""
    return SqlCatalog(
        "millrace", uri=f"sqlite:///{lake}/catalog.db?timeout={patience}", warehouse=f"file://{lake}")


def tables(catalog):
    return [catalog.load_table(name) for name in sorted(catalog.list_tables("default"))]


def compact(lake):
    """Takes all data files of each table that has several and puts one a day in their place, in one commit."""
    done = 0
    for table in tables(open_catalog(lake)):
        old = [task.file for task in table.scan().plan_files()]
        if len(old) < 2:
            continue
        rows = table.scan().to_arrow()
        with table.transaction() as transaction, transaction.update_snapshot().overwrite() as change:
            for file in old:
                change.delete_data_file(file)
            for file in _dataframe_to_data_files(table.metadata, rows, table.io):
                change.append_data_file(file)
        done += 1
    return done


def files_of(table):
    """Everything that the table's snapshots refer to, and how often the current one has each data file."""
    found = set()
    for snapshot in table.snapshots():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            found.update(e.data_file.file_path for e in manifest.fetch_manifest_entry(table.io, discard_deleted=True))
    return found


def leftovers(catalog, lake, pipeline="game"):
    """Data files of the pipeline that no snapshot refers to. What PyIceberg leaves when it is locked out is its own."""
    known = set().union(*(files_of(table) for table in tables(catalog)))
    return sorted(str(file) for file in lake.rglob(f"{pipeline}-*.parquet") if f"file://{file}" not in known)


def expire(lake):
    """Expires all snapshots but the current one, and removes the files that only those had."""
    catalog = open_catalog(lake)
    done = 0
    for table in tables(catalog):
        current = table.current_snapshot()
        old = [s.snapshot_id for s in table.snapshots() if current is None or s.snapshot_id != current.snapshot_id]
        if not old:
            continue
        before = files_of(table)
        table.maintenance.expire_snapshots().by_ids(old).commit()
        table = catalog.load_table(table.name())
        for uri in before - files_of(table):
            path = pathlib.Path(uri.removeprefix("file://"))
            if path.exists():
                os.remove(path)
        done += 1
    return done


def both(lake):
    return compact(lake) + expire(lake)


DEEDS = {"nothing": lambda lake: 0, "compaction": compact, "expiry": expire, "compaction and expiry": both}


def make_anew(lake, name, keep_rows=False):
    """Drops a table and makes one of the same name and columns, with its rows or without them."""
    catalog = open_catalog(lake)
    table = catalog.load_table(f"default.{name}")
    schema, spec, rows = table.schema(), table.spec(), table.scan().to_arrow()
    catalog.drop_table(table.name())
    made = catalog.create_table(
        table.name(), schema=schema, partition_spec=spec, location=f"{table.location()}-anew")
    if keep_rows:
        made.append(pa.Table.from_batches(rows.to_batches(), schema=rows.schema))
