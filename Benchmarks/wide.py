"""wide.*: what a landed row costs when it comes from many partitions, or goes into one of many tables."""

import shutil
import tempfile
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from events import events
from process import Millrace
from report import figure

COUNT, PARTITIONS, TABLES = 2_000_000, 1000, 100


def one_table():
    return "pipelines:\n  events:\n    from: events\n    into: events\n"


def many_tables():
    tables = "".join(f"      kind_{k:02}:\n        where: event_type = 'kind_{k:02}'\n" for k in range(TABLES))
    return f"pipelines:\n  events:\n    from: events\n    tables:\n{tables}"


def fill(data, partitions):
    """Events of TABLES kinds, in batches of hundreds whatever the number of partitions."""
    with Millrace(data) as millrace:
        admin = AdminClient({"bootstrap.servers": millrace.brokers})
        admin.create_topics([NewTopic("events", partitions, 1)])["events"].result()
        producer = Producer({
            "bootstrap.servers": millrace.brokers, "acks": "all", "linger.ms": 5000, "batch.size": 1_000_000,
            "batch.num.messages": 500, "queue.buffering.max.messages": 3_000_000,
            "queue.buffering.max.kbytes": 2_000_000,
        })
        for number, event in enumerate(events(COUNT)):
            head, tail = event.split(b'"event_type":"', 1)
            event = head + b'"event_type":"kind_%02d"' % (number % TABLES) + tail[tail.index(b'"') + 1:]
            # 500 events in a row for each partition; every one gets events of all kinds.
            producer.produce("events", event, partition=number // 500 % partitions)
            producer.poll(0)
        producer.flush()


def cost(data, pipelines):
    """CPU seconds per million landed rows, from the process's start to the last commit."""
    with Millrace(data, pipelines=pipelines) as millrace:
        while sum(p["landed"] for p in millrace.get_json("/v1/pipelines")["pipelines"]) < COUNT:
            time.sleep(0.25)
        memory = millrace.memory_mb("VmHWM")
        return millrace.cpu_seconds * 1e6 / COUNT, memory


def run():
    costs, memory = {}, {}
    for name, partitions, pipelines in [
        ("one", 1, one_table()), ("partitions", PARTITIONS, one_table()), ("tables", 1, many_tables()),
    ]:
        data = tempfile.mkdtemp(prefix="millrace-bench-")
        try:
            fill(data, partitions)
            costs[name], memory[name] = cost(data, pipelines)
        finally:
            shutil.rmtree(data, ignore_errors=True)
    figure("wide.cost_ratio_partitions", costs["partitions"] / costs["one"], "times",
           f"1 to {PARTITIONS} partitions; {costs['one']:.2f} to {costs['partitions']:.2f} CPU-s per million rows")
    figure("wide.cost_ratio_tables", costs["tables"] / costs["one"], "times",
           f"1 to {TABLES} tables of one topic; {costs['one']:.2f} to {costs['tables']:.2f} CPU-s per million rows")
    figure("wide.peak_mb", max(memory.values()), "MB", "the largest of the three runs")
