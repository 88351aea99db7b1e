"""produce.*: events through librdkafka (confluent-kafka), acks=all, fsync on; the broker's own CPU time."""

import time

from confluent_kafka import Producer

from events import events
from process import Millrace
from report import figure

COUNT = 1_000_000


def fill(millrace, count=COUNT, topic="events", codec="none"):
    """Produces `count` events and waits until every one is acknowledged. Returns the seconds it took."""
    batch = list(events(count))
    failed = []
    producer = Producer({
        "bootstrap.servers": millrace.brokers,
        "acks": "all",
        "linger.ms": 5,
        "batch.size": 1_000_000,
        "compression.type": codec,
        "queue.buffering.max.messages": 2_000_000,
        "queue.buffering.max.kbytes": 1_000_000,
        "on_delivery": lambda error, _: error and failed.append(error),
    })
    started = time.perf_counter()
    for event in batch:
        producer.produce(topic, event)
    producer.flush()
    if failed:
        raise SystemExit(f"{len(failed)} deliveries failed, first: {failed[0]}")
    return time.perf_counter() - started


def run():
    with Millrace() as millrace:
        before = millrace.cpu_seconds
        seconds = fill(millrace)
        cpu = millrace.cpu_seconds - before
        figure("produce.broker_cpu_s_per_million", cpu * 1e6 / COUNT, "CPU-s", "librdkafka, acks=all, fsync, 4 partitions")
        figure("produce.rows_per_s", COUNT / seconds, "rows/s", "bound by the Python producer")
