"""Tables keep their shape while they are fed: the server merges small files and takes old snapshots out, and people do so
by hand; PyIceberg counts the rows, and the receipts stay clean."""

import json
import threading

import pytest
import lake_reader
from millrace_process import MillraceProcess, wait_until

PIPELINE = """
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
"""
TENDED = "lake:\n  upkeep_interval: 500ms\n" + PIPELINE
UNTENDED = "lake:\n  upkeep: false\n" + PIPELINE


def post(millrace, first, count):
    body = "\n".join(json.dumps({"number": n}) for n in range(first, first + count)).encode()
    assert millrace.post_event("events", body, "application/x-ndjson")[0] < 300


def catalog(millrace):
    lake = millrace.data / "lake"
    return lake_reader.catalog(lake / "catalog.db", f"file://{lake}")


def foreign(millrace):
    return catalog(millrace).load_table("default.events")


def numbers(millrace):
    return sorted(foreign(millrace).scan().to_arrow()["number"].to_pylist())


def tables(millrace, *words):
    return json.loads(millrace.run("tables", *words, "--json").stdout)


def land_in_pieces(millrace, pieces, each=5):
    for piece in range(pieces):
        post(millrace, piece * each, each)
        millrace.wait_until_landed()


def is_proven(millrace):
    return millrace.get_json("/v1/verify")["proven"]


def was_merged(millrace):
    return any(s["operation"] == "replace" for s in tables(millrace, "snapshots", "events")["snapshots"])


def data_files(millrace):
    return list((millrace.data / "lake/default/events/data").rglob("*.parquet"))


def test_a_fed_table_stays_small_in_number_by_itself():
    with MillraceProcess(TENDED) as millrace:
        stop = threading.Event()
        posted = []

        def feed():
            while not stop.wait(0.05):
                post(millrace, len(posted) * 3, 3)
                posted.append(3)

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            wait_until(lambda: was_merged(millrace), 60, "a merge")
            # Commits go on after it.
            before = len(posted)
            wait_until(lambda: len(posted) > before + 100, 60, "more events")
        finally:
            stop.set()
            feeder.join()
        millrace.wait_until_landed()
        wait_until(lambda: len(tables(millrace, "files", "events")["files"]) < 20, 30, "few files")
        assert numbers(millrace) == list(range(3 * len(posted)))
        assert is_proven(millrace)
        assert "millrace_upkeep_files_merged" in millrace.get("/metrics")[1].decode()


def test_merged_by_hand_and_expired():
    with MillraceProcess(UNTENDED) as millrace:
        land_in_pieces(millrace, 8)
        assert len(tables(millrace, "files", "events")["files"]) == 8
        plan = tables(millrace, "optimize", "events", "--dry-run")
        assert (plan["files_left"], plan["changed"]) == (8, False)
        done = tables(millrace, "optimize", "events")
        assert (done["files_merged"], done["files_left"]) == (8, 0)
        assert len(tables(millrace, "files", "events")["files"]) == 1
        assert numbers(millrace) == list(range(40))
        # Time travel to before the merge, until its snapshots go.
        first = tables(millrace, "snapshots", "events")["snapshots"][-1]["snapshot_id"]
        assert foreign(millrace).scan(snapshot_id=int(first)).to_arrow().num_rows == 5
        wait_until(
            lambda: tables(millrace, "expire", "events", "--older-than", "1s")["snapshots_left"] == 0
            and len(data_files(millrace)) == 1,
            20, "only the merged file",
        )
        assert numbers(millrace) == list(range(40))
        land_in_pieces(millrace, 1)
        assert len(numbers(millrace)) == 45
        assert is_proven(millrace)


def test_reports():
    with MillraceProcess(UNTENDED) as millrace:
        land_in_pieces(millrace, 3)
        described = tables(millrace, "describe", "default.events")
        assert "number" in [column["name"] for column in described["columns"]]
        assert described["partitions"][0]["transform"] == "day"
        snapshots = tables(millrace, "snapshots", "events")["snapshots"]
        assert snapshots[0]["rows"] == 15 and snapshots[0]["references"] == ["main"]
        assert len(tables(millrace, "history", "events")["history"]) == 3
        assert sum(f["rows"] for f in tables(millrace, "files", "events", "--at", snapshots[1]["snapshot_id"])["files"]) == 10
        last = tables(millrace, "diff", "events")
        assert (last["rows_added"], last["rows_removed"]) == (5, 0)
        whole = tables(millrace, "diff", "events", "--from", snapshots[2]["snapshot_id"])
        assert whole["rows_added"] == 10
        for verb in ("describe", "snapshots", "history", "files", "diff"):
            assert millrace.run("tables", verb, "events").stdout.strip()
        wrong = millrace.run("tables", "describe", "event", check=False)
        assert wrong.returncode != 0 and "no table event;" in wrong.stderr
        refused = millrace.run("tables", "rollback", "events", "--to", snapshots[1]["snapshot_id"], check=False)
        assert refused.returncode != 0 and "pipeline" in refused.stderr
        millrace.stop()
        # Without a server the lake itself is asked.
        assert len(tables(millrace, "snapshots", "events")["snapshots"]) == 3
        assert tables(millrace, "optimize", "events")["files_merged"] == 3


def test_a_table_that_others_write_can_be_rolled_back():
    with MillraceProcess(UNTENDED) as millrace:
        land_in_pieces(millrace, 1)
        rows = foreign(millrace).scan().to_arrow()
        copy = catalog(millrace).create_table("default.copy", schema=rows.schema)
        copy.append(rows)
        first = copy.refresh().current_snapshot().snapshot_id
        copy.append(rows)
        planned = tables(millrace, "rollback", "copy", "--to", str(first), "--dry-run")
        assert (planned["rows_removed"], planned["changed"]) == (5, False)
        assert tables(millrace, "rollback", "copy", "--to", str(first))["changed"]
        assert copy.refresh().scan().to_arrow().num_rows == 5
        assert millrace.sql("select count(*) as n from copy")[0]["n"] == 5


@pytest.mark.parametrize("pause", [0.6, 1.1])
def test_nothing_is_lost_when_the_server_dies_while_it_merges(pause):
    settings = TENDED.replace("500ms", "100ms")
    with MillraceProcess(settings) as millrace:
        count = 0
        for _ in range(4):
            stop = threading.Event()
            killer = threading.Timer(pause, lambda: (stop.set(), millrace.kill9()))
            killer.start()
            while not stop.is_set():
                try:
                    post(millrace, count, 3)
                    count += 3
                except Exception:
                    break
            killer.join()
            millrace.start()
        millrace.wait_until_landed()
        wait_until(lambda: was_merged(millrace), 30, "a merge")
        # What was not acknowledged, and posted again, may be there twice.
        assert set(range(count)) == set(numbers(millrace)) - {count, count + 1, count + 2}
        assert is_proven(millrace)
