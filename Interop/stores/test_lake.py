"""A lake in a bucket: exactly once, read by others, through kill -9 and a store that fails (SeaweedFS as the store)."""

import json
import random
import threading
import time

import pyarrow.fs
import pytest
from pyiceberg.catalog.sql import SqlCatalog

import lake_reader
import named_files
from fault_proxy import FaultProxy
from millrace_process import MillraceProcess, wait_until
from object_store import KEYS, ObjectStore

PIPELINE = """
pipelines:
  game:
    from: game
    into: game
    freshness: 150ms
    columns: {n: long}
    contract: {types: quarantine}
"""


@pytest.fixture(scope="module")
def store():
    with ObjectStore() as store:
        yield store


class Lake:
    """A bucket of its own with a Millrace whose tables are in it."""

    def __init__(self, store, bucket, endpoint=None, more="", pipeline=PIPELINE):
        self.bucket, self.store = bucket, store
        self.client = store.client()
        self.client.create_dir(bucket)
        settings = f"""
lake: {{warehouse: "s3://{bucket}/wh", cache: 64MiB}}
stores:
  s3: {{endpoint: "{endpoint or store.endpoint}", access_key: "${{STORE_KEY}}", secret_key: "${{STORE_SECRET}}" {more}}}
{pipeline}"""
        self.millrace = MillraceProcess(settings, environment={
            "STORE_KEY": KEYS["AWS_ACCESS_KEY_ID"], "STORE_SECRET": KEYS["AWS_SECRET_ACCESS_KEY"]})

    def objects(self, folder="", suffix=""):
        found = self.client.get_file_info(pyarrow.fs.FileSelector(f"{self.bucket}/{folder}", recursive=True, allow_not_found=True))
        return [o for o in found if o.type == pyarrow.fs.FileType.File and o.path.endswith(suffix)]

    def catalog(self):
        return SqlCatalog(
            "millrace", uri=f"sqlite:///{self.millrace.data}/lake/catalog.db", **{
                "s3.endpoint": self.store.endpoint, "s3.access-key-id": KEYS["AWS_ACCESS_KEY_ID"],
                "s3.secret-access-key": KEYS["AWS_SECRET_ACCESS_KEY"], "s3.region": "us-east-1",
                "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"})

    def referenced(self, table="game"):
        table = self.catalog().load_table(f"default.{table}")
        return {row["file_path"].removeprefix("s3://") for row in table.inspect.all_files().to_pylist()}


def send(millrace, numbers):
    body = b"\n".join(json.dumps({"n": n}).encode() for n in numbers)
    status, _, answer = millrace.post_event("game", body, "application/x-ndjson")
    assert status == 200, answer


def rows(millrace, table="game"):
    return [row["n"] for row in millrace.sql(f"select n from {table} order by n")]


def proven(millrace):
    report = json.loads(millrace.run("verify", "--json").stdout)
    assert report["proven"], report
    return report["receipts"]


def test_a_lake_in_a_bucket_is_read_by_everybody(store):
    lake = Lake(store, "everybody")
    with lake.millrace as millrace:
        send(millrace, range(500))
        send(millrace, ["no number"])
        millrace.wait_until_landed()
        send(millrace, range(500, 600))
        millrace.wait_until_landed()
        assert rows(millrace) == list(range(600))
        receipts = proven(millrace)
        assert sum(r["landed"] for r in receipts) == 600
        assert sum(r["dead_lettered"] for r in receipts) == 1
        # Through the running server, too.
        status, _, body = millrace.request("POST", "/v1/sql", b"select count(*) as n from game", {"Content-Type": "text/plain"})
        assert status == 200 and b"600" in body
        table = lake.catalog().load_table("default.game")
        assert table.location().startswith("s3://everybody/wh/default/game")
        assert sorted(table.scan().to_arrow()["n"].to_pylist()) == list(range(600))
        connection = lake_reader.duckdb_connection()
        connection.execute(f"""create secret (type s3, key_id '{KEYS["AWS_ACCESS_KEY_ID"]}', secret '{KEYS["AWS_SECRET_ACCESS_KEY"]}',
            endpoint '127.0.0.1:{store.port}', url_style 'path', use_ssl false, region 'us-east-1')""")
        found = connection.execute(f"select n from iceberg_scan('{table.metadata_location}') order by n").fetchall()
        assert [n for (n,) in found] == list(range(600))
        # Another engine's append is seen, and the pipeline goes on.
        table.append(table.scan(row_filter="n = 7").to_arrow())
        send(millrace, range(600, 700))
        millrace.wait_until_landed()
        assert rows(millrace) == sorted([*range(700), 7])
        # Nothing lies around that no snapshot names.
        data = {o.path for o in lake.objects("wh", ".parquet") if "dead_letters" not in o.path}
        assert data == lake.referenced()


def test_rows_are_taken_out_and_dead_letters_mended_in_a_bucket(store, tmp_path):
    lake = Lake(store, "rewritten", pipeline=PIPELINE.replace("freshness: 150ms", "mode: batch"))
    with lake.millrace as millrace:
        for start in range(0, 90, 30):
            send(millrace, range(start, start + 30))
            millrace.run("run", "game")
        send(millrace, ["no number"])
        millrace.run("run", "game")
        assert rows(millrace) == list(range(90))
        done = json.loads(millrace.run("pipelines", "state", "reset", "game", "--json", "--to", "45", "--yes").stdout)
        assert done["changed"], done
        assert rows(millrace) == list(range(45))
        millrace.run("run", "game")
        assert rows(millrace) == list(range(90))
        proven(millrace)
        millrace.stop()
        # A letter that was mended lands at its place; without a server, too.
        value = tmp_path / "value.json"
        value.write_bytes(b'{"n": 90}')
        assert [r["o"] for r in millrace.sql("select _log.offset as o from game__dead_letters")] == [90]
        assert millrace.run("dead-letters", "replay", "game", "game/0/90", "--value", str(value)).stdout == "1 landed\n"
        assert rows(millrace) == list(range(91))
        assert millrace.sql("select count(*) as n from game__dead_letters") == [{"n": 0}]
        places = json.loads(millrace.run("verify", "game/0@90", "--json").stdout)
        assert "s3://rewritten/" in json.dumps(places)
        proven(millrace)


