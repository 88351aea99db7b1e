"""Weaknesses of pipelines of Kafka Connect, dlt and object stores. README.md lists them."""

import json
import socket
import struct
import subprocess

from confluent_kafka import Producer
from millrace_process import BINARY, MillraceProcess

CARDS = """
pipelines:
  cards:
    from: cards-data
    into: cards
    freshness: 1s
"""


def produce(process, values, partition=None):
    producer = Producer({"bootstrap.servers": process.brokers})
    for value in values:
        value = value if isinstance(value, bytes) else json.dumps(value).encode()
        producer.produce("cards-data", value, **({} if partition is None else {"partition": partition}))
    assert producer.flush(30) == 0
    process.wait_until_landed()


def test_bytes_of_another_serializer_are_dead_letters_and_the_stream_goes_on():
    framed = struct.pack(">bI", 0, 1) + b'{"id": 1}'
    with MillraceProcess(CARDS) as process:
        produce(process, [framed, {"id": 2}])
        assert process.sql("select id from cards") == [{"id": 2}]
        [letter] = process.sql('select reason, value from "cards__dead_letters"')
        assert letter["reason"] == "not-an-object"
        shown = json.loads(process.run("dead-letters", "show", "cards", "cards-data/0/0", "--json").stdout)
        assert (shown.get("value") or bytes.fromhex(shown.get("value_hex", "")).decode()) == framed.decode()


def test_text_that_is_no_json_is_kept_with_its_reason_and_can_be_mended(tmp_path):
    with MillraceProcess(CARDS) as process:
        produce(process, [str({"id": 1, "has_chip": True}).encode(), {"id": 2}])
        assert process.sql("select id from cards") == [{"id": 2}]
        value = tmp_path / "value"
        value.write_text('{"id": 1, "has_chip": true}')
        process.run("dead-letters", "replay", "cards", "cards-data/0/0", "--value", str(value))
        assert process.sql("select id, has_chip from cards order by id") == [
            {"id": 1, "has_chip": True}, {"id": 2, "has_chip": None}]
        assert process.run("verify").returncode == 0


def test_every_partition_is_accounted_for_by_itself():
    with MillraceProcess(CARDS, partitions=4) as process:
        for partition in range(4):
            produce(process, [{"id": n} for n in range(10 * (partition + 1))], partition)
        process.kill9()
        process.start()
        process.wait_until_landed()
        receipts = json.loads(process.run("verify", "--json").stdout)["receipts"]
        assert sorted((r["partition"], r["acknowledged"], r["landed"]) for r in receipts) == [
            (p, 10 * (p + 1), 10 * (p + 1)) for p in range(4)]
        assert all(r["proven"] for r in receipts)


def test_a_trickle_does_not_become_a_file_for_every_three_records():
    with MillraceProcess(CARDS) as process:
        producer = Producer({"bootstrap.servers": process.brokers, "linger.ms": 0})
        for number in range(237):
            producer.produce("cards-data", json.dumps({"id": number}).encode())
            if number % 3 == 2:
                producer.flush(30)
        process.wait_until_landed()
        assert process.sql("select count(*) as n from cards") == [{"n": 237}]
        files = list((process.data / "lake/default/cards/data").rglob("*.parquet"))
        assert len(files) < 30, "79 would be a file for every three records"


def test_a_wrong_setting_is_named_with_its_line():
    with MillraceProcess(CARDS) as process:
        process.stop()
        text = process.config.read_text()
        process.config.write_text(text.replace("freshness: 1s", "freshness: soon"))
        done = process.run("up", check=False)
        line = text.splitlines().index("    freshness: 1s") + 1
        assert done.returncode == 2
        assert "freshness" in done.stderr and "soon" in done.stderr and f":{line}" in done.stderr
        process.config.write_text(text)
        process.start()


def test_a_port_that_is_taken_is_named():
    with MillraceProcess(CARDS) as process:
        process.stop()
        with socket.socket() as other:
            other.bind(("127.0.0.1", process.kafka_port))
            other.listen()
            done = subprocess.run(
                [BINARY, "up", "--config", str(process.config)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert "log.listen" in done.stderr and str(process.kafka_port) in done.stderr
        process.start()
