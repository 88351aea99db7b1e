"""A data directory that is prepared once and put back before every trial, and what must be true of it afterwards."""

import os
import pathlib
import re
import shutil
import tempfile
import time
from collections import Counter

from confluent_kafka import Producer

import foreign
import lake_reader
from millrace_process import MillraceProcess

PIPELINE = """
pipelines:
  game:
    from: events
    freshness: 100ms
    tables:
      plays: {where: kind != 'other'}
"""
# Letters of the wrong type can be rows when their field has another column.
MENDED = PIPELINE.replace("'other'}", "'other', columns: {text: {from: n, type: string}}}")
# Two lanes, and columns from the start.
TWO = PIPELINE + "      copies: {where: kind != 'other', columns: {n: long, later: string}}\n"

DAY = 86_400_000
OLD = 1_600_000_000_000  # 2020-09-13
PARTITIONS = 2


def event(number):
    """The bytes of event `number`: most are rows, some dead letters of two kinds, some are left out by `where`."""
    if number % 10 == 6:
        return b"no JSON, id %d" % number
    if number % 10 == 9:
        return b'{"id": %d, "kind": "other"}' % number
    n = b'"two"' if number % 10 == 3 else b"%d" % (number * 3)
    # A field that is new from there on.
    later = b', "later": "since %d"' % number if number >= 120 else b""
    return b'{"id": %d, "kind": "play", "n": %s%s}' % (number, n, later)


def is_letter(number, mended=False):
    return number % 10 == 6 or (number % 10 == 3 and not mended)


class Stage:
    """`acknowledged` are the numbers of all events that are certainly in the log; others may be."""

    def __init__(self):
        # The kills end a process, not the machine: memory will do, and is quick.
        fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-matrix-", dir=fast))
        self.acknowledged = set()
        self.kept = self.directory / "kept"
        self.connection = lake_reader.duckdb_connection()
        self.use(PIPELINE)

    def use(self, settings):
        self.millrace = MillraceProcess(settings, data=self.directory, partitions=PARTITIONS)
        self.data, self.lake = self.millrace.data, self.millrace.data / "lake"

    def produce(self, numbers):
        """Over Kafka, on two days and all partitions; returns when all are acknowledged."""
        def delivered(error, _, number):
            assert error is None, error
            self.acknowledged.add(number)

        producer = Producer({"bootstrap.servers": self.millrace.brokers, "linger.ms": 0})
        for number in numbers:
            producer.produce(
                "events", event(number), partition=number % PARTITIONS, timestamp=OLD + number // 2 % 2 * DAY,
                on_delivery=lambda error, message, number=number: delivered(error, message, number))
        assert producer.flush(30) == 0

    def post(self, numbers):
        """Over HTTP. Only an answer makes them acknowledged."""
        try:
            status, _, _ = self.millrace.request(
                "POST", "/v1/events/events", b"\n".join(event(number) for number in numbers),
                {"Content-Type": "application/x-ndjson"}, timeout=10)
        except Exception:  # it died in the middle
            return
        if status < 300:
            self.acknowledged.update(numbers)

    def prepare(self, landed, pending):
        """Fills the log, and the tables with all of `landed` in four commits; then keeps this state."""
        with self.millrace as millrace:
            for quarter in range(4):
                numbers = list(landed)[quarter::4]
                if numbers:
                    self.produce(sorted(numbers))
                    millrace.wait_until_landed()
        self.use("")
        with self.millrace:
            self.produce(pending)
        self.use(PIPELINE)
        self.keep()

    def keep(self):
        shutil.copytree(self.data, self.kept, dirs_exist_ok=True)
        self.kept_acknowledged = set(self.acknowledged)

    def put_back(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.kept, self.data)
        self.acknowledged = set(self.kept_acknowledged)
        self.millrace.stderr.unlink(missing_ok=True)

    def close(self):
        if self.millrace.process is not None:
            self.millrace.kill9()
        self.connection.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # What must be true

    def check(self, names=("plays",), mended=False):
        """Every acknowledged event has one row or one dead letter, in every reader's eyes; no file is left over."""
        catalog = foreign.open_catalog(self.lake, patience=20)
        for name in names:
            rows, letters = self.read(catalog, name, "id"), self.read(catalog, f"{name}__dead_letters", "value")
            numbers = {(p, o): int(number) for p, o, number in rows}
            bad = {(p, o): int(re.search(rb"id\W+(\d+)", value)[1]) for p, o, value in letters}
            assert len(numbers) == len(rows) and len(bad) == len(letters), f"{name}: a place has two rows"
            assert not numbers.keys() & bad.keys(), f"{name}: a place has a row and a dead letter"
            counts = Counter([*numbers.values(), *bad.values()])
            wanted = {number for number in self.acknowledged if number % 10 != 9}
            assert not wanted - counts.keys(), f"{name}: lost are {sorted(wanted - counts.keys())}"
            twice = sorted(number for number, count in counts.items() if count > 1)
            assert not twice, f"{name}: doubled are {twice}"
            wrong = [n for n in numbers.values() if is_letter(n, mended) or n % 10 == 9]
            assert not wrong, f"{name}: rows that should be none: {sorted(wrong)}"
            wrong = [n for n in bad.values() if not is_letter(n, mended)]
            assert not wrong, f"{name}: dead letters that should be rows: {sorted(wrong)}"
            found = self.millrace.sql(f'select _log.partition as p, _log.offset as o, id from {name}')
            assert {(row["p"], row["o"]): row["id"] for row in found} == numbers and len(found) == len(rows), name
        self.millrace.run("verify")
        leftover = self.leftovers(catalog)
        assert not leftover, f"files of no snapshot: {leftover}"

    def read(self, catalog, name, column):
        if not catalog.table_exists(f"default.{name}"):
            return []
        return lake_reader.check_table(catalog, self.connection, f"default.{name}", [column])

    def leftovers(self, catalog):
        return foreign.leftovers(catalog, self.lake)

    def keep_evidence(self):
        """A copy of everything for a person to look at."""
        place = pathlib.Path(tempfile.mkdtemp(prefix=f"millrace-matrix-failed-{int(time.time())}-"))
        shutil.copytree(self.data, place / "data")
        return place
