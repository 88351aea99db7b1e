"""Checkpoints that go back: what was landed from there on is taken out and landed anew, once."""

import json
import subprocess
import threading
import time

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from millrace_process import BINARY, MillraceProcess, wait_until

BATCH = """
pipelines:
  orders:
    from: orders
    into: orders
    mode: batch
    where: n >= 0
    columns: {n: long}
"""
STREAM = BATCH.replace("mode: batch", "freshness: 200ms")


def send(millrace, numbers):
    body = b"\n".join(json.dumps({"n": n}).encode() for n in numbers)
    status, _, answer = millrace.post_event("orders", body, "application/x-ndjson")
    assert status == 200, answer


def rows(millrace):
    return [row["n"] for row in millrace.sql("select n from orders order by n")]


def state(millrace, verb, *arguments, check=True):
    done = millrace.run("pipelines", "state", verb, "orders", "--json", *arguments, check=check)
    return json.loads(done.stdout)


def proven(millrace):
    report = json.loads(millrace.run("verify", "--json", "--hours").stdout)
    assert report["proven"], report
    return report["receipts"]


def land(millrace):
    return json.loads(millrace.run("run", "orders", "--json").stdout)["tables"][0]


def test_reset_takes_out_what_it_says_and_lands_it_anew_with_and_without_a_server():
    with MillraceProcess(BATCH) as millrace:
        for start in range(0, 90, 30):
            send(millrace, range(start, start + 30))
            land(millrace)
        send(millrace, [-1])
        land(millrace)

        def back_to_45():
            plan = state(millrace, "reset", "--to", "45", "--dry-run")
            assert not plan["changed"]
            assert plan["tables"] == [
                {"table": "orders", "rows": 45, "letters": 0, "files_dropped": 1, "files_rewritten": 1}]
            [move] = plan["partitions"]
            assert (move["next"], move["target"], move["landed_anew"]) == (91, 45, 46)
            assert len(rows(millrace)) == 90
            # Nobody said yes.
            done = millrace.run("pipelines", "state", "reset", "orders", "--to", "45", check=False)
            assert done.returncode == 1 and "Nothing was changed" in done.stderr
            assert "45 rows and 0 dead letters would go: 1 files whole, 1 written anew" in done.stdout
            assert len(rows(millrace)) == 90
            assert state(millrace, "reset", "--to", "45", "--yes")["changed"]
            assert rows(millrace) == list(range(45))
            [receipt] = proven(millrace)
            assert (receipt["landed"], receipt["pending"]) == (45, 46)
            part = land(millrace)
            assert (part["landed"], part["filtered"]) == (45, 1)
            assert rows(millrace) == list(range(90))
            [listed] = state(millrace, "show")["partitions"]
            assert (listed["landed"], listed["filtered"], listed["next"]) == (90, 1, 91)
            proven(millrace)

        back_to_45()
        millrace.stop()
        # The files are others now: 0..30, 30..45, 45..90 and the rest.
        plan = state(millrace, "reset", "--dry-run")
        assert plan["tables"][0]["rows"] == 90 and plan["tables"][0]["files_rewritten"] == 0
        state(millrace, "reset", "--yes")
        assert land(millrace)["landed"] == 90
        proven(millrace)
        millrace.start()
        assert rows(millrace) == list(range(90))


def test_seek_goes_both_ways_and_http_wants_a_yes():
    with MillraceProcess(STREAM) as millrace:
        send(millrace, range(40))
        millrace.wait_until_landed()

        def post(verb, query, body=None):
            status, _, answer = millrace.request(
                "POST", f"/v1/pipelines/orders/{verb}{query}", json.dumps(body or {}).encode(),
                {"Content-Type": "application/json"}, timeout=60)
            return status, json.loads(answer)

        status, answer = post("seek", "", {"to": 10})
        assert status == 409 and "30 rows" in answer["detail"], answer
        status, answer = post("reset", "?dry_run=true", {"to": 10})
        assert status == 200 and answer["tables"][0]["rows"] == 30 and not answer["changed"]
        status, answer = post("reset", "", {"to": 40})
        assert status == 200 and answer["partitions"] == []
        assert post("reset", "", {"partition": 9})[0] == 404
        assert rows(millrace) == list(range(40))
        status, answer = post("seek", "?yes=true", {"to": 10})
        assert status == 200 and answer["changed"], answer
        # A streaming pipeline lands them at once.
        wait_until(lambda: rows(millrace) == list(range(40)), what="landing anew")
        millrace.wait_until_landed()
        proven(millrace)


