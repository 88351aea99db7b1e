"""Objects that are put into a bucket become rows, each line once (SeaweedFS as the store)."""

import gzip
import json
import random
import time

import pytest

from millrace_process import MillraceProcess, wait_until
from object_store import KEYS, ObjectStore


@pytest.fixture(scope="module")
def store():
    with ObjectStore() as store:
        yield store


def lines(numbers):
    return "".join(json.dumps({"n": n}) + "\n" for n in numbers).encode()


class Bucket:
    """A bucket of its own, and the settings of a pipeline that reads it."""

    def __init__(self, store, name, pattern="in/*.jsonl", more="freshness: 200ms"):
        self.client = store.client()
        self.name = name
        self.client.create_dir(name)
        self.settings = f"""
pipelines:
  drops:
    from: {{files: "s3://{name}/{pattern}", endpoint: "{store.endpoint}", poll: 200ms}}
    into: drops
    columns: {{n: long, file: {{from: _key}}}}
    {more}
"""

    def put(self, name, content):
        with self.client.open_output_stream(f"{self.name}/{name}", compression=None) as stream:
            stream.write(content)

    def delete(self, name):
        self.client.delete_file(f"{self.name}/{name}")


def server(bucket):
    return MillraceProcess(bucket.settings, environment=KEYS)


def numbers(millrace):
    done = millrace.run("sql", "select n from drops order by n", "--json", check=False)
    return [row["n"] for row in json.loads(done.stdout)] if done.returncode == 0 else []


def landed(millrace, expected, seconds=30):
    expected = list(expected)
    try:
        wait_until(lambda: numbers(millrace) == expected, seconds, "the rows")
    except AssertionError as error:
        raise AssertionError(f"{error}: {millrace.pipelines()}\n{millrace.log_tail()}") from None


def proven(millrace):
    report = millrace.get_json("/v1/verify")
    assert report["proven"], report
    return report


def test_objects_become_rows_once(store):
    bucket = Bucket(store, "once", "in/**/*.jsonl")
    bucket.put("in/a.jsonl", lines(range(1000)))
    bucket.put("other/x.jsonl", lines(range(5)))
    with server(bucket) as millrace:
        landed(millrace, range(1000))
        bucket.put("in/day=1/b.jsonl.gz", gzip.compress(lines(range(1000, 30_000))))
        bucket.put("in/_temporary/c.jsonl", lines(range(5)))
        landed(millrace, range(30_000))
        names = millrace.sql("select file, count(*) as n from drops group by 1 order by 1")
        assert names == [{"file": "a.jsonl", "n": 1000}, {"file": "day=1/b.jsonl.gz", "n": 29_000}]
        assert proven(millrace)["files"]["drops"]["taken"] == 2
        # Put anew under the same name: not landed again, and named.
        bucket.put("in/a.jsonl", lines(range(50_000, 50_001)))
        [note] = wait_until(lambda: millrace.pipelines()[0]["files"]["changed"], 20, "the change")
        assert note["path"] == "s3://once/in/a.jsonl"
        bucket.delete("in/a.jsonl")
        bucket.put("in/z.jsonl", lines(range(30_000, 30_010)))
        landed(millrace, range(30_010))
        proven(millrace)


def test_a_store_that_goes_away_is_waited_for():
    with ObjectStore() as store:
        bucket = Bucket(store, "away")
        bucket.put("in/a.jsonl", lines(range(10)))
        with server(bucket) as millrace:
            landed(millrace, range(10))
            store.stop()
            wait_until(lambda: "does not answer" in str(millrace.pipelines()[0]["reason"]), 60, "the trouble")
            store.start()
            bucket.client = store.client()
            bucket.put("in/b.jsonl", lines(range(10, 20)))
            landed(millrace, range(20), 60)
            assert millrace.pipelines()[0]["state"] == "running"
            store.stop()
            wait_until(lambda: "does not answer" in str(millrace.pipelines()[0]["reason"]), 60, "the trouble")
            # A server is not held up by a store that is away.
            assert millrace.stop() == 0


def test_kill_9_in_the_middle(store):
    chance = random.Random(3)
    bucket = Bucket(store, "killed", more="freshness: 100ms")
    total = 0
    with server(bucket) as millrace:
        for _ in range(3):
            for _ in range(6):
                count = chance.randrange(1, 5000)
                bucket.put(f"in/{total:09}.jsonl", lines(range(total, total + count)))
                total += count
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 0.6))
            millrace.kill9()
            millrace.start()
        landed(millrace, range(total), 60)
        proven(millrace)


def test_an_object_that_is_deleted_before_it_was_landed_asks_a_person(store):
    bucket = Bucket(store, "lost", more="mode: batch")
    with server(bucket) as millrace:
        bucket.put("in/a.jsonl", lines(range(10)))
        part = json.loads(millrace.run("run", "drops", "--json").stdout)["tables"][0]
        assert part["landed"] == 10
        bucket.put("in/b.jsonl", lines(range(10, 20)))
        wait_until(lambda: millrace.pipelines()[0]["lag"] == 10, 20, "the object")
        bucket.delete("in/b.jsonl")
        done = millrace.run("run", "drops", check=False)
        assert done.returncode != 0 and "removed before they were landed" in done.stderr + done.stdout


def test_a_bucket_that_is_not_there_is_named(store):
    bucket = Bucket(store, "there")
    bucket.settings = bucket.settings.replace("s3://there/", "s3://nowhere/")
    with server(bucket) as millrace:
        wait_until(lambda: "there is no such bucket" in str(millrace.pipelines()), 30, "the trouble")
        doctor = millrace.run("doctor", check=False)
        assert doctor.returncode == 1 and "there is no such bucket" in doctor.stdout
