"""compact.*: a table of many small files is merged by `millrace tables optimize`, without a server, and the same files by
pyarrow, which reads them all and writes one file with zstd."""

import os
import pathlib
import shutil
import sys
import tempfile
import time
import urllib.request

import process
from events import events
from process import Millrace
from report import figure

COUNT, PIECES = 1_000_000, 200
PIPELINE = "pipelines:\n  events:\n    from: events\n    into: events\n    freshness: 100ms\n"
QUIET = "lake:\n  upkeep: false\n"
PYARROW = """
import sys, pyarrow.parquet as pq
files = sys.argv[2:]
writer = None
for file in files:
    table = pq.read_table(file, partitioning=None)
    writer = writer or pq.ParquetWriter(sys.argv[1], table.schema, compression="zstd")
    writer.write_table(table)
writer.close()
"""


def fill(millrace):
    """Lands the events in PIECES commits."""
    rows = events(COUNT)
    each = COUNT // PIECES
    for piece in range(PIECES):
        body = b"\n".join(next(rows) for _ in range(each))
        request = urllib.request.Request(
            f"http://127.0.0.1:{millrace.http}/v1/events/events", body, {"Content-Type": "application/x-ndjson"})
        urllib.request.urlopen(request, timeout=60).read()
        while sum(p["landed"] for p in millrace.get_json("/v1/pipelines")["pipelines"]) < (piece + 1) * each:
            time.sleep(0.01)


def measured(command):
    """CPU-seconds and peak megabytes of a program."""
    pid = os.spawnvp(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} ended with {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def run():
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        with Millrace(data, pipelines=PIPELINE, extra=QUIET) as millrace:
            fill(millrace)
            config = millrace.config
        folder = pathlib.Path(data) / "data/lake/default/events/data"
        files = [str(file) for file in sorted(folder.rglob("*.parquet"))]
        megabytes = sum(os.path.getsize(file) for file in files) / 1e6
        foreign = measured([sys.executable, "-c", PYARROW, f"{data}/merged.parquet", *files])
        own = measured([process.BINARY, "tables", "optimize", "events", "--json", "--config", config])
        merged = [file for file in folder.rglob("compacted-*.parquet")]
        note = f"{len(files)} files of {megabytes:.0f} MB into {len(merged)}"
        figure("compact.mb_per_cpu_s", megabytes / own[0], "MB/CPU-s", note)
        figure("compact.peak_mb", own[1], "MB", note)
        figure("compact.pyarrow_mb_per_cpu_s", megabytes / foreign[0], "MB/CPU-s", "the same files, one file")
        figure("compact.pyarrow_peak_mb", foreign[1], "MB", "the same files, one file")
        figure("compact.size_ratio", os.path.getsize(f"{data}/merged.parquet") / sum(f.stat().st_size for f in merged),
               "times", "pyarrow's file against ours")
    finally:
        shutil.rmtree(data, ignore_errors=True)