def test_dead_letters_go_with_their_range_and_mended_ones_stay():
    with MillraceProcess(BATCH) as millrace:
        send(millrace, [0, 1])
        produce(millrace, [b"broken", b"torn", b'{"n": 40}'])
        land(millrace)
        before = rows(millrace)
        letters = [row["o"] for row in millrace.sql(
            "select _log.offset as o from orders__dead_letters order by 1")]
        assert len(letters) == 2
        value = millrace.directory / "mended.json"
        value.write_text('{"n": 1000}')
        millrace.run("dead-letters", "replay", "orders", f"orders/0/{letters[0]}", "--value", str(value))
        assert rows(millrace) == before + [1000]
        done = millrace.run("pipelines", "state", "reset", "orders", "--yes").stdout
        assert "1 mended dead letters stay as they are" in done
        assert rows(millrace) == [1000]
        assert millrace.sql("select * from orders__dead_letters") == []
        proven(millrace)
        part = land(millrace)
        assert (part["landed"], part["dead_lettered"]) == (len(before), 1)
        assert rows(millrace) == before + [1000]
        proven(millrace)
        [table] = json.loads(
            millrace.run("verify", f"orders/0@{letters[0]}", "--json").stdout)["tables"]
        assert table["fate"] == "landed" and table["mended"]


def produce(millrace, values):
    from confluent_kafka import Producer
    producer = Producer({"bootstrap.servers": millrace.brokers})
    for value in values:
        producer.produce("orders", value)
    producer.flush(10)


def test_rows_that_another_engine_compacted_are_found_and_go():
    with MillraceProcess(BATCH) as millrace:
        for start in range(0, 40, 10):
            send(millrace, range(start, start + 10))
            land(millrace)
        catalog = SqlCatalog("millrace", uri=f"sqlite:///{millrace.data}/lake/catalog.db",
                             warehouse=f"file://{millrace.data}/lake")
        table = catalog.load_table("default.orders")
        table.overwrite(table.scan().to_arrow())
        assert len(list(catalog.load_table("default.orders").scan().plan_files())) == 1
        plan = state(millrace, "reset", "--to", "25", "--dry-run")
        assert plan["tables"][0] == {
            "table": "orders", "rows": 15, "letters": 0, "files_dropped": 0, "files_rewritten": 1}
        state(millrace, "reset", "--to", "25", "--yes")
        assert rows(millrace) == list(range(25))
        land(millrace)
        assert rows(millrace) == list(range(40))
        proven(millrace)


def test_rows_of_files_that_are_gone_stay():
    settings = """
pipelines:
  orders:
    from: {files: "inbox/*.jsonl", settle: 300ms, poll: 100ms}
    into: orders
    freshness: 200ms
    columns: {n: long}
"""
    millrace = MillraceProcess(settings)
    inbox = millrace.directory / "inbox"
    inbox.mkdir()
    with millrace:
        for name, numbers in (("a", range(20)), ("b", range(20, 50))):
            (inbox / f"{name}.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in numbers))
            wait_until(lambda: len(rows(millrace)) == numbers.stop, what="the file")
        millrace.wait_until_landed()
        assert state(millrace, "reset", "--yes")["tables"][0]["rows"] == 50
        wait_until(lambda: rows(millrace) == list(range(50)), what="landing anew")
        millrace.wait_until_landed()
        (inbox / "a.jsonl").unlink()
        time.sleep(1)
        done = millrace.run("pipelines", "state", "reset", "orders", "--to", "0", "--yes", check=False)
        assert done.returncode != 0, done.stdout
        assert rows(millrace) == list(range(50))
        state(millrace, "reset", "--to", "20", "--yes")
        wait_until(lambda: rows(millrace) == list(range(50)), what="landing the file that is there")
        assert [p["state"] for p in millrace.pipelines()] == ["running"]


@pytest.mark.parametrize("seed", range(4))
def test_a_process_killed_at_a_random_moment_of_a_reset_has_done_all_of_it_or_nothing(seed):
    with MillraceProcess(STREAM) as millrace:
        for start in range(0, 2000, 250):
            send(millrace, range(start, start + 250))
            millrace.wait_until_landed()

        def reset():
            subprocess.run(
                [BINARY, "pipelines", "state", "reset", "orders", "--to", "333", "--yes", "--config",
                 str(millrace.config)], capture_output=True, timeout=60)

        thread = threading.Thread(target=reset)
        thread.start()
        time.sleep(0.05 + 0.12 * seed)
        millrace.kill9()
        thread.join()
        millrace.start()
        wait_until(lambda: len(rows(millrace)) == 2000, what="landing anew")
        assert rows(millrace) == list(range(2000))
        millrace.wait_until_landed()
        proven(millrace)
        # And again, undisturbed.
        assert state(millrace, "reset", "--yes")["changed"]
        wait_until(lambda: rows(millrace) == list(range(2000)), what="landing anew")
        millrace.wait_until_landed()
        proven(millrace)
