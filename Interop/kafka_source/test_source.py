"""Pipelines over a Kafka cluster: another Millrace, noida-db and librdkafka's mock cluster as the remote side.

Rounds of the crash tests: MILLRACE_SOURCE_ROUNDS (6 by default), seeded by MILLRACE_CRASH_SEED.
"""

import json
import os
import random
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from millrace_process import MillraceProcess, wait_until
from peers import MockCluster, Noida

ROUNDS = int(os.environ.get("MILLRACE_SOURCE_ROUNDS", "6"))
SEED = int(os.environ.get("MILLRACE_CRASH_SEED", "20261121"))


def lander(brokers, source="events", more="", freshness="200ms"):
    """A Millrace whose pipeline `p` lands topics of another cluster into the table `t`."""
    return MillraceProcess(
        f"sources:\n  far:\n    kafka:\n      bootstrap.servers: {brokers}\n{more}"
        f"pipelines:\n  p:\n    source: far\n    from: '{source}'\n    into: t\n    freshness: {freshness}\n")


def produce(brokers, topic, numbers, partition=None, **settings):
    producer = Producer({"bootstrap.servers": brokers, "acks": "all", "linger.ms": 1, **settings})
    errors = []
    for number in numbers:
        place = {} if partition is None else {"partition": partition}
        producer.produce(
            topic, json.dumps({"id": number}), key=str(number), headers=[("h", b"1")],
            on_delivery=lambda error, _: error and errors.append(error), **place)
        producer.poll(0)
    assert producer.flush(30) == 0 and not errors, errors


def create(brokers, topic, partitions):
    client = AdminClient({"bootstrap.servers": brokers})
    client.create_topics([NewTopic(topic, partitions, 1)])[topic].result(10)


def ids(millrace, table="t"):
    return sorted(row["id"] for row in millrace.sql(f"select id from {table}"))


def landed(millrace, count, seconds=60):
    """Waits until the pipeline has landed `count` rows."""
    try:
        wait_until(lambda: millrace.pipelines()[0]["landed"] >= count, seconds, f"{count} rows")
    except AssertionError as error:
        raise AssertionError(f"{error}: {millrace.pipelines()}\n{millrace.log_tail()}") from None


def assert_proven(millrace, count):
    report = json.loads(millrace.run("verify", "--json").stdout)
    assert report["proven"], report
    assert sum(receipt["landed"] for receipt in report["receipts"]) == count
    return report


def failed(millrace, words):
    """Waits until the pipeline has stopped for a person, with these words."""
    reason = wait_until(
        lambda: next((p["reason"] for p in millrace.pipelines() if p["state"] == "failed"), None), 30, "a stop")
    assert words in reason, reason


@pytest.mark.parametrize("codec", ["none", "zstd", "gzip"])
def test_rows_of_another_millrace(codec):
    with MillraceProcess(partitions=3) as remote, lander(remote.brokers) as millrace:
        produce(remote.brokers, "events", range(5000), **{"compression.type": codec})
        landed(millrace, 5000)
        assert ids(millrace) == list(range(5000))
        assert_proven(millrace, 5000)
        assert millrace.pipelines()[0]["lag"] == 0
        # A courtesy for tools that watch groups.
        group = Consumer({"bootstrap.servers": remote.brokers, "group.id": "millrace.p.t"})
        places = [TopicPartition("events", index) for index in range(3)]

        def stored():
            offsets = [max(place.offset, 0) for place in group.committed(places, timeout=10)]
            return sum(offsets) == 5000

        wait_until(stored, 20, "the group's offsets")
        group.close()


def test_topics_and_partitions_that_appear_later():
    with MillraceProcess() as remote, lander(remote.brokers, "game-*") as millrace:
        produce(remote.brokers, "other", range(10))
        produce(remote.brokers, "game-1", range(100))
        landed(millrace, 100)
        produce(remote.brokers, "game-2", range(100, 200))
        landed(millrace, 200)
        client = AdminClient({"bootstrap.servers": remote.brokers})
        client.create_partitions([NewPartitions("game-1", 3)])["game-1"].result(10)
        produce(remote.brokers, "game-1", range(200, 300), partition=2)
        landed(millrace, 300)
        assert ids(millrace) == list(range(300))
        topics = millrace.sql("select _log.topic as topic, count(*) as n from t group by 1 order by 1")
        assert topics == [{"topic": "game-1", "n": 200}, {"topic": "game-2", "n": 100}]
        assert_proven(millrace, 300)


def test_patterns_over_the_embedded_log():
    settings = "pipelines:\n  p:\n    from: 'game-*'\n    into: t\n    freshness: 200ms\n"
    with MillraceProcess(settings) as millrace:
        produce(millrace.brokers, "game-1", range(10))
        landed(millrace, 10)
        produce(millrace.brokers, "game-2", range(10, 20))
        landed(millrace, 20)
        assert ids(millrace) == list(range(20))
        assert_proven(millrace, 20)


