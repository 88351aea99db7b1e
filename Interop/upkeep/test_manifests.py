"""Manifests are merged: PyIceberg and DuckDB find the same rows, and a table that is fed keeps few of them."""

import json

from pyiceberg.catalog.sql import SqlCatalog

import lake_reader
from millrace_process import MillraceProcess, wait_until

PIPELINE = """
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
"""


def post(millrace, numbers):
    body = "\n".join(json.dumps({"number": n}) for n in numbers).encode()
    assert millrace.post_event("events", body, "application/x-ndjson")[0] < 300


def table(millrace):
    lake = millrace.data / "lake"
    return SqlCatalog("millrace", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}").load_table("default.events")


def manifests(millrace):
    loaded = table(millrace)
    return loaded.current_snapshot().manifests(loaded.io)


def entries(millrace):
    loaded = table(millrace)
    found = {}
    for manifest in manifests(millrace):
        for entry in manifest.fetch_manifest_entry(loaded.io):
            # A path is live once.
            assert entry.data_file.file_path not in found
            found[entry.data_file.file_path] = (entry.sequence_number, entry.file_sequence_number, entry.snapshot_id)
    return found


def numbers_by_duckdb(millrace):
    connection = lake_reader.duckdb_connection()
    found = connection.execute(f"select number from iceberg_scan('{table(millrace).metadata_location}') order by number")
    return [n for (n,) in found.fetchall()]


def test_manifests_are_merged_by_hand_and_others_read_the_table():
    with MillraceProcess("lake:\n  upkeep: false\n" + PIPELINE) as millrace:
        for piece in range(12):
            post(millrace, range(piece * 5, piece * 5 + 5))
            millrace.wait_until_landed()
        before = entries(millrace)
        assert len(manifests(millrace)) == 12
        words = ("tables", "optimize", "events", "--manifests", "--json")
        assert json.loads(millrace.run(*words, "--dry-run").stdout)["manifests_left"] == 12
        done = json.loads(millrace.run(*words).stdout)
        assert (done["manifests_merged"], done["manifests_made"], done["manifests_left"]) == (12, 1, 0)
        merged = manifests(millrace)
        assert [(m.existing_files_count, m.added_files_count, m.deleted_files_count) for m in merged] == [(12, 0, 0)]
        assert entries(millrace) == before
        assert sorted(table(millrace).scan().to_arrow()["number"].to_pylist()) == list(range(60))
        assert numbers_by_duckdb(millrace) == list(range(60))
        # The pipeline goes on; a second look finds nothing to do.
        assert not json.loads(millrace.run(*words).stdout)["changed"]
        post(millrace, range(60, 65))
        millrace.wait_until_landed()
        assert "manifests merged" in millrace.run("tables", "optimize", "events").stdout
        assert numbers_by_duckdb(millrace) == list(range(65))
        assert millrace.get_json("/v1/verify")["proven"]


def test_a_fed_table_keeps_few_manifests_by_itself():
    # Files are not merged while there are too few of them in a commit's time; manifests are.
    with MillraceProcess("lake:\n  upkeep_interval: 200ms\n" + PIPELINE) as millrace:
        count, most = 0, 0
        for _ in range(120):
            post(millrace, range(count, count + 3))
            count += 3
            millrace.wait_until_landed()
            most = max(most, len(manifests(millrace)))
        wait_until(lambda: len(manifests(millrace)) < 20, 30, "few manifests")
        assert most < 60
        assert sorted(table(millrace).scan().to_arrow()["number"].to_pylist()) == list(range(count))
        assert numbers_by_duckdb(millrace) == list(range(count))
        assert millrace.get_json("/v1/verify")["proven"]
