"""write.*: what writing tables costs: rows of 8 and of 200 columns, against PyArrow that makes Parquet files of the same JSON, and
a batch whose rows belong to 2,000 days, each of which is a partition with a file of its own."""

import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

from confluent_kafka import Producer

from compact import measured
from events import events
from process import Millrace
from report import figure

NARROW, WIDE, WIDE_COLUMNS, DAYS, ROWS_A_DAY = 2_000_000, 100_000, 200, 2000, 50
DAY = 86_400_000
FIRST = 1_577_836_800_000  # 2020-01-01
PIPELINE = "pipelines:\n  events:\n    from: events\n    into: events\n    freshness: {freshness}\n"
QUIET = "lake:\n  upkeep: false\n"
PYARROW = """
import sys, pyarrow.json as json, pyarrow.parquet as parquet
table = json.read_json(sys.argv[2], json.ReadOptions(block_size=8 << 20))
parquet.write_table(table, sys.argv[1], compression="zstd", compression_level=1)
"""


def wide_events(count):
    """Objects of WIDE_COLUMNS fields: whole numbers, decimals and texts that repeat, by turns."""
    dice = random.Random(7)
    words = [f"word-{n}" for n in range(500)]
    makers = [lambda: dice.randrange(1_000_000), lambda: round(dice.random() * 1000, 3), lambda: dice.choice(words)]
    names = [f"column_{n:03}" for n in range(WIDE_COLUMNS)]
    for _ in range(count):
        yield json.dumps({name: makers[n % 3]() for n, name in enumerate(names)}, separators=(",", ":")).encode()


def fill(data, values, time_of=None):
    """Puts records into a log, without any pipeline; returns how many and how many bytes."""
    count = size = 0
    with Millrace(data) as millrace:
        producer = Producer({
            "bootstrap.servers": millrace.brokers, "acks": "all", "linger.ms": 50, "batch.size": 1_000_000,
            "queue.buffering.max.messages": 3_000_000, "queue.buffering.max.kbytes": 2_000_000})
        for value in values:
            when = {} if time_of is None else {"timestamp": time_of(count)}
            producer.produce("events", value, **when)
            count, size = count + 1, size + len(value)
            if count % 1000 == 0:
                producer.poll(0)
        producer.flush()
    return count, size


def land(data, count, freshness="10s"):
    """Lands what the log holds: CPU-seconds from the process's start to the last commit, and peak memory."""
    with Millrace(data, pipelines=PIPELINE.format(freshness=freshness), extra=QUIET) as millrace:
        deadline = time.monotonic() + 600
        while sum(p["landed"] for p in millrace.get_json("/v1/pipelines")["pipelines"]) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"not landed: {millrace.get_json('/v1/pipelines')}")
            time.sleep(0.05)
        return millrace.cpu_seconds, millrace.memory_mb("VmHWM")


def files_of(data):
    folder = pathlib.Path(data) / "data/lake/default/events/data"
    return [file.stat().st_size for file in folder.rglob("*.parquet")]


def compare(name, columns, make, count):
    """Our figures for `count` records, and PyArrow's for the same lines."""
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        _, size = fill(data, make(count))
        cpu, memory = land(data, count)
        written = sum(files_of(data))
        lines = os.path.join(data, "lines.json")
        with open(lines, "wb") as out:
            for value in make(count):
                out.write(value + b"\n")
        foreign, foreign_memory = measured([sys.executable, "-c", PYARROW, f"{data}/theirs.parquet", lines])
        note = f"{count} rows of {columns} columns, {size / 1e6:.0f} MB of JSON in the log"
        figure(f"write.{name}_rows_per_cpu_s", count / cpu, "rows/CPU-s", note)
        figure(f"write.{name}_mb_per_cpu_s", size / 1e6 / cpu, "MB/CPU-s", "JSON that went in")
        figure(f"write.{name}_bytes_per_row", written / count, "bytes", "Parquet")
        figure(f"write.{name}_peak_mb", memory, "MB", "VmHWM")
        theirs = "PyArrow, which reads the lines from a file as one table and writes one file with zstd"
        figure(f"write.{name}_pyarrow_rows_per_cpu_s", count / foreign, "rows/CPU-s", theirs)
        figure(f"write.{name}_pyarrow_bytes_per_row", os.path.getsize(f"{data}/theirs.parquet") / count, "bytes", theirs)
        figure(f"write.{name}_pyarrow_peak_mb", foreign_memory, "MB", theirs)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def many_partitions():
    """Rows of 2,000 days in turn: at best every day gets one file, at worst every row does."""
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    count = DAYS * ROWS_A_DAY
    try:
        fill(data, events(count), lambda number: FIRST + number % DAYS * DAY)
        cpu, memory = land(data, count, freshness="5s")
        files = len(files_of(data))
        note = f"{count} rows of {DAYS} days in turn, {files} files"
        figure("write.peak_mb_2000_partitions", memory, "MB", note)
        figure("write.files_per_partition", files / DAYS, "files", f"of one commit; {note}")
        figure("write.partitions_rows_per_cpu_s", count / cpu, "rows/CPU-s", note)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def run():
    compare("narrow", 8, events, NARROW)
    compare("wide", WIDE_COLUMNS, wide_events, WIDE)
    many_partitions()
