"""A writer that stands still in the middle of a commit while another takes its table over, and then wakes up.

Writers of one data directory cannot meet, its lock forbids that. They meet where each has a lake in common and reads the
same Kafka cluster: here a Millrace that has the log and no pipelines.
"""

import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile

from confluent_kafka import Producer

import foreign
import killpoint
import lake_reader
from lake_stage import event, is_letter
from millrace_process import MillraceProcess

SEED = int(os.environ.get("MILLRACE_MATRIX_SEED", "20261121"))
POINTS = int(os.environ.get("MILLRACE_MATRIX_POINTS", "48"))
ONLY = os.environ.get("MILLRACE_TAKE_OVER_ONLY", "")
FIRST, SECOND = range(60), range(60, 120)


def settings(brokers, lake):
    return f"""
lake: {{directory: {lake}}}
sources:
  remote:
    kafka: {{bootstrap.servers: "{brokers}"}}
pipelines:
  game:
    source: remote
    from: events
    freshness: 100ms
    tables:
      plays: {{where: kind != 'other'}}
"""


def produce(brokers, numbers):
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0})
    for number in numbers:
        producer.produce("events", event(number), partition=number % 2)
    assert producer.flush(30) == 0


def is_locked(lake):
    connection = sqlite3.connect(lake / "catalog.db", timeout=0)
    try:
        connection.execute("begin immediate")
        return False
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()


def check(lake, reader):
    catalog, connection = foreign.open_catalog(lake, patience=20), lake_reader.duckdb_connection()
    rows = lake_reader.check_table(catalog, connection, "default.plays", ["id"])
    letters = lake_reader.check_table(catalog, connection, "default.plays__dead_letters", ["value"])
    assert sorted(row[2] for row in rows) == [n for n in range(120) if n % 10 != 9 and not is_letter(n)]
    assert len(letters) == len(set(letters)) == len([n for n in range(120) if is_letter(n)])
    reader.run("verify")
    leftover = foreign.leftovers(catalog, lake)
    assert not leftover, f"files of no snapshot: {leftover}"


def test_who_wakes_up_behind_its_successor_commits_nothing(tmp_path):
    library = killpoint.build(tmp_path)
    chance = random.Random(SEED)
    directory = pathlib.Path(tempfile.mkdtemp(
        prefix="millrace-take-over-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    lake, kept = directory / "lake", directory / "kept"
    try:
        with MillraceProcess(partitions=2) as remote:
            for name in ("first", "second"):
                (directory / name).mkdir()
            first, second = (
                MillraceProcess(settings(remote.brokers, lake), data=directory / name) for name in ("first", "second"))
            produce(remote.brokers, FIRST)
            first.run("run", "game")
            produce(remote.brokers, SECOND)
            shutil.copytree(lake, kept)
            count = killpoint.Point(library, lake)
            assert killpoint.Command(first.config, ["run", "game"], count).wait() == 0
            points = len(count.reached())
            count.close()
            quiet = killpoint.Point(library, lake)
            every = [(number, deed) for number in range(1, points + 1) for deed in killpoint.STOPS]
            chosen = sorted(chance.sample(every, min(len(every), max(6, POINTS // 10))))
            if ONLY:
                number, deed = ONLY.split(":")
                chosen = [(int(number), deed)]
            for number, deed in chosen:
                shutil.rmtree(lake)
                shutil.copytree(kept, lake)
                point = killpoint.Point(library, lake, number, deed)
                command = killpoint.Command(first.config, ["run", "game"], point)
                try:
                    if command.wait_until_stopped():
                        successor = killpoint.Command(second.config, ["run", "game"], quiet)
                        # With the catalog's lock in the sleeper's hand nobody can take over before it wakes up.
                        try:
                            successor.process.wait(4)
                        except subprocess.TimeoutExpired:
                            assert is_locked(lake), successor.said()
                        command.resume()
                        successor.wait()
                        successor.end()
                    command.wait()
                    second.run("run", "game")
                    check(lake, second)
                except BaseException:
                    print(f"MILLRACE_TAKE_OVER_ONLY={number}:{deed} {point.name()}\n{command.said()}")
                    raise
                finally:
                    command.end()
                    point.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
