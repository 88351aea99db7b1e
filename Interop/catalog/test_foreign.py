"""A lake in a REST catalog of somebody else: Millrace's own server in another process, and SeaweedFS's."""

import json
import threading
import time

import pytest
from pyiceberg.catalog import load_catalog

import catalog_clients as clients
from millrace_process import MillraceProcess
from object_store import KEYS, ObjectStore


def events(start, end):
    """One in fifty cannot be a row."""
    return "\n".join(json.dumps({
        "event_type": ["purchase", "join"][number % 2],
        "number": "not a number" if number % 50 == 0 else number,
    }) for number in range(start, end)).encode()


def check(millrace, count):
    """Everything that was sent is there once, and the receipt says so."""
    receipt = millrace.run("verify")
    assert receipt.returncode == 0, receipt.stdout
    rows = millrace.sql("select number from purchases union all select number from joins order by 1")
    assert [row["number"] for row in rows] == [n for n in range(count) if n % 50 != 0]
    letters = millrace.sql("select count(*) as n from purchases__dead_letters")
    assert letters == [{"n": len(range(0, count, 50))}]


@pytest.fixture(scope="module")
def server():
    """The catalog: a Millrace without pipelines, secured, whose tokens end after three seconds."""
    with MillraceProcess("catalog:\n  token_lifetime: 3s\n",
                         environment={"MILLRACE_CATALOG_CREDENTIAL": "me:a secret"}) as process:
        yield process


def lake_in(server):
    settings = (f"lake:\n  catalog: {clients.address(server)}\n  catalog_warehouse: millrace\n"
                f"  directory: {server.data}/lake\n{clients.PIPELINE}")
    return MillraceProcess(settings, partitions=2, environment={"MILLRACE_LAKE_CATALOG_CREDENTIAL": "me:a secret"})


def test_a_pipeline_lands_in_another_process_s_catalog_through_crashes_of_both(server):
    millrace = lake_in(server)
    with millrace:
        count = 0
        for _ in range(4):
            for _ in range(5):
                assert millrace.post_event("events", events(count, count + 50), "application/x-ndjson")[0] < 300
                count += 50
                time.sleep(0.05)  # So that commits are under way when the process ends.
            millrace.kill9()
            millrace.start()
        server.kill9()
        assert millrace.post_event("events", events(count, count + 50), "application/x-ndjson")[0] < 300
        count += 50
        server.start()
        millrace.wait_until_landed()
        check(millrace, count)
        # The catalog's own process sees the same tables.
        assert server.sql("select count(number) as n from purchases") == millrace.sql(
            "select count(number) as n from purchases")
        table = clients.pyiceberg(server, credential="me:a secret").load_table(clients.TABLE)
        assert table.scan().to_arrow().num_rows == len([n for n in range(0, count, 2) if n % 50 != 0])


def test_other_engines_commit_in_between(server):
    """Continues on the tables of the test before: offsets go on."""
    catalog = clients.pyiceberg(server, credential="me:a secret")
    for name in catalog.list_tables("default"):
        catalog.purge_table(name)
    with lake_in(server) as millrace:
        done = threading.Event()

        def feed():
            for start in range(0, 2000, 50):
                millrace.post_event("events", events(start, start + 50), "application/x-ndjson")
                time.sleep(0.05)
            done.set()

        millrace.post_event("events", b"{}")
        feeding = threading.Thread(target=feed)
        feeding.start()
        while not done.is_set():
            if not catalog.table_exists(clients.TABLE):
                continue
            clients.until_committed(catalog, clients.TABLE, expire)
            clients.until_committed(catalog, clients.TABLE, note)
        feeding.join()
        millrace.wait_until_landed()
        receipt = millrace.run("verify")
        assert receipt.returncode == 0, receipt.stdout
        [count] = millrace.sql("select count(*) as n, count(distinct number) as d from purchases")
        assert count == {"n": 960, "d": 960}


def expire(table):
    current = table.current_snapshot()
    old = [s.snapshot_id for s in table.snapshots() if s.snapshot_id != current.snapshot_id]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()


def note(table):
    with table.transaction() as transaction:
        transaction.set_properties(note=str(time.time()))


def test_a_pipeline_lands_in_seaweedfs_catalog_and_bucket_through_kill_9():
    with ObjectStore(table_bucket="warehouse") as store:
        settings = (f"lake:\n  catalog: {store.catalog}\n  catalog_warehouse: warehouse\n"
                    f"stores:\n  s3:\n    endpoint: {store.endpoint}\n    access_key: ${{AWS_ACCESS_KEY_ID}}\n"
                    f"    secret_key: ${{AWS_SECRET_ACCESS_KEY}}\n{clients.PIPELINE}")
        credential = ":".join(KEYS.values())
        environment = {**KEYS, "MILLRACE_LAKE_CATALOG_CREDENTIAL": credential}
        with MillraceProcess(settings, partitions=2, environment=environment) as millrace:
            count = 0
            for _ in range(3):
                for _ in range(5):
                    assert millrace.post_event("events", events(count, count + 50), "application/x-ndjson")[0] < 300
                    count += 50
                    time.sleep(0.05)
                millrace.kill9()
                millrace.start()
            millrace.wait_until_landed()
            check(millrace, count)
            catalog = load_catalog(
                "weed", type="rest", uri=store.catalog, warehouse="warehouse", credential=credential,
                **{"s3.endpoint": store.endpoint, "s3.access-key-id": KEYS["AWS_ACCESS_KEY_ID"],
                   "s3.secret-access-key": KEYS["AWS_SECRET_ACCESS_KEY"], "s3.region": "us-east-1"})
            table = catalog.load_table(clients.TABLE)
            expected = millrace.sql("select number from purchases order by 1")
            assert sorted(table.scan().to_arrow()["number"].to_pylist()) == [row["number"] for row in expected]
            # And back: what PyIceberg commits there is seen here.
            table.append(table.scan(limit=1).to_arrow())
            assert millrace.sql("select count(*) as n from purchases") == [{"n": len(expected) + 1}]
            # This process has no tables of its own to serve.
            assert millrace.get("/iceberg/v1/config")[0] == 404