@pytest.mark.parametrize("is_down", [False, True])
def test_a_topic_made_anew_stops_the_pipeline(is_down):
    with MillraceProcess() as remote, lander(remote.brokers) as millrace:
        produce(remote.brokers, "events", range(50))
        landed(millrace, 50)
        if is_down:
            millrace.stop()
        client = AdminClient({"bootstrap.servers": remote.brokers})
        client.delete_topics(["events"])["events"].result(10)
        create(remote.brokers, "events", 1)
        # More than before: the old offset exists again and means another record.
        produce(remote.brokers, "events", range(1000, 1100))
        if is_down:
            millrace.start()
        failed(millrace, "made anew")
        assert ids(millrace) == list(range(50))


def test_another_cluster_at_the_address_stops_the_pipeline():
    with MillraceProcess() as remote, lander(remote.brokers) as millrace:
        produce(remote.brokers, "events", range(50))
        landed(millrace, 50)
        millrace.stop()
        remote.stop()
        remote.config.write_text(remote.config.read_text().replace(str(remote.data), f"{remote.data}-2"))
        remote.start()
        produce(remote.brokers, "events", range(1000, 1100))
        millrace.start()
        failed(millrace, "was filled from the log")
        assert ids(millrace) == list(range(50))


def test_a_cluster_that_is_away_is_waited_for():
    with MillraceProcess() as remote, lander(remote.brokers) as millrace:
        produce(remote.brokers, "events", range(50))
        landed(millrace, 50)
        epoch = millrace.pipelines()[0]["epoch"]
        remote.stop()

        def is_told():
            entry = millrace.pipelines()[0]
            return entry["state"] == "retrying" and "Connection refused" in entry["reason"]

        wait_until(is_told, 30, "a reason")
        # Starting while it is away costs the table nothing either.
        millrace.restart()
        wait_until(is_told, 30, "a reason after the restart")
        remote.start()
        produce(remote.brokers, "events", range(50, 100))
        landed(millrace, 100)
        assert ids(millrace) == list(range(100))
        assert millrace.pipelines()[0]["epoch"] == epoch + 1
        assert_proven(millrace, 100)


def test_settings_that_librdkafka_does_not_know_are_refused_in_its_words():
    millrace = lander("127.0.0.1:1", more="      sasl.mechanisn: PLAIN\n")
    done = millrace.run("config", "--check", check=False)
    assert done.returncode == 2
    assert 'sources.far.kafka: No such configuration property: "sasl.mechanisn"' in done.stderr
    millrace.__exit__()


def test_doctor_asks_the_sources():
    with MillraceProcess() as remote:
        millrace = lander(remote.brokers)
        produce(remote.brokers, "events", range(1))
        findings = json.loads(millrace.run("doctor", "--json").stdout)["findings"]
        source = next(finding for finding in findings if finding["subject"] == "source far")
        assert source["verdict"] == "ok" and "1 topics" in source["detail"], source
        remote.stop()
        done = millrace.run("doctor", "--json", check=False)
        findings = json.loads(done.stdout)["findings"]
        source = next(finding for finding in findings if finding["subject"] == "source far")
        assert done.returncode == 1 and "Connection refused" in source["detail"], source
        millrace.__exit__()
        remote.start()


class Transaction:
    """Events in a transaction of a producer of its own.

    Of its own, because noida-db tells of aborted transactions of a producer for ever, so that librdkafka leaves out what
    that producer commits later; Kafka tells only of those that overlap what is fetched.
    """

    count = 0

    def __init__(self, brokers, numbers):
        Transaction.count += 1
        self.producer = Producer({
            "bootstrap.servers": brokers, "transactional.id": f"t{Transaction.count}", "linger.ms": 1, "log_level": 0})
        self.producer.init_transactions(20)
        self.producer.begin_transaction()
        for number in numbers:
            self.producer.produce("events", json.dumps({"id": number}), partition=number % 2)
        self.producer.flush(20)

    def commit(self):
        self.producer.commit_transaction(20)

    def abort(self):
        self.producer.abort_transaction(20)


