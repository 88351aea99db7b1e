"""Deletes rows as engines do that merge on read: PyIceberg has the parts for it, and no verb."""

import random
import time
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile, DataFileContent, FileFormat, ManifestContent, ManifestEntry, ManifestEntryStatus, ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import AddSnapshotUpdate, AssertRefSnapshotId, SetSnapshotRefUpdate
from pyiceberg.typedef import Record

PATH, POSITION = 2147483546, 2147483545
FIELDS = pa.schema([
    pa.field("file_path", pa.string(), nullable=False, metadata={"PARQUET:field_id": str(PATH)}),
    pa.field("pos", pa.int64(), nullable=False, metadata={"PARQUET:field_id": str(POSITION)}),
])


class DeletesWriter(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


def data_files(table):
    """The live data files of a table, oldest first."""
    return [task.file for task in sorted(table.scan().plan_files(), key=lambda task: task.file.file_path)]


def delete_positions(table, rows, content=DataFileContent.POSITION_DELETES, equality_ids=None):
    """Commits one file of deletes that names `rows`, positions by data file; all lie in one partition.

    The Python objects of the last data file named lend the partition.
    """
    snapshot_id = random.getrandbits(62)
    metadata = table.metadata
    folder = f"{table.location()}/data"
    where = f"{folder}/{uuid.uuid4()}-deletes.parquet"
    pairs = sorted((file.file_path, position) for file, positions in rows.items() for position in positions)
    columns = pa.table({"file_path": [p for p, _ in pairs], "pos": [n for _, n in pairs]}, schema=FIELDS)
    local = where.removeprefix("file://")
    pq.write_table(columns, local)
    file = next(iter(rows))
    paths = [path.encode() for path, _ in pairs]
    deletes = DataFile.from_args(
        content=content, file_path=where, file_format=FileFormat.PARQUET, partition=file.partition or Record(),
        record_count=len(pairs), file_size_in_bytes=table.io.new_input(where).__len__(), column_sizes={}, value_counts={},
        null_value_counts={}, nan_value_counts={}, lower_bounds={PATH: min(paths)}, upper_bounds={PATH: max(paths)},
        key_metadata=None, split_offsets=None, equality_ids=equality_ids, sort_order_id=None)
    manifest_path = f"{table.location()}/metadata/{uuid.uuid4()}-d0.avro"
    spec = table.specs()[file.spec_id]
    with DeletesWriter(spec, table.schema(), table.io.new_output(manifest_path), snapshot_id, "deflate") as writer:
        writer.add(ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=snapshot_id, data_file=deletes))
    manifest = writer.to_manifest_file()
    parent = table.current_snapshot()
    number = metadata.last_sequence_number + 1
    list_path = f"{table.location()}/metadata/snap-{snapshot_id}-0-{uuid.uuid4()}.avro"
    with write_manifest_list(2, table.io.new_output(list_path), snapshot_id, parent.snapshot_id, number, "deflate") as lists:
        lists.add_manifests([manifest] + parent.manifests(table.io))
    snapshot = Snapshot(
        snapshot_id=snapshot_id, parent_snapshot_id=parent.snapshot_id, sequence_number=number,
        timestamp_ms=max(int(time.time() * 1000), metadata.last_updated_ms), manifest_list=list_path,
        summary=Summary(Operation.DELETE), schema_id=metadata.current_schema_id)
    table.catalog.commit_table(
        table, (AssertRefSnapshotId(ref="main", snapshot_id=parent.snapshot_id),),
        (AddSnapshotUpdate(snapshot=snapshot), SetSnapshotRefUpdate(
            ref_name="main", type="branch", snapshot_id=snapshot_id, max_age_ref_ms=None, max_snapshot_age_ms=None,
            min_snapshots_to_keep=None)))
    return table.refresh()
