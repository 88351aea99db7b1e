"""Files that nothing names: what kills at random moments have left is found by `millrace tables clean`, and nothing else is."""

import json
import subprocess
import threading
import time
import uuid

from pyiceberg.catalog.sql import SqlCatalog

from millrace_process import BINARY, MillraceProcess, wait_until
from named_files import named

PIPELINE = """
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
"""
UNTENDED = "lake:\n  upkeep: false\n" + PIPELINE
FAST = "lake:\n  upkeep_interval: 100ms\n  clean: false\n" + PIPELINE
CLEANED = "lake:\n  upkeep_interval: 200ms\n  clean_interval: 1s\n  clean_age: 1s\n" + PIPELINE


def post(millrace, first, count):
    body = "\n".join(json.dumps({"number": n}) for n in range(first, first + count)).encode()
    assert millrace.post_event("events", body, "application/x-ndjson")[0] < 300


def land(millrace, pieces, each=5):
    for piece in range(pieces):
        post(millrace, piece * each, each)
        millrace.wait_until_landed()


def catalog(millrace):
    lake = millrace.data / "lake"
    return SqlCatalog("millrace", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")


def foreign(millrace, table="events"):
    return catalog(millrace).load_table(("default", table))


def numbers(millrace):
    return sorted(foreign(millrace).scan().to_arrow()["number"].to_pylist())


def folder(millrace, table="events"):
    return millrace.data / "lake/default" / table


def files(millrace, table="events"):
    """All files below a table's location but notes of pipelines."""
    return {p.name for p in folder(millrace, table).rglob("*") if p.is_file() and not p.name.startswith("pending-")}


def clean(millrace, *words):
    return json.loads(millrace.run("tables", "clean", *words, "--json").stdout)


def clean_all(millrace):
    """Waits for its turn where the server is at the table."""
    def attempt():
        done = millrace.run("tables", "clean", "events", "--older-than", "0s", "--yes", "--json", check=False)
        assert done.returncode == 0 or "under way" in done.stderr, done.stderr
        return done.returncode == 0 and json.loads(done.stdout)
    return wait_until(attempt, 60, "a turn")


def leave(millrace, count, where="data"):
    paths = [folder(millrace) / where / f"left-{uuid.uuid4()}.parquet" for _ in range(count)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left behind")
    return paths


def test_what_nothing_names_is_listed_and_deleted():
    with MillraceProcess(UNTENDED) as millrace:
        land(millrace, 4)
        before = files(millrace)
        left = leave(millrace, 2) + leave(millrace, 1, "data/day=2026-11-20")
        note = folder(millrace) / "data/notes.txt"
        note.write_text("somebody's")
        # Three days old is nothing here, and what is young is not found.
        done = clean(millrace, "events")
        assert (done["files_deleted"], done["files_young"], done["changed"]) == (0, 3, False)
        planned = clean(millrace, "events", "--older-than", "0s", "--dry-run")
        assert {f["path"].rsplit("/", 1)[-1] for f in planned["files"]} == {p.name for p in left}
        assert planned["bytes_found"] == 33 and planned["files_deleted"] == 0
        refused = millrace.run("tables", "clean", "events", "--older-than", "0s", check=False)
        assert refused.returncode != 0 and "--yes" in refused.stderr
        status, _, body = millrace.request(
            "POST", "/v1/tables/events/clean", b'{"older_than_ms": 0}', {"Content-Type": "application/json"})
        assert status == 409 and b"yes" in body
        assert all(p.exists() for p in left)
        assert clean_all(millrace)["files_deleted"] == 3
        assert files(millrace) == before | {"notes.txt"} == named(foreign(millrace)) | {"notes.txt"}
        assert numbers(millrace) == list(range(20))
        assert millrace.get_json("/v1/tables/events/clean")["running"] is False
        every = clean(millrace)["tables"]
        assert [t["table"] for t in every] == ["default.events"]


def test_a_writer_that_may_still_commit_keeps_its_files():
    with MillraceProcess(UNTENDED) as millrace:
        land(millrace, 1)
        millrace.restart()
        land(millrace, 1)
        epoch = json.loads(foreign(millrace).properties["millrace.sink.events"])["epoch"]
        names = {e: f"events-{e}-77-{uuid.uuid4()}.parquet" for e in (epoch - 1, epoch, epoch + 1)}
        other = f"other-{epoch}-77-{uuid.uuid4()}.parquet"
        for name in [*names.values(), other]:
            (folder(millrace) / "data" / name).write_bytes(b"not committed yet")
        assert clean_all(millrace)["files_deleted"] == 1
        # A pipeline without a mark in the table may be about to make its first commit.
        assert {names[epoch], names[epoch + 1], other} <= files(millrace)
        assert names[epoch - 1] not in files(millrace)
        millrace.restart()
        land(millrace, 1)
        # The epoch is over; that of the writer now is the next one.
        assert clean_all(millrace)["files_deleted"] == 1
        assert names[epoch + 1] in files(millrace)


def test_what_kills_leave_behind_is_found_and_nothing_else():
    with MillraceProcess(FAST) as millrace:
        count = 0
        for pause in (0.7, 1.1, 0.9, 1.3, 0.8):
            stop = threading.Event()
            killer = threading.Timer(pause, lambda: (stop.set(), millrace.kill9()))
            killer.start()
            while not stop.is_set():
                try:
                    post(millrace, count, 3)
                    count += 3
                except Exception:
                    break
                # Merges and expiries are what is to be killed.
                if count % 300 == 0:
                    millrace.run("tables", "expire", "events", "--older-than", "1s", check=False)
            killer.join()
            millrace.start()
        post(millrace, count, 1)
        millrace.wait_until_landed()
        # Cleaning beside a server that merges and commits.
        clean_all(millrace)
        post(millrace, count + 1, 1)
        millrace.wait_until_landed()
        millrace.stop()
        clean_all(millrace)
        assert files(millrace) == named(foreign(millrace))
        assert set(range(count)) <= set(numbers(millrace))
        millrace.start()
        assert millrace.get_json("/v1/verify")["proven"]


def test_killed_while_it_cleans():
    with MillraceProcess(UNTENDED) as millrace:
        land(millrace, 3)
        left = leave(millrace, 4000)
        millrace.stop()
        command = [BINARY, "tables", "clean", "events", "--older-than", "0s", "--yes", "--config", str(millrace.config)]
        for _ in range(3):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            there = len(list((folder(millrace) / "data").glob("left-*")))
            wait_until(
                lambda: process.poll() is not None or len(list((folder(millrace) / "data").glob("left-*"))) < there,
                60, "the first file to go")
            process.kill()
            process.wait()
            assert numbers(millrace) == list(range(15))
        clean_all(millrace)
        assert not any(p.exists() for p in left)
        assert files(millrace) == named(foreign(millrace))
        millrace.start()
        assert millrace.get_json("/v1/verify")["proven"]


def test_the_server_cleans_by_itself_while_a_table_is_fed():
    with MillraceProcess(CLEANED) as millrace:
        land(millrace, 1)
        left = leave(millrace, 5)
        count, deadline = 5, time.monotonic() + 60
        while any(p.exists() for p in left):
            assert time.monotonic() < deadline, millrace.log_tail()
            post(millrace, count, 5)
            count += 5
            time.sleep(0.05)
        for _ in range(40):
            post(millrace, count, 5)
            count += 5
            time.sleep(0.05)
        millrace.wait_until_landed()
        assert numbers(millrace) == list(range(count))
        assert named(foreign(millrace)) <= files(millrace)
        assert millrace.get_json("/v1/verify")["proven"]


def test_a_table_that_shares_its_files_is_not_cleaned():
    with MillraceProcess(UNTENDED) as millrace:
        land(millrace, 2)
        with foreign(millrace).transaction() as change:
            change.set_properties({"gc.enabled": "false"})
        rows = foreign(millrace).scan().to_arrow()
        catalog(millrace).create_table(("default", "copy"), schema=rows.schema).append(rows)
        left = leave(millrace, 1)
        refused = millrace.run("tables", "clean", "events", "--older-than", "0s", "--yes", check=False)
        assert refused.returncode != 0 and "gc.enabled" in refused.stderr
        # The other tables are cleaned all the same.
        every = millrace.run("tables", "clean", check=False)
        assert every.returncode != 0 and "default.copy: 0 files" in every.stdout
        assert left[0].exists()