def test_kill_9_leaves_nothing_twice_and_nothing_behind(store):
    chance = random.Random(11)
    lake = Lake(store, "killed")
    total = 0
    with lake.millrace as millrace:
        for _ in range(4):
            for _ in range(8):
                count = chance.randrange(1, 400)
                send(millrace, range(total, total + count))
                total += count
                time.sleep(chance.uniform(0, 0.12))
            millrace.kill9()
            millrace.start()
        millrace.wait_until_landed()
        assert rows(millrace) == list(range(total))
        proven(millrace)
        data = {o.path for o in lake.objects("wh", ".parquet")}
        assert data == lake.referenced()
        drafts = [p for p in (millrace.data / "stores").glob("*/drafts/*")]
        assert drafts == []


FAULTS = [("status", 500), ("status", 503), ("before",), ("after",), ("body",), ("half",), ("slow", 0.3)]


@pytest.mark.parametrize("seed", [1])
def test_a_store_that_fails_in_every_way_loses_nothing_and_doubles_nothing(store, seed):
    chance = random.Random(seed)
    lock = threading.Lock()

    def rule(request):
        with lock:
            return chance.choice(FAULTS) if chance.random() < 0.15 else None

    with FaultProxy(store.port, rule) as proxy:
        lake = Lake(store, f"faults-{seed}", proxy.endpoint)
        with lake.millrace as millrace:
            total = 0
            for _ in range(15):
                send(millrace, range(total, total + 40))
                total += 40
                time.sleep(0.1)
            # An attempt that failed too often: longer than a request is repeated.
            proxy.rule = lambda request: ("status", 503) if request.method in ("PUT", "POST") else None
            send(millrace, range(total, total + 40))
            total += 40
            wait_until(lambda: "s3://" in str(millrace.pipelines()[0]["reason"]), 60, "the trouble")
            proxy.rule = rule
            millrace.kill9()
            millrace.start(60)
            millrace.wait_until_landed(90)
            proxy.rule = lambda request: None
            assert rows(millrace) == list(range(total))
            proven(millrace)
            assert {"status", "before", "after", "body", "half", "slow"} <= set(proxy.counts), proxy.counts
            assert lake.referenced() <= {o.path for o in lake.objects("wh", ".parquet")}
            # One more commit, which the metadata files of failed ones lie behind; then nothing that failed is left.
            send(millrace, range(total, total + 40))
            millrace.wait_until_landed()
            cleaned = json.loads(millrace.run("tables", "clean", "--older-than", "0s", "--yes", "--json").stdout)
            assert [t["files_found"] - t["files_deleted"] for t in cleaned["tables"]] == [0] * len(cleaned["tables"])
            assert {o.base_name for o in lake.objects("wh")} == named_files.named(lake.catalog().load_table("default.game"))
            assert rows(millrace) == list(range(total + 40))
            proven(millrace)


def test_a_store_that_is_away_is_waited_for_and_named():
    with ObjectStore() as store:
        lake = Lake(store, "away")
        with lake.millrace as millrace:
            send(millrace, range(10))
            millrace.wait_until_landed()
            store.stop()
            send(millrace, range(10, 20))
            reason = wait_until(lambda: millrace.pipelines()[0]["reason"], 60, "the trouble")
            assert "s3://away/wh/" in reason, reason
            store.start()
            millrace.wait_until_landed(60)
            assert rows(millrace) == list(range(20))
            store.stop()
            send(millrace, range(20, 30))
            wait_until(lambda: millrace.pipelines()[0]["reason"], 60, "the trouble")
            assert millrace.stop() == 0


def test_wrong_keys_are_named_with_what_to_do(store):
    lake = Lake(store, "keys")
    lake.millrace.environment["STORE_SECRET"] = "wrong"
    with lake.millrace as millrace:
        send(millrace, range(10))
        reason = wait_until(lambda: millrace.pipelines()[0]["reason"], 30, "the trouble")
        assert "s3://keys" in reason and "check the credentials" in reason, reason


def test_a_question_larger_than_the_cache_says_so(store):
    lake = Lake(store, "small")
    lake.millrace.config.write_text(lake.millrace.config.read_text().replace("cache: 64MiB", "cache: 1MiB"))
    chance = random.Random(1)
    with lake.millrace as millrace:
        for start in range(0, 16_000, 1000):
            body = "\n".join(json.dumps({"n": n, "noise": chance.randbytes(80).hex()}) for n in range(start, start + 1000))
            assert millrace.post_event("game", body.encode(), "application/x-ndjson")[0] == 200
        millrace.wait_until_landed()
        done = millrace.run("sql", "select count(*) from game", check=False)
        assert done.returncode != 0 and "raise lake.cache" in done.stderr + done.stdout
        # What fits is answered.
        assert millrace.sql("select table_name from information_schema.tables where table_name = 'game'")
