"""consume.*: the same events read back through librdkafka; the broker's own CPU time."""

import time

from confluent_kafka import Consumer

from process import Millrace
from produce import COUNT, fill
from report import figure


def run():
    with Millrace() as millrace:
        fill(millrace)
        before, started, seen = millrace.cpu_seconds, time.perf_counter(), 0
        consumer = Consumer({
            "bootstrap.servers": millrace.brokers,
            "group.id": "bench",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 1,
        })
        consumer.subscribe(["events"])
        while seen < COUNT:
            seen += sum(1 for message in consumer.consume(10_000, timeout=1.0) if not message.error())
        seconds = time.perf_counter() - started
        consumer.close()
        cpu = millrace.cpu_seconds - before
        figure("consume.broker_cpu_s_per_million", cpu * 1e6 / COUNT, "CPU-s", "librdkafka, 4 partitions")
        figure("consume.rows_per_s", COUNT / seconds, "rows/s", "bound by the Python consumer")
