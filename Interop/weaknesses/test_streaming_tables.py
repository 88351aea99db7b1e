"""Weaknesses of Spark streaming under Hive tables. README.md lists them."""

import json
import random
import threading
import time

from millrace_process import MillraceProcess, wait_until

STREAM = """
pipelines:
  game:
    from: events
    freshness: 200ms
"""

TABLES = """    tables:
      purchases:
        where: event_type like 'purchase%'
"""

MORE_TABLES = """      joins:
        where: event_type like 'join%'
      declarations:
        where: event_type like 'declare%'
"""

KINDS = ("purchase_sword", "purchase_axe", "join_guild", "declare_war", "default")


class Players:
    """Send events until they are told to stop, and remember which were acknowledged."""

    def __init__(self, process):
        self.process, self.sent, self.unsure = process, {}, set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            kind = KINDS[number % len(KINDS)]
            try:
                status, _, _ = self.process.post_event("events", {"event_type": kind, "number": number})
            except OSError:
                # The server was being restarted: it may have taken the event or not.
                self.unsure.add(number)
                time.sleep(0.02)
                continue
            if status < 300:
                self.sent[number] = kind
            else:
                self.unsure.add(number)

    def stop(self):
        self.stopping.set()
        self.thread.join()


def rows(process, table):
    return [row["number"] for row in process.sql(f"select number from {table} order by number")]


def test_three_tables_over_live_data_restarted_from_their_checkpoint_lose_nothing():
    chance = random.Random(45)
    with MillraceProcess(STREAM + TABLES) as process:
        players = Players(process)
        try:
            wait_until(lambda: process.pipelines()[0]["landed"] > 20, 60, "the first rows")
            before = set(rows(process, "purchases"))
            # Two tables more, made over the live topic: they begin with its first record.
            process.kill9()
            process.config.write_text(process.config.read_text() + MORE_TABLES)
            process.start()
            for _ in range(3):
                wait_until(lambda: all(p["landed"] > 0 for p in process.pipelines()), 60, "rows in every table")
                now = set(rows(process, "purchases"))
                assert before <= now, "rows vanished"
                before = now
                time.sleep(chance.uniform(0.1, 0.6))
                process.kill9() if chance.random() < 0.5 else process.stop()
                process.start()
        finally:
            players.stop()
        process.wait_until_landed()
        for table, prefix in (("purchases", "purchase"), ("joins", "join"), ("declarations", "declare")):
            expected = {number for number, kind in players.sent.items() if kind.startswith(prefix)}
            found = rows(process, table)
            assert len(found) == len(set(found)), f"{table}: a row stands twice"
            assert expected <= set(found), f"{table}: rows are missing"
            assert set(found) - expected <= players.unsure
        assert process.run("verify").returncode == 0


def test_events_with_different_headers_fill_one_table():
    with MillraceProcess(STREAM + TABLES) as process:
        for event in (
            {"event_type": "purchase_sword", "Accept": "*/*", "Host": "localhost:5000"},
            {"event_type": "purchase_sword", "User-Agent": "curl/8", "description": "very sharp", "strength": 3},
            {"event_type": "purchase_sword"},
        ):
            assert process.post_event("events", event)[0] < 300
        process.wait_until_landed()
        found = process.sql('select "Accept" as a, "User-Agent" as u, strength as s from purchases order by _log.offset')
        assert found == [
            {"a": "*/*", "u": None, "s": None}, {"a": None, "u": "curl/8", "s": 3}, {"a": None, "u": None, "s": None}]


def test_bad_json_is_a_dead_letter():
    from confluent_kafka import Producer

    with MillraceProcess(STREAM + TABLES) as process:
        producer = Producer({"bootstrap.servers": process.brokers})
        for value in (b'{"event_type": "purchase_axe"', b'{"event_type": "purchase_axe"}'):
            producer.produce("events", value)
        assert producer.flush(30) == 0
        process.wait_until_landed()
        assert process.sql("select count(*) as n from purchases") == [{"n": 1}]
        report = json.loads(process.run("dead-letters", "list", "purchases", "--json").stdout)
        assert report["count"] == 1 and report["letters"][0]["place"] == "events/0/0"


def test_a_hyphenated_column_is_queried_by_its_name():
    with MillraceProcess(STREAM + TABLES) as process:
        assert process.post_event("events", {"event_type": "purchase_axe", "user-agent": "curl/8"})[0] < 300
        process.wait_until_landed()
        assert process.sql('select "user-agent" as agent from purchases') == [{"agent": "curl/8"}]
        assert process.sql("select count(*) as n from purchases where \"user-agent\" like 'curl%'") == [{"n": 1}]
