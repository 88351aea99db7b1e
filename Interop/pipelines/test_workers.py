"""Several processes share a pipeline: they come, go, are killed, sleep through their replacement. Every row once."""

import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from millrace_process import MillraceProcess, wait_until

SECONDS = float(os.environ.get("MILLRACE_WORKER_SECONDS", "40"))
SEED = int(os.environ.get("MILLRACE_WORKER_SEED", "20261121"))
PARTITIONS = 6


def settings(brokers, lake):
    return f"""
lake: {{directory: {lake}}}
sources:
  remote:
    kafka: {{bootstrap.servers: "{brokers}", session.timeout.ms: 6000, heartbeat.interval.ms: 500}}
pipelines:
  p:
    source: remote
    share: true
    from: events
    freshness: 200ms
    tables:
      everything: {{columns: {{id: long}}}}
      evens: {{where: parity = 'even', columns: {{id: long}}}}
"""


class Load:
    """Produces numbered events until it is stopped, and knows which were acknowledged."""

    def __init__(self, brokers):
        self.producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 5})
        self.acknowledged = set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        number = 0
        while not self.stopping.is_set():
            for _ in range(20):
                def delivered(error, _, number=number):
                    if error is None:
                        self.acknowledged.add(number)

                event = {"id": number, "parity": "even" if number % 2 == 0 else "odd"}
                self.producer.produce(
                    "events", json.dumps(event).encode(), partition=number % PARTITIONS, on_delivery=delivered)
                number += 1
            self.producer.poll(0)
            time.sleep(0.01)
        assert self.producer.flush(30) == 0

    def stop(self):
        self.stopping.set()
        self.thread.join()


def landed(millrace, table):
    return [row["id"] for row in millrace.sql(f"select id from {table}")]


def signal_to(worker, number):
    worker.process.send_signal(number)


def test_workers_come_go_die_and_sleep_and_every_row_is_there_once():
    draw = random.Random(SEED)
    lake = tempfile.mkdtemp(prefix="millrace-lake-")
    workers, asleep, story = [], [], []
    with MillraceProcess() as remote:
        admin = AdminClient({"bootstrap.servers": remote.brokers})
        admin.create_topics([NewTopic("events", PARTITIONS, 1)])["events"].result(10)
        load = Load(remote.brokers)

        def hire():
            worker = MillraceProcess(settings(remote.brokers, lake))
            worker.start()
            workers.append(worker)

        try:
            hire()
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline:
                time.sleep(draw.uniform(0.5, 3))
                awake = [worker for worker in workers if worker not in asleep]
                deed = draw.choice(["hire", "kill", "stop", "sleep", "wake", "wake"])
                story.append(deed)
                if deed == "hire" and len(workers) < 4:
                    hire()
                elif deed == "kill" and len(awake) > 1:
                    worker = draw.choice(awake)
                    workers.remove(worker)
                    worker.kill9()
                elif deed == "stop" and len(awake) > 1:
                    worker = draw.choice(awake)
                    workers.remove(worker)
                    assert worker.stop() == 0
                elif deed == "sleep" and len(awake) > 1:
                    worker = draw.choice(awake)
                    signal_to(worker, signal.SIGSTOP)
                    asleep.append(worker)
                elif deed == "wake" and asleep:
                    signal_to(asleep.pop(), signal.SIGCONT)
            load.stop()
            while asleep:
                signal_to(asleep.pop(), signal.SIGCONT)
            first = workers[0]
            wait_until(lambda: len(set(landed(first, "everything"))) >= len(load.acknowledged), 90, "the last rows")
            check(first, load)
        except BaseException:
            print(f"seed {SEED}: {story}")
            for worker in workers:
                print(worker.directory, worker.pipelines() if worker not in asleep else "asleep")
                print(worker.log_tail(15))
            raise
        finally:
            load.stop()
            for worker in asleep:
                signal_to(worker, signal.SIGCONT)
            for worker in workers:
                worker.__exit__()
    shutil.rmtree(lake, ignore_errors=True)


def check(worker, load):
    ids = landed(worker, "everything")
    assert len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} rows are doubled"
    assert not load.acknowledged - set(ids), "acknowledged events have no row"

    def evens_are_there():
        return sorted(landed(worker, "evens")) == sorted(number for number in ids if number % 2 == 0)

    wait_until(evens_are_there, 60, "the other table")
    report = json.loads(worker.run("verify", "--json").stdout)
    assert report["proven"], report
    assert len(load.acknowledged) > 1000, "the load was not a load"