def test_aborted_transactions_never_land():
    with Noida() as noida:
        create(noida.brokers, "events", 2)
        with lander(noida.brokers) as millrace:
            Transaction(noida.brokers, range(100)).commit()
            Transaction(noida.brokers, range(100, 200)).abort()
            landed(millrace, 100)
            open_one = Transaction(noida.brokers, range(200, 300))
            # Nobody may see it yet.
            time.sleep(1)
            assert ids(millrace) == list(range(100))
            open_one.commit()
            landed(millrace, 200)
            Transaction(noida.brokers, range(300, 400)).abort()
            # The markers and the aborted records at the end are accounted for as well.
            ends = sum(
                Consumer({"bootstrap.servers": noida.brokers, "group.id": "g"})
                .get_watermark_offsets(TopicPartition("events", index), timeout=10)[1] for index in range(2))
            assert ends == 408

            def reached():
                report = json.loads(millrace.run("verify", "--json", check=False).stdout)
                return sum(receipt["to_offset"] for receipt in report["receipts"]) == ends

            wait_until(reached, 30, "the end")
            assert ids(millrace) == list(range(100)) + list(range(200, 300))
            report = assert_proven(millrace, 200)
            assert all(receipt["pending"] == 0 for receipt in report["receipts"]), report
            millrace.kill9()
            millrace.start()
            Transaction(noida.brokers, range(400, 500)).commit()
            landed(millrace, 300)
            assert ids(millrace) == list(range(100)) + list(range(200, 300)) + list(range(400, 500))
            assert_proven(millrace, 300)


class Load:
    """An idempotent producer in the background; `acknowledged` are the numbers that the cluster has confirmed."""

    def __init__(self, brokers, topic):
        self.acknowledged = set()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(brokers, topic))

    def run(self, brokers, topic):
        producer = Producer({
            "bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 2, "log_level": 0,
            "message.timeout.ms": 120_000})
        number = 0
        while not self.stop.is_set():
            number += 1

            def delivered(error, _, number=number):
                if error is None:
                    self.acknowledged.add(number)

            try:
                producer.produce(topic, json.dumps({"id": number}), on_delivery=delivered)
            except BufferError:
                pass
            producer.poll(0)
            if number % 20 == 0:
                time.sleep(0.002)
        assert producer.flush(60) == 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def assert_every_number_once(millrace, acknowledged, recognises_retries=True):
    """`recognises_retries` is false for a cluster that appends again what an idempotent producer sends again: it has such
    a number at two offsets, and so have we."""
    assert len(acknowledged) > 100, "the load was not a load"
    landed(millrace, len(acknowledged), 90)
    wait_until(lambda: acknowledged <= set(ids(millrace)), 30, "every acknowledged number")
    rows = ids(millrace)
    places = millrace.sql("select count(distinct (_log.partition, _log.offset)) as n from t")[0]["n"]
    assert places == len(rows), "a place in the log has two rows"
    if recognises_retries:
        assert len(rows) == len(set(rows)), "an idempotent producer's retry made a second row"
    wait_until(lambda: millrace.pipelines()[0]["lag"] == 0, 30, "the end")
    assert_proven(millrace, len(rows))


def test_kill_9_of_the_lander_and_restarts_of_the_cluster():
    draw = random.Random(SEED)
    with MillraceProcess(partitions=3) as remote:
        produce(remote.brokers, "events", [0])
        with lander(remote.brokers) as millrace:
            with Load(remote.brokers, "events") as load:
                for _ in range(ROUNDS):
                    time.sleep(draw.uniform(0.2, 1.5))
                    happening = draw.choice(["lander", "lander", "remote", "remote stops"])
                    if happening == "lander":
                        millrace.kill9()
                        millrace.start()
                    elif happening == "remote":
                        remote.kill9()
                        time.sleep(draw.uniform(0, 1))
                        remote.start()
                    else:
                        remote.restart()
            assert_every_number_once(millrace, load.acknowledged)


def test_errors_of_brokers_and_kill_9_of_the_lander():
    draw = random.Random(SEED)
    fetch, list_offsets, metadata, coordinator = 1, 2, 3, 10
    # Not the leader, timed out, storage, broken connection, not available, out of range for a moment, unknown.
    codes = [6, 7, 56, -195, 5, -1]
    with MockCluster(3) as mock:
        mock.tell("topic", "events", 4)
        with lander(mock.brokers) as millrace, Load(mock.brokers, "events") as load:
            for round_number in range(ROUNDS):
                mock.tell("errors", fetch, *draw.choices(codes, k=6))
                mock.tell("errors", list_offsets, *draw.choices([5, 6, 7], k=2))
                mock.tell("errors", metadata, *draw.choices([-195, 5], k=1))
                mock.tell("errors", coordinator, 15, 16)
                mock.tell("leader", "events", draw.randrange(4), draw.randrange(1, 4))
                down = draw.randrange(1, 4)
                mock.tell("down", down)
                time.sleep(draw.uniform(0.2, 1))
                mock.tell("up", down)
                if round_number % 2:
                    millrace.kill9()
                    millrace.start()
                time.sleep(draw.uniform(0.1, 0.5))
            load.stop.set()
            load.thread.join()
            assert_every_number_once(millrace, load.acknowledged, recognises_retries=False)
