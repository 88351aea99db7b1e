"""kill -9 at random moments under load: every acknowledged event is in exactly one row, whatever the moment.

The rounds are seeded (MILLRACE_CRASH_SEED) and counted (MILLRACE_CRASH_ROUNDS, 30 by default; `make soak` sets more).
Producers send numbered events over Kafka and HTTP and remember which were acknowledged. An event that was not
acknowledged may be in the table or not, but never twice at one offset.
"""

import json
import os
import random
import threading
import time
from collections import Counter

from confluent_kafka import Producer

from millrace_process import MillraceProcess, wait_until

ROUNDS = int(os.environ.get("MILLRACE_CRASH_ROUNDS", "30"))
SEED = int(os.environ.get("MILLRACE_CRASH_SEED", "20261121"))

PIPELINES = """
pipelines:
  all:
    from: load
    into: everything
    freshness: 150ms
  even:
    from: load
    into: evens
    where: parity = 'even'
    freshness: 250ms
"""


def event(number, source):
    # One field in fifty appears rarely, so that schema evolution happens under fire too.
    rare = {f"rare_{number // 500}": number} if number % 50 == 0 else {}
    return json.dumps(
        {"id": f"{source}-{number}", "number": number, "parity": "even" if number % 2 == 0 else "odd", **rare}
    ).encode()


class Acknowledged:
    """Ids that a producer was told are kept."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ids = set()
        self.next = 0

    def take_number(self):
        with self.lock:
            self.next += 1
            return self.next

    def add(self, identity):
        with self.lock:
            self.ids.add(identity)

    def counts(self):
        """How many came over each way in."""
        with self.lock:
            return Counter(identity.split("-")[0] for identity in self.ids)


def produce_over_kafka(millrace, acknowledged, stop):
    # An idempotent producer, as most clients are by default: its retries must not double anything either.
    producer = Producer({
        "bootstrap.servers": millrace.brokers, "enable.idempotence": True, "linger.ms": 2,
        "message.timeout.ms": 1500, "socket.timeout.ms": 1000, "log_level": 0,
    })
    while not stop.is_set():
        number = acknowledged.take_number()

        def delivered(error, _, identity=f"kafka-{number}"):
            if error is None:
                acknowledged.add(identity)

        try:
            producer.produce("load", event(number, "kafka"), on_delivery=delivered)
        except BufferError:
            pass
        producer.poll(0)
        if number % 20 == 0:
            time.sleep(0.002)
    producer.flush(2)


def produce_over_http(millrace, acknowledged, stop):
    while not stop.is_set():
        numbers = [acknowledged.take_number() for _ in range(10)]
        body = b"\n".join(event(number, "http") for number in numbers)
        try:
            status, _, _ = millrace.request(
                "POST", "/v1/events/load", body, {"Content-Type": "application/x-ndjson"}, timeout=3)
        except Exception:  # the server was killed in the middle: nothing was acknowledged
            continue
        if status < 300:
            for number in numbers:
                acknowledged.add(f"http-{number}")


def test_every_acknowledged_event_is_in_one_row_after_kill_9():
    draw = random.Random(SEED)
    acknowledged = Acknowledged()
    busy_rounds = Counter()
    millrace = MillraceProcess(PIPELINES, partitions=3)
    try:
        for round_number in range(ROUNDS):
            before = acknowledged.counts()
            millrace.start()
            stop = threading.Event()
            threads = [
                threading.Thread(target=produce, args=(millrace, acknowledged, stop))
                for produce in (produce_over_kafka, produce_over_http)
            ]
            for thread in threads:
                thread.start()
            time.sleep(draw.uniform(0.05, 1.2))
            millrace.kill9()
            stop.set()
            for thread in threads:
                thread.join()
            counts = acknowledged.counts()
            busy_rounds.update((counts - before).keys())
            print(f"round {round_number + 1} of {ROUNDS}: acknowledged {dict(counts)}", flush=True)
        millrace.start()
        millrace.wait_until_landed(120)
        # A producer that connected too late for the shortest rounds is no failure; one that never got through is.
        for source in ("kafka", "http"):
            assert busy_rounds[source] >= max(1, ROUNDS // 4), f"{source} was acknowledged in {busy_rounds[source]} rounds only"
        check(millrace, acknowledged)
        millrace.stop()
    except BaseException:
        print(f"seed {SEED}, data kept in {millrace.directory}\n{millrace.log_tail()}")
        if millrace.process is not None:
            millrace.kill9()
        raise
    MillraceProcess.__exit__(millrace)


def check(millrace, acknowledged):
    ids = [row["id"] for row in millrace.sql("select id from everything")]
    places = millrace.sql(
        "select count(*) as n, count(distinct (_log.partition, _log.offset)) as d from everything")[0]
    assert places["n"] == places["d"] == len(ids), "a place in the log has two rows"
    assert len(acknowledged.ids) > ROUNDS, "the load was not a load"
    lost = acknowledged.ids - set(ids)
    assert not lost, f"{len(lost)} acknowledged events have no row: {sorted(lost)[:10]}"
    kafka = [identity for identity in ids if identity.startswith("kafka-")]
    assert len(kafka) == len(set(kafka)), "an idempotent producer's retry made a second row"
    evens = {row["id"] for row in millrace.sql("select id from evens")}
    assert evens == {identity for identity in ids if int(identity.split("-")[1]) % 2 == 0}
    receipts = json.loads(millrace.run("verify", "--json").stdout)
    assert receipts["proven"], receipts
    assert sum(r["acknowledged"] for r in receipts["receipts"] if r["table"] == "everything") == len(ids)
    assert all(r["missing"] == r["duplicates"] == r["pending"] == 0 for r in receipts["receipts"])


def test_a_stop_under_load_is_quick_and_loses_nothing():
    acknowledged = Acknowledged()
    with MillraceProcess(PIPELINES, partitions=3) as millrace:
        stop = threading.Event()
        threads = [
            threading.Thread(target=produce, args=(millrace, acknowledged, stop))
            for produce in (produce_over_kafka, produce_over_http)
        ]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(acknowledged.ids) > 500)
        started = time.monotonic()
        assert millrace.stop() == 0
        assert time.monotonic() - started < 5
        stop.set()
        for thread in threads:
            thread.join()
        millrace.start()
        millrace.wait_until_landed()
        ids = {row["id"] for row in millrace.sql("select id from everything")}
        assert not acknowledged.ids - ids
