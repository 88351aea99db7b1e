"""Weaknesses of batch workers that write hourly files. README.md lists them."""

import datetime
import json
import random

import lake_reader
from confluent_kafka import Producer
from millrace_process import MillraceProcess, wait_until

LOGS = """
pipelines:
  logs:
    from: logs
    into: logs
    freshness: 150ms
    columns: {at: timestamptz, rounds: int}
"""


def produce(process, values, timestamp=None, flush=True):
    producer = Producer({"bootstrap.servers": process.brokers})
    for value in values:
        producer.produce("logs", json.dumps(value).encode(), **({"timestamp": timestamp} if timestamp else {}))
    if flush:
        assert producer.flush(30) == 0
    return producer


def test_a_crash_between_offset_and_file_loses_and_doubles_nothing():
    chance = random.Random(2010)
    with MillraceProcess(LOGS) as process:
        sent = 0
        for _ in range(6):
            count = chance.randrange(50, 400)
            produce(process, [{"number": sent + n} for n in range(count)])
            sent += count
            # Somewhere between the records, the files, the commit and the clean-up.
            wait_until(lambda: True if chance.random() < 0.2 else None)
            process.kill9()
            process.start()
        process.wait_until_landed()
        [row] = process.sql("select count(*) as n, count(distinct number) as d from logs")
        assert (row["n"], row["d"]) == (sent, sent)
        assert process.run("verify").returncode == 0


def test_every_row_names_the_record_it_was_made_of():
    with MillraceProcess(LOGS, partitions=3) as process:
        produce(process, [{"number": n} for n in range(300)])
        process.wait_until_landed()
        [row] = process.sql("select count(*) as n, count(distinct (_log.partition, _log.offset)) as d from logs")
        assert (row["n"], row["d"]) == (300, 300)
        topics = process.get_json("/v1/topics")["topics"]
        ends = {p["partition"]: p["end"] for topic in topics if topic["name"] == "logs" for p in topic["partitions"]}
        found = process.sql("select _log.partition as p, max(_log.offset) + 1 as e, count(*) as n from logs group by 1")
        assert {row["p"]: row["e"] for row in found} == {p: end for p, end in ends.items() if end}
        assert all(row["e"] == row["n"] for row in found)


def test_counts_are_those_of_the_log():
    with MillraceProcess(LOGS) as process:
        for dump in range(5):
            produce(process, [{"number": dump}] * 7)
            process.wait_until_landed()
            [status] = process.pipelines()
            assert status["landed"] == 7 * (dump + 1) == process.sql("select count(*) as n from logs")[0]["n"]
        process.restart()
        process.wait_until_landed()
        assert process.pipelines()[0]["landed"] == 35


def test_a_single_message_on_an_idle_topic_is_committed():
    with MillraceProcess(LOGS) as process:
        produce(process, [{"number": 1}])
        wait_until(lambda: process.pipelines()[0]["landed"] == 1, 20, "the one message")
        assert process.sql("select number from logs") == [{"number": 1}]


def test_a_message_without_a_field_stops_nothing():
    with MillraceProcess(LOGS) as process:
        produce(process, [{"task": "attack", "rounds": 3}, {"rounds": 4}, {}, {"task": None}, {"task": "end"}])
        process.wait_until_landed()
        rows = process.sql("select task, rounds from logs order by _log.offset")
        assert [row["task"] for row in rows] == ["attack", None, None, None, "end"]
        assert [row["rounds"] for row in rows] == [3, 4, None, None, None]


def test_timestamps_keep_their_microseconds_and_may_have_none():
    with MillraceProcess(LOGS) as process:
        produce(process, [{"at": text} for text in (
            "2026-11-21T08:00:00.123456Z", "2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000000Z", "2026-11-21T10:00:00+02:00")])
        process.wait_until_landed()
        rows = process.sql("select epoch_us(\"at\") as t from logs order by _log.offset")
        second = int(datetime.datetime(2026, 11, 21, 8, tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000
        assert [row["t"] - second for row in rows] == [123456, 0, 0, 0]


def test_a_number_outside_its_type_is_a_dead_letter():
    with MillraceProcess(LOGS) as process:
        produce(process, [{"rounds": 2**31}, {"rounds": 2**31 - 1}, {"rounds": 10**30}])
        process.wait_until_landed()
        assert process.sql("select rounds from logs") == [{"rounds": 2**31 - 1}]
        letters = process.sql('select reason, field from "logs__dead_letters"')
        assert [(row["reason"], row["field"]) for row in letters] == [("out-of-range", "rounds")] * 2
        assert process.run("verify").returncode == 0


def test_the_partition_is_the_day_of_the_record_and_readers_find_it():
    day = datetime.datetime(2025, 9, 3, 23, 59, 59, tzinfo=datetime.timezone.utc)
    with MillraceProcess(LOGS, environment={"TZ": "Pacific/Kiritimati"}) as process:
        produce(process, [{"number": 1}], timestamp=int(day.timestamp() * 1000))
        produce(process, [{"number": 2}], timestamp=int((day + datetime.timedelta(seconds=1)).timestamp() * 1000))
        process.wait_until_landed()
        lake = process.data / "lake"
        folders = sorted(file.parent.name.split("=")[1] for file in (lake / "default/logs/data").rglob("*.parquet"))
        assert folders == ["2025-09-03", "2025-09-04"]
        catalog = lake_reader.catalog(lake / "catalog.db", f"file://{lake}")
        rows = lake_reader.check_table(catalog, lake_reader.duckdb_connection(), "default.logs", ["number"])
        assert [row[2] for row in rows] == [1, 2]
        scan = catalog.load_table("default.logs").scan(row_filter="_log.timestamp < '2025-09-04T00:00:00+00:00'")
        assert len(list(scan.plan_files())) == 1


def test_restarts_and_repeated_runs_replace_nothing():
    with MillraceProcess(LOGS) as process:
        for run in range(4):
            produce(process, [{"number": run}] * 10)
            process.wait_until_landed()
            process.restart()
        assert process.sql("select number, count(*) as n from logs group by 1 order by 1") == [
            {"number": run, "n": 10} for run in range(4)]
