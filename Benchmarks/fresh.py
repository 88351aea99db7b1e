"""fresh.*: from `produce` to the commit that shows the event, while 50,000 events flow each second."""

import os
import shutil
import statistics
import tempfile
import threading
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from events import events
from lake import commits, data_files
from process import Millrace
from report import figure

RATE, STEP = 50_000, 0.01
# BENCH_FRESH_SECONDS=3600 tells what an hour leaves behind.
SECONDS = int(os.environ.get("BENCH_FRESH_SECONDS", "20"))
TOTAL = RATE * SECONDS
PIPELINE = "pipelines:\n  events:\n    from: events\n    into: events\n    freshness: 1s\n"


def landed(millrace):
    return millrace.get_json("/v1/pipelines")["pipelines"][0]["landed"]


def watch(millrace, total, seen):
    """Appends (events committed, when that was seen) until all are."""
    while not seen or seen[-1][0] < total:
        count = landed(millrace)
        if not seen or count > seen[-1][0]:
            seen.append((count, time.perf_counter()))
        time.sleep(0.005)


def flow(millrace, batch):
    """Produces in steps of STEP seconds; returns when each step was handed to the client."""
    producer = Producer({
        "bootstrap.servers": millrace.brokers, "acks": "all", "linger.ms": 5,
        "queue.buffering.max.messages": 2_000_000,
    })
    step = int(RATE * STEP)
    starts, started = [], time.perf_counter()
    for index in range(0, TOTAL, step):
        pause = started + index / RATE - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        starts.append(time.perf_counter())
        place = index % len(batch)
        for event in batch[place:place + step]:
            producer.produce("events", event, partition=0)
        producer.poll(0)
    producer.flush()
    return starts, step


def measure(millrace, batch):
    # The table is made with its first event; what is measured comes after.
    first = Producer({"bootstrap.servers": millrace.brokers, "acks": "all"})
    first.produce("events", batch[0], partition=0)
    first.flush()
    while landed(millrace) < 1:
        time.sleep(0.01)
    seen = []
    watcher = threading.Thread(target=watch, args=(millrace, 1 + TOTAL, seen))
    watcher.start()
    cpu = millrace.cpu_seconds
    starts, step = flow(millrace, batch)
    watcher.join(60)
    cpu = millrace.cpu_seconds - cpu
    delays, place = [], 0
    for index, start in enumerate(starts):
        # The first event of a step was committed with the first count beyond it.
        while seen[place][0] < 1 + index * step + 1:
            place += 1
        delays.append((seen[place][1] - start) * 1000)
    sizes = data_files(millrace, "events")
    note = f"{RATE} events/s, freshness 1s, {len(seen)} commits seen"
    figure("fresh.p50_ms", statistics.median(delays), "ms", note)
    figure("fresh.p99_ms", statistics.quantiles(delays, n=100)[98], "ms", note)
    figure("fresh.commits", commits(millrace, "events"), "versions", f"in {SECONDS} seconds, the table's making included")
    figure("fresh.file_mb", statistics.median(sizes) / 1e6, "MB", f"median of {len(sizes)} data files")
    figure("fresh.cpu_s_per_million", cpu * 1e6 / TOTAL, "CPU-s", "the whole process, produce and land together")


def run():
    batch = list(events(min(TOTAL, 20 * RATE)))
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        # One partition, so that the number of rows says which events are among them.
        with Millrace(data) as millrace:
            admin = AdminClient({"bootstrap.servers": millrace.brokers})
            admin.create_topics([NewTopic("events", 1, 1)])["events"].result()
        with Millrace(data, pipelines=PIPELINE) as millrace:
            measure(millrace, batch)
    finally:
        shutil.rmtree(data, ignore_errors=True)
