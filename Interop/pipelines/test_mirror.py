"""Checkpoints shown in Redis, for tools that look for a pipeline's place there."""

import json
import socket
import subprocess
import time

import pytest
from confluent_kafka import Producer

from millrace_process import MillraceProcess, free_port, wait_until


class Redis:
    """A redis-server of the test's own, and enough of its protocol to look into it."""

    def __init__(self, *options, port=None):
        self.port = port or free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.options = options
        wait_until(self.answers, what="redis-server")

    def answers(self):
        try:
            return bool(self.ask("PING"))
        except OSError:
            return False

    def ask(self, *command, before=()):
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            file = connection.makefile("rb")
            answer = None
            for words in (*before, command):
                parts = [str(word).encode() for word in words]
                connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
                answer = self.read(file)
            return answer

    def read(self, file):
        line = file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.read(file) for _ in range(int(rest))]
        return rest.decode()

    def keys(self, **options):
        return sorted(self.ask("KEYS", "*", **options))

    def state(self, partition=0, topic="events", prefix="", **options):
        key = f"{prefix}kafka.topic.{topic}.partition.{partition}.state."
        offset, counts = self.ask("GET", key + "last_offset", **options), self.ask("GET", key + "counts", **options)
        return None if offset is None else (int(offset), json.loads(counts))

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def settings(mirror, tables="a: {where: k = 1}, b: {columns: {k: long}}"):
    return f"""
pipelines:
  game:
    from: events
    freshness: 200ms
    mirror: {mirror}
    tables: {{{tables}}}
"""


def send(millrace, count):
    body = b"\n".join(json.dumps({"k": n % 2}).encode() for n in range(count))
    assert millrace.post_event("events", body, "application/x-ndjson")[0] == 200


def produce(millrace, partitions):
    producer = Producer({"bootstrap.servers": millrace.brokers})
    for partition in partitions:
        for n in range(10 + partition):
            producer.produce("events", json.dumps({"k": n % 2}), partition=partition)
    producer.flush(10)


def offsets(millrace):
    state = json.loads(millrace.run("pipelines", "state", "show", "game", "--json").stdout)
    ends = {}
    for entry in state["partitions"]:
        ends[entry["partition"]] = min(ends.get(entry["partition"], 1 << 60), entry["next"])
    return ends


def test_each_commit_shows_in_redis_as_the_last_offset_and_a_count():
    with Redis() as redis, MillraceProcess(
            settings(f"{{redis: 'redis://127.0.0.1:{redis.port}'}}"), partitions=3) as millrace:
        for partitions in ((0, 2), (0, 1, 2)):
            produce(millrace, partitions)
            millrace.wait_until_landed()
            expected = {p: (end - 1, {str(p): end}) for p, end in offsets(millrace).items() if end > 0}
            assert set(expected) == set(partitions)
            wait_until(lambda: {p: redis.state(p) for p in expected} == expected, what="the mirror")
        assert len(redis.keys()) == 6
        # Going back shows, too.
        millrace.run("pipelines", "state", "reset", "game", "--yes")
        millrace.wait_until_landed()
        wait_until(lambda: {p: redis.state(p) for p in expected} == expected, what="landing anew")
        metrics = millrace.get("/metrics")[1].decode()
        assert 'millrace_mirror_up{pipeline="game"} 1' in metrics


def test_a_run_without_a_server_shows_in_a_database_with_a_password_and_a_prefix():
    with Redis("--requirepass", "se cret") as redis:
        mirror = f"{{redis: 'redis://:se%20cret@127.0.0.1:{redis.port}/3', prefix: 'lake:'}}"
        with MillraceProcess(settings(mirror).replace("freshness: 200ms", "mode: batch")) as millrace:
            send(millrace, 5)
            millrace.stop()
            millrace.run("run", "game")
            login = [("AUTH", "se cret"), ("SELECT", 3)]
            # The command ends with the mirror up to date.
            assert redis.state(prefix="lake:", before=login) == (4, {"0": 5})
            assert redis.ask("DBSIZE", before=login[:1]) == "0"
            millrace.start()
            assert "se cret" not in millrace.log_tail(1000) and "se%20cret" not in millrace.log_tail(1000)


def test_landing_does_not_wait_for_redis_and_the_mirror_comes_back_by_itself():
    port = free_port()
    with MillraceProcess(settings(f"{{redis: 'redis://127.0.0.1:{port}'}}")) as millrace:
        send(millrace, 10)
        millrace.wait_until_landed()
        wait_until(lambda: "the mirror cannot be written" in millrace.log_tail(), what="the warning")
        assert 'millrace_mirror_up{pipeline="game"} 0' in millrace.get("/metrics")[1].decode()
        with Redis(port=port) as redis:
            wait_until(lambda: redis.state() == (9, {"0": 10}), what="the mirror")
            # One that loses everything is filled again, though nothing is landed.
            redis.stop()
        with Redis(port=port) as redis:
            wait_until(lambda: redis.state() == (9, {"0": 10}), 60, what="the mirror's return")
            redis.process.send_signal(19)
            send(millrace, 10)
            started = time.monotonic()
            millrace.wait_until_landed()
            assert [r["n"] for r in millrace.sql("select count(*) as n from b")] == [20]
            assert time.monotonic() - started < 20
            redis.process.send_signal(18)
            wait_until(lambda: redis.state() == (19, {"0": 20}), 60, what="the mirror after a pause")
            assert millrace.log_tail(1000).count("the mirror cannot be written") <= 4


@pytest.mark.parametrize("mirror", ["{redis: cache}", "{redis: 'rediss://cache'}", "{redis: 'redis://${NO}@cache'}"])
def test_a_mirror_that_cannot_be_is_refused_at_the_start(mirror):
    process = MillraceProcess(settings(mirror))
    done = process.run("config", "--check", check=False)
    assert done.returncode == 2 and "pipelines.game.mirror.redis" in done.stderr
