"""Dead letters, looked at, mended and landed again: through the running server, without one, and through kill -9."""

import json
import os
import random
import subprocess
import threading
import time

import pytest
from confluent_kafka import Producer

import lake_reader
from millrace_process import BINARY, MillraceProcess, wait_until

OLD = 1_600_000_000_000  # 2020-09-13

PLAIN = """
pipelines:
  game:
    from: events
    freshness: 100ms
    tables:
      purchases:
        where: price >= 0 or price is null
"""

# The field that came as text in some records has a column of its own.
MENDED = PLAIN + """
        columns:
          number_text: {from: number, type: string}
"""


def produce(process, values, timestamp=OLD, key=b"k", headers=(("trace", b"t-1"),)):
    producer = Producer({"bootstrap.servers": process.brokers})
    for value in values:
        producer.produce("events", value, key=key, headers=list(headers), timestamp=timestamp)
    assert producer.flush(30) == 0
    process.wait_until_landed()


def letters(process):
    return process.sql('select _log.offset as o, reason, value::varchar as value from "purchases__dead_letters" order by o')


def offsets(process, table="purchases"):
    return [row["o"] for row in process.sql(f'select _log.offset as o from "{table}" order by o')]


def is_proven(process):
    return json.loads(process.run("verify", "--json").stdout)["proven"]


def reconfigure(process, old, new):
    process.config.write_text(process.config.read_text().replace(old, new))


BAD = [b'{"number": 1, "price": 5}', b"no JSON", b'{"number": "two"}', None, b'{"number": 5}']


@pytest.fixture()
def millrace():
    with MillraceProcess(PLAIN) as process:
        produce(process, BAD)
        yield process


@pytest.fixture(params=["server", "files"])
def either(request, millrace):
    """A running server, or the files of one that has stopped."""
    if request.param == "files":
        millrace.stop()
    yield millrace


def test_list_and_show(either):
    report = json.loads(either.run("dead-letters", "list", "--json").stdout)
    assert report["count"] == 3
    assert {(c["reason"], c["field"], c["count"]) for c in report["counts"]} == {
        ("not-an-object", None, 1), ("wrong-type", "number", 1), ("tombstone", None, 1)}
    assert [letter["place"] for letter in report["letters"]] == ["events/0/1", "events/0/2", "events/0/3"]
    assert report["letters"][0]["time"].startswith("2020-09-13T")
    assert "wrong-type" in either.run("dead-letters", "list", "game").stdout
    few = json.loads(either.run("dead-letters", "list", "purchases", "--reason", "tombstone", "--limit", "1", "--json").stdout)
    assert few["count"] == 1 and [letter["place"] for letter in few["letters"]] == ["events/0/3"]
    assert either.run("dead-letters", "list", "nobody", check=False).returncode != 0

    letter = json.loads(either.run("dead-letters", "show", "purchases", "events/0/2", "--json").stdout)
    assert (letter["key"], letter["value"], letter["field"]) == ("k", '{"number": "two"}', "number")
    assert letter["headers"] == [{"key": "trace", "value": "t-1"}]
    shown = either.run("dead-letters", "show", "purchases", "events/0/2").stdout
    assert '{"number": "two"}' in shown and "trace: t-1" in shown
    assert either.run("dead-letters", "show", "purchases", "events/0/0", check=False).returncode == 1
    assert either.run("dead-letters", "show", "purchases", "nonsense", check=False).returncode == 2


