"""Spark tends tables that a pipeline is landing into meanwhile: nothing is lost, nothing is there twice."""

import datetime
import json
import os
import threading
import time

from millrace_process import MillraceProcess, wait_until
from spark_session import agreed, attach, tuples

PIPELINE = """
lake:
  upkeep: false
pipelines:
  events:
    from: events
    freshness: 500ms
    tables:
      events:
        columns: {number: long, text: string}
"""
BATCH = 20


class Feed:
    """Posts numbers from 0 on until it is told to stop; every fiftieth cannot be a row."""

    def __init__(self, millrace):
        self.millrace = millrace
        self.count = 0
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.stopping.wait(0.03):
                body = "\n".join(json.dumps({
                    "number": "none" if number % 50 == 0 else number, "text": f"event {number}",
                }) for number in range(self.count, self.count + BATCH))
                assert self.millrace.post_event("events", body.encode(), "application/x-ndjson")[0] < 300
                self.count += BATCH
        except BaseException as error:  # noqa: BLE001: told to the test's own thread
            self.failure = error

    def wait_for(self, count):
        """Until so many were posted, and some of them are landed."""
        def is_so_far():
            assert self.failure is None, self.failure
            return self.count >= count and all(p["landed"] > 0 for p in self.millrace.pipelines())
        wait_until(is_so_far, 60, f"{count} events")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


# Two commits met; the last is rewrite_manifests, some of whose manifests the pipeline has merged meanwhile.
CONFLICTS = ("CommitFailed", "Cannot commit", "could not be found in the latest snapshot")


def committed(spark, statement, attempts=60):
    """Runs a procedure until no commit of the pipeline came in between."""
    for _ in range(attempts):
        try:
            return spark.sql(statement).collect()
        except Exception as error:
            if not any(words in str(error) for words in CONFLICTS):
                raise
    raise AssertionError(f"{statement}: somebody else committed {attempts} times")


def test_spark_tends_a_table_while_it_is_landed(spark):
    with MillraceProcess(PIPELINE, partitions=2) as millrace:
        lake = attach(spark, millrace)
        table = f"{lake}.default.events"
        with Feed(millrace) as feed:
            feed.wait_for(500)
            done = {"files": 0, "snapshots": 0, "manifests": 0}
            for _ in range(2):
                spark.sql(f"alter table {table} set tblproperties ('commit.retry.num-retries' = '50', "
                          "'commit.retry.min-wait-ms' = '5', 'commit.retry.max-wait-ms' = '50')")
                [merged] = committed(spark, f"call {lake}.system.rewrite_data_files(table => 'default.events', "
                                            "options => map('min-input-files', '2', 'partial-progress.enabled', 'false'))")
                done["files"] += merged.rewritten_data_files_count
                [manifests] = committed(spark, f"call {lake}.system.rewrite_manifests('default.events')")
                done["manifests"] += manifests.rewritten_manifests_count
                [expired] = committed(
                    spark, f"call {lake}.system.expire_snapshots(table => 'default.events', retain_last => 2, "
                           f"older_than => timestamp'{datetime.datetime.now():%F %T.%f}')")
                done["snapshots"] += expired.deleted_manifest_lists_count
                # What is being landed is younger than what may be removed (a day, at least, says Iceberg).
                committed(spark, f"call {lake}.system.remove_orphan_files(table => 'default.events')")
                committed(spark, f"call {lake}.system.compute_table_stats(table => 'default.events')")
        assert feed.failure is None, feed.failure
        assert all(count > 0 for count in done.values()), done
        millrace.wait_until_landed()
        good = [(n,) for n in range(feed.count) if n % 50 != 0]
        assert agreed(spark, lake, millrace, "events", "number", "number") == good
        assert tuples(spark.sql(f"select count(*) from {lake}.default.events__dead_letters")) == [(-(-feed.count // 50),)]
        assert json.loads(millrace.run("verify", "--json").stdout)["proven"]
        # After a restart the pipeline goes on where it was.
        millrace.restart()
        millrace.post_event("events", {"number": feed.count + 1, "text": "one more"})
        millrace.wait_until_landed()
        assert agreed(spark, attach(spark, millrace), millrace, "events", "number", "number") == [
            *good, (feed.count + 1,)]
        assert json.loads(millrace.run("verify", "--json").stdout)["proven"]


def test_orphans_are_removed_and_the_table_is_whole(spark):
    with MillraceProcess(PIPELINE) as millrace:
        lake = attach(spark, millrace)
        for number in range(1, 30):
            millrace.post_event("events", {"number": number, "text": "x"})
        millrace.wait_until_landed()
        data = millrace.data / "lake/default/events/data"
        orphan = data / "of-nobody.parquet"
        orphan.write_bytes(next(data.rglob("*.parquet")).read_bytes())
        ago = time.time() - 10 * 86400
        os.utime(orphan, (ago, ago))
        removed = tuples(spark.sql(f"call {lake}.system.remove_orphan_files(table => 'default.events')"))
        assert [path.removeprefix("file:").lstrip("/") for (path,) in removed] == [str(orphan).lstrip("/")]
        assert not orphan.exists()
        assert len(agreed(spark, lake, millrace, "events", "number")) == 29
        assert json.loads(millrace.run("verify", "--json").stdout)["proven"]


def test_millrace_and_spark_tend_by_turns(spark):
    with MillraceProcess(PIPELINE.replace("upkeep: false", "upkeep_interval: 300ms")) as millrace:
        lake = attach(spark, millrace)
        with Feed(millrace) as feed:
            feed.wait_for(300)
            for _ in range(2):
                committed(spark, f"call {lake}.system.rewrite_data_files(table => 'default.events', "
                                 "options => map('min-input-files', '2'))")
        assert feed.failure is None, feed.failure
        millrace.wait_until_landed()
        good = [(n,) for n in range(feed.count) if n % 50 != 0]
        assert agreed(spark, lake, millrace, "events", "number", "number") == good
        assert json.loads(millrace.run("verify", "--json").stdout)["proven"]
