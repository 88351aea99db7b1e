"""Another engine works on the tables of a running pipeline, through the REST catalog: exactly once stays exactly once."""

import json
import threading
import time

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.types import LongType

import catalog_clients as clients
from millrace_process import MillraceProcess

EVENTS = 6000


def feed(millrace):
    """Events in small batches for a few seconds; one in a hundred cannot be a row."""
    for start in range(0, EVENTS, 30):
        body = "\n".join(json.dumps({
            "event_type": ["purchase", "join"][number % 2],
            "number": "not a number" if number % 100 == 0 else number,
        }) for number in range(start, start + 30))
        assert millrace.post_event("events", body.encode(), "application/x-ndjson")[0] < 300
        time.sleep(0.02)  # So that there are commits of both sides for some seconds.


def append(catalog):
    """Adds three rows that are no events: `foreign_id` says so."""
    def change(table):
        rows = table.scan(limit=3).to_arrow()
        index = rows.schema.get_field_index("foreign_id")
        table.append(rows.set_column(index, rows.schema.field(index), pa.array([1] * len(rows), pa.int64())))
        return len(rows)
    return clients.until_committed(catalog, clients.TABLE, change)


def add_column(catalog, number):
    def change(table):
        with table.update_schema() as update:
            update.add_column(f"extra_{number}", LongType())
    clients.until_committed(catalog, clients.TABLE, change)


def compact(catalog):
    """All files so far become one."""
    def change(table):
        old = [task.file for task in table.scan().plan_files()]
        rows = table.scan().to_arrow()
        with table.transaction() as transaction, transaction.update_snapshot().overwrite() as snapshot:
            for file in old:
                snapshot.delete_data_file(file)
            for file in _dataframe_to_data_files(table.metadata, rows, table.io):
                snapshot.append_data_file(file)
    clients.until_committed(catalog, clients.TABLE, change)


def expire(catalog):
    def change(table):
        current = table.current_snapshot().snapshot_id
        old = [s.snapshot_id for s in table.snapshots() if s.snapshot_id != current]
        if old:
            table.maintenance.expire_snapshots().by_ids(old).commit()
    clients.until_committed(catalog, clients.TABLE, change)


def set_property(catalog, number):
    def change(table):
        with table.transaction() as transaction:
            transaction.set_properties(**{"foreign.round": str(number)})
    clients.until_committed(catalog, clients.TABLE, change)


def test_rows_columns_expiry_and_compaction_by_pyiceberg_lose_and_double_nothing():
    with MillraceProcess(clients.PIPELINE, partitions=2) as millrace:
        for number in range(1, 5):
            millrace.post_event("events", {"event_type": "purchase", "number": -number})
        millrace.wait_until_landed()
        catalog = clients.pyiceberg(millrace)
        with catalog.load_table(clients.TABLE).update_schema() as update:
            update.add_column("foreign_id", LongType())
        failures = []
        feeding = threading.Thread(target=lambda: collect(failures, feed, millrace))
        feeding.start()
        rounds, foreign = 0, 0
        while feeding.is_alive() or rounds < 3:
            foreign += append(catalog)
            set_property(catalog, rounds)
            add_column(catalog, rounds)
            compact(catalog)
            expire(catalog)
            rounds += 1
        feeding.join()
        assert not failures
        millrace.wait_until_landed()
        [count] = millrace.sql("select count(*) as n, count(foreign_id) as f from purchases")
        assert count == {"n": 4 + EVENTS // 2 - EVENTS // 100 + foreign, "f": foreign}
        assert catalog.load_table(clients.TABLE).properties["foreign.round"] == str(rounds - 1)
        # Without the foreign rows the receipt is clean: what came through the log is there once.
        clients.until_committed(catalog, clients.TABLE, lambda table: table.delete("foreign_id = 1"))
        receipt = millrace.run("verify")
        assert receipt.returncode == 0, receipt.stdout
        numbers = millrace.sql("select number from purchases union all select number from joins order by 1")
        expected = sorted([-n for n in range(1, 5)] + [n for n in range(EVENTS) if n % 100 != 0])
        assert [row["number"] for row in numbers] == expected
        letters = millrace.sql("select count(*) as n from purchases__dead_letters")
        assert letters == [{"n": EVENTS // 100}]


def collect(failures, work, *arguments):
    try:
        work(*arguments)
    except BaseException as error:  # noqa: BLE001: told to the test's own thread
        failures.append(error)


def test_a_commit_through_the_catalog_is_seen_at_once():
    with MillraceProcess(clients.PIPELINE) as millrace:
        millrace.post_event("events", {"event_type": "purchase", "number": 1})
        millrace.wait_until_landed()
        table = clients.pyiceberg(millrace).load_table(clients.TABLE)
        table.append(table.scan().to_arrow())
        assert millrace.sql("select count(*) as n from purchases") == [{"n": 2}]
        other = load_catalog("other", type="rest", uri=clients.address(millrace))
        assert len(other.load_table(clients.TABLE).scan().to_arrow()) == 2
        assert pc.sum(other.load_table(clients.TABLE).scan().to_arrow()["number"]).as_py() == 2