def test_what_still_fails_stays(either):
    before = letters(either)
    done = either.run("dead-letters", "replay", "purchases", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 5
    assert (report["asked"], report["landed"], report["failed"]) == (3, 0, 3)
    assert {f["reason"] for f in report["failures"]} == {"not-an-object", "wrong-type", "tombstone"}
    assert letters(either) == before
    assert is_proven(either)


def test_a_mended_value_lands_once_at_its_place_and_in_its_day(either, tmp_path):
    value = tmp_path / "value.json"
    value.write_bytes(b'{"number": 2, "colour": "red"}')
    replay = ["dead-letters", "replay", "purchases", "events/0/2", "--value", str(value)]
    dry = json.loads(either.run(*replay, "--dry-run", "--json").stdout)
    assert (dry["landed"], dry["dry_run"]) == (1, True)
    assert offsets(either) == [0, 4]
    assert either.run(*replay).stdout == "1 landed\n"
    assert offsets(either) == [0, 2, 4]
    assert [letter["o"] for letter in letters(either)] == [1, 3]
    [row] = either.sql("select number, colour, _log.timestamp::varchar as t from purchases where _log.offset = 2")
    assert (row["number"], row["colour"], row["t"][:10]) == (2, "red", "2020-09-13")
    files = list((either.data / "lake/default/purchases/data").rglob("*.parquet"))
    assert files and all(file.parent.name.endswith("=2020-09-13") for file in files)
    assert is_proven(either)
    # Again: it is no dead letter any more, and nothing is doubled.
    again = either.run(*replay, "--json", check=False)
    assert again.returncode == 5 and json.loads(again.stdout)["gone"] == 1
    assert offsets(either) == [0, 2, 4] and is_proven(either)


def test_after_a_mended_configuration_letters_land_as_they_are(millrace):
    millrace.stop()
    reconfigure(millrace, PLAIN, MENDED)
    millrace.start()
    done = millrace.run("dead-letters", "replay", "purchases", "--where", "field = 'number' -- these", "--json")
    assert json.loads(done.stdout)["landed"] == 1
    assert millrace.sql("select number_text from purchases where _log.offset = 2") == [{"number_text": "two"}]
    assert [letter["o"] for letter in letters(millrace)] == [1, 3]
    assert is_proven(millrace)
    assert millrace.run("dead-letters", "replay", "purchases", "--where", "no such column", check=False).returncode == 1


def test_what_where_leaves_out_counts_as_filtered(either, tmp_path):
    value = tmp_path / "value.json"
    value.write_bytes(b'{"number": 7, "price": -1}')
    done = either.run("dead-letters", "replay", "purchases", "events/0/1", "--value", str(value), "--json")
    assert json.loads(done.stdout)["filtered"] == 1
    assert offsets(either) == [0, 4] and [letter["o"] for letter in letters(either)] == [2, 3]
    assert is_proven(either)


def test_edit(either):
    command = [BINARY, "dead-letters", "edit", "purchases", "events/0/2", "--config", str(either.config)]

    def edit(editor):
        return subprocess.run(
            command, env={**os.environ, "EDITOR": editor, "VISUAL": ""}, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    # The quotes stay: still wrong, and nobody is there to try again.
    failed = edit("sed -i s/two/22/")
    assert failed.returncode == 5 and "wrong-type" in failed.stderr
    unchanged = edit("true")
    assert unchanged.returncode == 0 and "not changed" in unchanged.stdout
    assert edit("false").returncode == 1
    assert offsets(either) == [0, 4]
    done = edit("""sed -i 's/"two"/22/'""")
    assert done.returncode == 0 and "1 landed" in done.stdout, done.stderr
    assert either.sql("select number from purchases where _log.offset = 2") == [{"number": 22}]
    assert is_proven(either)


def test_other_engines_read_the_tables_afterwards(millrace, tmp_path):
    value = tmp_path / "value.json"
    value.write_bytes(b'{"number": 2}')
    millrace.run("dead-letters", "replay", "purchases", "events/0/2", "--value", str(value))
    lake = millrace.data / "lake"
    catalog = lake_reader.catalog(lake / "catalog.db", f"file://{lake}")
    connection = lake_reader.duckdb_connection()
    for table, column, expected in (("purchases", "number", [0, 2, 4]), ("purchases__dead_letters", "reason", [1, 3])):
        rows = lake_reader.check_table(catalog, connection, f"default.{table}", [column])
        assert [row[1] for row in rows] == expected
    summary = catalog.load_table("default.purchases__dead_letters").current_snapshot().summary
    assert summary.operation.value == "overwrite"
    assert (summary["deleted-records"], summary["added-records"], summary["total-records"]) == ("3", "2", "2")


def test_the_http_side_says_what_is_wrong(millrace):
    def problem(method, path, body=None):
        status, _, answer = millrace.request(method, path, body, {"Content-Type": "application/json"})
        return status, json.loads(answer)

    replay = "/v1/dead-letters/purchases/replay"
    for body, word in (
        (b'{"places": ["events/0"]}', "places"), (b'{"value": "x"}', "exactly one"), (b'{"valeu": "x"}', "valeu"),
        (b'{"places": ["events/0/1"], "value_hex": "0"}', "hexadecimal"), (b'{"where": "nonsense ("}', ""), (b"[]", ""),
    ):
        status, answer = problem("POST", replay, body)
        assert status == 400 and word in answer["detail"], answer
    assert problem("POST", "/v1/dead-letters/nobody/replay", b"{}")[0] == 404
    assert problem("GET", "/v1/dead-letters/purchases/events/0/x")[0] == 400
    assert problem("GET", "/v1/dead-letters/purchases/events/0/99")[0] == 404
    assert problem("GET", "/v1/dead-letters?limit=x")[0] == 400
    status, answer = problem("POST", replay, b'{"places": ["events/0/2"], "value_hex": "7b7d", "dry_run": true}')
    assert status == 200 and answer["landed"] == 1 and answer["next"] is None


def test_letters_of_several_topics_are_told_apart(tmp_path):
    both = """
pipelines:
  all:
    from: [left, right]
    into: sides
    freshness: 100ms
"""
    with MillraceProcess(both) as process:
        for topic in ("left", "right"):
            producer = Producer({"bootstrap.servers": process.brokers})
            producer.produce(topic, b"broken in " + topic.encode())
            assert producer.flush(30) == 0
        process.wait_until_landed()
        value = tmp_path / "value"
        value.write_bytes(b'{"a": 1}')
        process.run("dead-letters", "replay", "sides", "right/0/0", "--value", str(value))
        assert process.sql("select a, _log.topic as topic from sides") == [{"a": 1, "topic": "right"}]
        report = json.loads(process.run("dead-letters", "list", "--json").stdout)
        assert [letter["place"] for letter in report["letters"]] == ["left/0/0"]
        assert json.loads(process.run("dead-letters", "show", "sides", "left/0/0", "--json").stdout)["value"] == "broken in left"
        assert is_proven(process)


ROUNDS = int(os.environ.get("MILLRACE_REPLAY_ROUNDS", "8"))


def test_kill_9_in_the_middle_of_a_replay():
    """Each letter is landed or still a letter, whatever the moment; in the end all are landed, once."""
    chance = random.Random(int(os.environ.get("MILLRACE_CRASH_SEED", "20261121")))
    count = 600
    # A merge that is killed leaves a file of its own behind.
    with MillraceProcess(PLAIN, environment={"MILLRACE_LAKE_UPKEEP": "false"}) as process:
        values = [b'{"number": 1}'] + [b'{"number": "n%d"}' % n for n in range(count)]
        produce(process, values)
        assert len(letters(process)) == count
        process.stop()
        reconfigure(process, PLAIN, MENDED)
        process.start()
        landed_in_the_middle = 0
        for _ in range(ROUNDS):
            def replay():
                for letter in chosen:
                    body = json.dumps({"places": [f"events/0/{letter}"]}).encode()
                    try:
                        process.request("POST", "/v1/dead-letters/purchases/replay", body, timeout=30)
                    except OSError:
                        return

            left = [letter["o"] for letter in letters(process)]
            chosen = chance.sample(left, min(25, len(left)))
            thread = threading.Thread(target=replay)
            thread.start()
            time.sleep(chance.uniform(0.0, 0.8))
            process.kill9()
            thread.join()
            process.start()
            rows, rest = offsets(process), [letter["o"] for letter in letters(process)]
            assert sorted(rows + rest) == list(range(count + 1)), "a record is there twice or not at all"
            landed_in_the_middle += len(left) - len(rest)
            assert is_proven(process)
        assert landed_in_the_middle > 0, "every kill came before the first commit: nothing was tested"
        process.run("dead-letters", "replay", "purchases")
        assert offsets(process) == list(range(count + 1)) and letters(process) == []
        # What the kills left behind is gone: every file on the disk is in some snapshot.
        lake = process.data / "lake"
        catalog = lake_reader.catalog(lake / "catalog.db", f"file://{lake}")
        for name in ("purchases", "purchases__dead_letters"):
            table = catalog.load_table(f"default.{name}")
            known = {entry.data_file.file_path for snapshot in table.snapshots()
                     for manifest in snapshot.manifests(table.io)
                     for entry in manifest.fetch_manifest_entry(table.io)}
            found = {f"file://{file}" for file in (lake / "default" / name / "data").rglob("*.parquet")}
            assert found <= known, found - known
        assert is_proven(process)
        process.post_event("events", b'{"number": 9}')
        process.wait_until_landed()
        assert wait_until(lambda: len(offsets(process)) == count + 2)
