"""PyIceberg reads the metadata this product writes.

The files are those of Tests/Publish/TablesTests/Golden, which a Swift test compares with what the
code writes today: a table with two appends, the second with a new column and a day before
1970, then two files more and one of them replaced.
"""

import pathlib

import pytest
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFileContent, ManifestEntryStatus, read_manifest_list
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.transforms import DayTransform
from pyiceberg.types import StringType

GOLDEN = (
    pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Publish" / "TablesTests" / "Golden"
)


def local(uri: str) -> str:
    """The golden file that stands for `uri`."""
    return str(GOLDEN / uri.rsplit("/", 1)[1])


@pytest.fixture(scope="module")
def metadata():
    newest = sorted(GOLDEN.glob("*.metadata.json"))[-1]
    return TableMetadataUtil.parse_raw(newest.read_text())


def test_table(metadata):
    assert metadata.format_version == 2
    assert metadata.location == "file:///lake/shop/purchases"
    assert [s.schema_id for s in metadata.schemas] == [0, 1]
    assert isinstance(metadata.schema().find_field("user-agent").field_type, StringType)
    assert metadata.schema().find_field("_log.timestamp").field_id == 4
    [field] = metadata.spec().fields
    assert (field.source_id, field.field_id) == (4, 1000)
    assert isinstance(field.transform, DayTransform)
    assert metadata.last_column_id == 7
    assert len(metadata.metadata_log) == 4
    assert metadata.properties["millrace.sink.events"] == '{"offset":-1}'


def test_snapshots(metadata):
    first, second, _, _ = metadata.snapshots
    assert second.parent_snapshot_id == first.snapshot_id
    assert (first.sequence_number, second.sequence_number) == (1, 2)
    assert (first.schema_id, second.schema_id) == (0, 1)
    assert metadata.current_snapshot_id == metadata.snapshots[-1].snapshot_id
    assert second.summary.operation.value == "append"
    assert second.summary["total-records"] == "20"
    assert second.summary["millrace.commit-id"] == "-1"


def test_manifests(metadata):
    io = PyArrowFileIO()
    snapshot = metadata.snapshots[1]
    manifests = list(read_manifest_list(io.new_input(local(snapshot.manifest_list))))
    assert [m.sequence_number for m in manifests] == [2, 1]
    days = []
    for manifest in manifests:
        assert (manifest.added_files_count, manifest.added_rows_count) == (1, 10)
        path = local(manifest.manifest_path)
        assert manifest.manifest_length == pathlib.Path(path).stat().st_size
        # The table was written as if it lay in /lake; the manifest is read where it lies.
        manifest[0] = path
        [entry] = manifest.fetch_manifest_entry(io)
        assert entry.status == ManifestEntryStatus.ADDED
        assert entry.sequence_number == manifest.sequence_number
        file = entry.data_file
        assert file.content == DataFileContent.DATA
        assert file.record_count == 10
        assert file.null_value_counts[6] == 10
        assert file.lower_bounds[5] == b"a sword of a tho"
        assert file.upper_bounds[5] == b"sword of a thout"
        assert file.split_offsets == [4]
        days.append(file.partition[0])
    assert days == [-1, 20000]


def test_a_replaced_file(metadata):
    io = PyArrowFileIO()
    before, snapshot = metadata.snapshots[-2:]
    assert snapshot.summary.operation.value == "overwrite"
    assert snapshot.summary["deleted-data-files"] == "1"
    assert snapshot.summary["deleted-records"] == "7"
    assert snapshot.summary["total-records"] == "36"
    manifests = list(read_manifest_list(io.new_input(local(snapshot.manifest_list))))
    assert [m.sequence_number for m in manifests] == [4, 4, 2, 1]
    rewritten = manifests[1]
    assert (rewritten.existing_files_count, rewritten.deleted_files_count) == (1, 1)
    assert (rewritten.existing_rows_count, rewritten.deleted_rows_count) == (10, 7)
    assert rewritten.min_sequence_number == 3
    live = []
    for manifest in manifests:
        manifest[0] = local(manifest.manifest_path)
        live += [entry.data_file.file_path.rsplit("/", 1)[1]
                 for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)]
    assert live == ["comes.parquet", "stays.parquet", "day-1.parquet", "day20000.parquet"]
    stays, goes = rewritten.fetch_manifest_entry(io, discard_deleted=False)
    assert (stays.status, goes.status) == (ManifestEntryStatus.EXISTING, ManifestEntryStatus.DELETED)
    assert (stays.snapshot_id, goes.snapshot_id) == (before.snapshot_id, snapshot.snapshot_id)
    assert (stays.sequence_number, goes.sequence_number) == (3, 3)
