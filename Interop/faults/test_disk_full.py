"""A full disk: a clear error each time, nothing acknowledged is lost, and the process goes on when there is space again."""

import os
import subprocess
import tempfile

import pytest

from millrace_process import MillraceProcess, wait_until

PIPELINE = """
pipelines:
  all:
    from: events
    into: events
    freshness: 200ms
"""
MEGABYTE = 1 << 20


@pytest.fixture
def small_disk():
    """A file system of 96 MiB of its own, in memory."""
    directory = tempfile.mkdtemp(prefix="millrace-disk-")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", directory], capture_output=True, text=True)
    if mounted.returncode != 0:
        os.rmdir(directory)
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield directory
    subprocess.run(["umount", "-l", directory], check=True)
    os.rmdir(directory)


def fill(directory, leaving):
    """Takes all space but `leaving` bytes; returns the file to remove again."""
    path = os.path.join(directory, "filler")
    space = os.statvfs(directory)
    with open(path, "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, max(1, space.f_bavail * space.f_frsize - leaving))
    return path


def test_a_full_disk_refuses_events_and_recovers(small_disk):
    body = b"\n".join(b'{"number":%d,"text":"%s"}' % (n, os.urandom(200).hex().encode()) for n in range(1000))
    with MillraceProcess(PIPELINE, data=small_disk) as millrace:
        acknowledged = 0
        assert millrace.post_event("events", body, "application/x-ndjson")[0] == 200
        acknowledged += 1000
        millrace.wait_until_landed()
        filler = fill(small_disk, leaving=3 * MEGABYTE)
        refused = None
        for _ in range(60):
            status, headers, answer = millrace.post_event("events", body, "application/x-ndjson")
            if status == 200:
                acknowledged += 1000
            else:
                refused = (status, headers, answer)
                break
        assert refused is not None, "the disk never filled"
        status, headers, answer = refused
        assert status in (503, 507), (status, answer)
        assert headers["Content-Type"] == "application/problem+json" and headers["Retry-After"]
        assert b"space" in answer, answer
        assert millrace.get("/healthz")[0] == 200, "the process must live on"
        os.remove(filler)

        def is_taken():
            return millrace.post_event("events", body, "application/x-ndjson")[0] == 200

        wait_until(is_taken, 30, "taking events again")
        acknowledged += 1000
        millrace.wait_until_landed(90)
        assert millrace.sql("select count(*) as n, count(distinct _log.offset) as d from events") == [
            {"n": acknowledged, "d": acknowledged}]
        millrace.run("verify")
        millrace.kill9()
        millrace.start()
        millrace.wait_until_landed()
        assert millrace.sql("select count(*) as n from events")[0]["n"] == acknowledged


def test_a_lake_without_space_pauses_the_pipeline_and_keeps_the_log(small_disk):
    body = b"\n".join(b'{"number":%d}' % n for n in range(100))
    with MillraceProcess(PIPELINE + f"lake:\n  directory: {small_disk}/lake\n") as millrace:
        assert millrace.post_event("events", body, "application/x-ndjson")[0] == 200
        millrace.wait_until_landed()
        filler = fill(small_disk, leaving=0)
        assert millrace.post_event("events", body, "application/x-ndjson")[0] == 200
        paused = wait_until(
            lambda: next((p for p in millrace.pipelines() if p["state"] == "retrying"), None), 30, "a pause")
        assert "space" in paused["reason"], paused
        assert millrace.post_event("events", body, "application/x-ndjson")[0] == 200, "the log has space"
        os.remove(filler)
        millrace.wait_until_landed(60)
        assert millrace.sql("select count(*) as n from events") == [{"n": 300}]
        millrace.run("verify")
