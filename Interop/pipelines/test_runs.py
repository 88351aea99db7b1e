"""Pipelines that land when they are asked: `millrace run`, backfills, watching, moving the checkpoint."""

import json
import signal
import subprocess
import time

import pytest

from millrace_process import BINARY, MillraceProcess, wait_until

BATCH = """
pipelines:
  orders:
    from: orders
    into: orders
    mode: batch
    columns: {n: long}
"""


def send(millrace, numbers, topic="orders"):
    body = b"\n".join(json.dumps({"n": n}).encode() for n in numbers)
    status, _, answer = millrace.post_event(topic, body, "application/x-ndjson")
    assert status == 200, answer


def rows(millrace, table="orders"):
    return [row["n"] for row in millrace.sql(f"select n from {table} order by n")]


def run(millrace, *arguments):
    return json.loads(millrace.run("run", "orders", "--json", *arguments).stdout)


def proven(millrace):
    report = json.loads(millrace.run("verify", "--json").stdout)
    assert report["proven"], report
    return report["receipts"]


def test_a_batch_pipeline_lands_when_it_is_run_with_and_without_a_server():
    with MillraceProcess(BATCH, partitions=2) as millrace:
        send(millrace, range(100))
        time.sleep(0.5)
        assert rows(millrace) == []
        part = run(millrace)["tables"][0]
        assert (part["state"], part["landed"], part["total"]) == ("done", 100, 100)
        assert rows(millrace) == list(range(100))
        send(millrace, range(100, 150))
        assert sum(r["pending"] for r in proven(millrace)) == 50
        [listed] = json.loads(millrace.run("pipelines", "--json").stdout)["pipelines"]
        assert (listed["landed"], listed["lag"], listed["mode"]) == (100, 50, "batch")
        assert "orders" in millrace.run("pipelines").stdout
        millrace.stop()
        assert run(millrace)["tables"][0]["landed"] == 50
        assert run(millrace)["tables"][0]["landed"] == 0
        proven(millrace)
        millrace.start()
        assert rows(millrace) == list(range(150))


def test_a_backfill_and_the_stream_meet_without_a_seam():
    stream = "pipelines: {orders: {from: orders, into: orders, columns: {n: long}, freshness: 200ms}}\n"
    with MillraceProcess(stream.replace("freshness", "start: latest, freshness")) as millrace:
        # The topic is there before the table, so that `latest` leaves these out.
        send(millrace, range(60))
        millrace.stop()
        for name in ("lake", "catalog.db"):
            subprocess.run(["rm", "-rf", str(millrace.data / name)], check=True)
        millrace.start()
        send(millrace, range(60, 90))
        wait_until(lambda: rows(millrace) == list(range(60, 90)), what="the stream")
        plan = json.loads(
            millrace.run("run", "orders", "--from", "10", "--to", "75", "--dry-run", "--json").stdout)
        assert plan["plan"][0]["ranges"] == [[10, 60]]
        assert run(millrace, "--from", "10", "--to", "75")["tables"][0]["landed"] == 50
        assert rows(millrace) == list(range(10, 90))
        receipt = proven(millrace)[0]
        assert receipt["covered"] == [[10, 90]] and receipt["skipped"] == 10
        assert run(millrace, "--from", "earliest")["tables"][0]["landed"] == 10
        assert rows(millrace) == list(range(90))
        assert proven(millrace)[0]["covered"] == [[0, 90]]


def test_a_backfill_by_time():
    with MillraceProcess(BATCH) as millrace:
        send(millrace, range(5))
        time.sleep(1.1)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        time.sleep(1.1)
        send(millrace, range(5, 9))
        assert run(millrace, "--from", moment)["tables"][0]["landed"] == 4
        assert rows(millrace) == [5, 6, 7, 8]
        assert run(millrace, "--to", moment)["tables"][0]["landed"] == 5
        assert rows(millrace) == list(range(9))
        proven(millrace)


def test_a_watching_pipeline_says_why_it_begins():
    watch = "pipelines: {orders: {from: orders, into: orders, mode: watch, columns: {n: long}, watch: {records: 20, poll: 100ms}}}\n"
    with MillraceProcess(watch) as millrace:
        send(millrace, range(19))
        time.sleep(0.6)
        assert rows(millrace) == []
        send(millrace, [19])
        wait_until(lambda: len(rows(millrace)) == 20, what="the run")
        assert "20 records wait, the limit is 20" in millrace.log_tail()


def test_moving_the_checkpoint_leaves_a_hole_that_a_backfill_lands():
    with MillraceProcess(BATCH) as millrace:
        send(millrace, range(50))
        seek = ["pipelines", "state", "seek", "orders", "--to", "30", "--json"]
        dry = json.loads(millrace.run(*seek, "--dry-run").stdout)
        assert not dry["changed"] and dry["partitions"][0]["left_out"] == 30
        assert run(millrace, "--to", "10")["tables"][0]["landed"] == 10
        moved = json.loads(millrace.run(*seek).stdout)
        assert moved["changed"] and moved["partitions"][0]["left_out"] == 20
        run(millrace)
        assert rows(millrace) == [*range(10), *range(30, 50)]
        state = json.loads(millrace.run("pipelines", "state", "show", "orders", "--json").stdout)
        assert state["partitions"][0]["covered"] == [[0, 10], [30, 50]]
        assert proven(millrace)[0]["skipped"] == 20
        back = millrace.run("pipelines", "state", "seek", "orders", "--to", "5", check=False)
        assert back.returncode == 1 and "Nothing was changed" in back.stderr
        millrace.stop()
        run(millrace, "--from", "0")
        millrace.start()
        assert rows(millrace) == list(range(50))


@pytest.mark.parametrize("where", ["server", "alone"])
def test_ctrl_c_keeps_what_was_landed(where):
    with MillraceProcess(BATCH) as millrace:
        for start in range(0, 200_000, 5_000):
            send(millrace, range(start, start + 5_000))
        if where == "alone":
            millrace.stop()
        process = subprocess.Popen(
            [BINARY, "run", "orders", "--config", str(millrace.config)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode in (0, 1), said
        if where == "alone":
            millrace.start()
        run(millrace)
        assert len(rows(millrace)) == 200_000
        proven(millrace)


def test_mistakes_are_said_clearly():
    with MillraceProcess(BATCH) as millrace:
        for arguments, code, words in [
            (["run", "nothing"], 1, "it has orders"),
            (["run"], 2, "needs PIPELINE"),
            (["run", "orders", "--from", "yesterday"], 2, "--from takes"),
            (["run", "orders", "--partition", "7"], 1, "orders/0"),
            (["run", "orders", "--table", "other"], 1, "fills orders"),
            (["pipelines", "state", "seek", "orders"], 2, "--to"),
            (["pipelines", "orders"], 2, "pipelines state"),
        ]:
            done = millrace.run(*arguments, check=False)
            assert done.returncode == code and words in done.stderr, (arguments, done.returncode, done.stderr)
