"""Receipts: hour by hour, and what they say when a table was tampered with."""

import datetime
import json

from confluent_kafka import Producer
from pyiceberg.catalog.sql import SqlCatalog

from millrace_process import MillraceProcess

PIPELINES = """
pipelines:
  game:
    from: events
    freshness: 200ms
    on_error: {policy}
    tables:
      purchases:
        where: k = 'yes'
        columns: {{k: string, n: long}}
"""
DAY = datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc)


def milliseconds(hour, minute=0):
    return int((DAY + datetime.timedelta(hours=hour, minutes=minute)).timestamp() * 1000)


def produce(millrace, records):
    """Records as (value, time in milliseconds), each its own batch."""
    producer = Producer({"bootstrap.servers": millrace.brokers, "linger.ms": 0})
    for value, timestamp in records:
        if not isinstance(value, bytes):
            value = json.dumps(value).encode()
        producer.produce("events", value, timestamp=timestamp)
        producer.flush(10)


def verify(millrace, *arguments, check=True):
    return json.loads(millrace.run("verify", "--json", *arguments, check=check).stdout)


def by_hour(report):
    return {entry["hour"]: entry for entry in report["hours"]}


def test_receipts_by_hour_add_up_with_and_without_a_server():
    with MillraceProcess(PIPELINES.format(policy="quarantine")) as millrace:
        produce(millrace, [({"k": "yes", "n": n}, milliseconds(8, n)) for n in range(5)])
        produce(millrace, [({"k": "no"}, milliseconds(9)), (b"broken", milliseconds(9, 59))])
        produce(millrace, [({"k": "yes", "n": 9}, milliseconds(8, 59)), ({"k": "yes", "n": 10}, milliseconds(24))])
        millrace.wait_until_landed()
        expected = {
            "2026-11-20T08:00:00Z": (6, 6, 0, 0), "2026-11-20T09:00:00Z": (2, 0, 1, 1),
            "2026-11-21T00:00:00Z": (1, 1, 0, 0)}

        def check(report):
            assert report["proven"] and report["hours_unproven"] == 0, report
            assert {hour: (e["acknowledged"], e["landed"], e["filtered"], e["dead_lettered"])
                    for hour, e in by_hour(report).items()} == expected
            [receipt] = report["receipts"]
            for key in ("acknowledged", "landed", "rows", "filtered", "dead_lettered"):
                assert receipt[key] == sum(e[key] for e in report["hours"]), key

        check(verify(millrace, "--hours"))
        check(millrace.get_json("/v1/verify?by=hour"))
        assert "hours" not in millrace.get_json("/v1/verify")
        part = millrace.get_json("/v1/verify?by=hour&from=2026-11-20T09:00:00Z&to=2026-11-21T00:00:00Z")
        assert [e["hour"][:13] for e in part["hours"]] == ["2026-11-20T09"] and part["hours_omitted"] == 2
        assert millrace.get("/v1/verify?by=minute")[0] == 400
        text = millrace.run("verify", "--hours", "--limit", "1", "--quiet").stdout
        assert "2026-11-21T00" in text and "2026-11-20T08" not in text
        assert "2 more hours were counted and are not shown, all proven" in text
        assert millrace.run("verify", "--limit", "1", check=False).returncode == 2
        millrace.stop()
        check(verify(millrace, "--hours"))


def test_hours_with_records_that_were_skipped_are_proven_with_their_partition():
    with MillraceProcess(PIPELINES.format(policy="skip")) as millrace:
        produce(millrace, [({"k": "yes", "n": 1}, milliseconds(8)), (b"broken", milliseconds(8)),
                           ({"k": "yes", "n": "x"}, milliseconds(10)), ({"k": "yes", "n": 2}, milliseconds(11))])
        millrace.wait_until_landed()
        report = verify(millrace, "--hours")
        assert report["proven"]
        assert [(e["discarded"], e["filtered"], e["landed"]) for e in report["hours"]] == [
            (1, 1, 1), (1, 1, 0), (0, 0, 1)]


def test_a_row_that_somebody_took_out_unproves_its_hour_alone():
    with MillraceProcess(PIPELINES.format(policy="quarantine")) as millrace:
        produce(millrace, [({"k": "yes", "n": n}, milliseconds(n)) for n in range(6)])
        millrace.wait_until_landed()
        catalog = SqlCatalog("millrace", uri=f"sqlite:///{millrace.data}/lake/catalog.db",
                             warehouse=f"file://{millrace.data}/lake")
        catalog.load_table("default.purchases").delete("n = 3")
        report = verify(millrace, "--hours", check=False)
        assert not report["proven"] and report["hours_unproven"] == 1
        wrong = [e for e in report["hours"] if not e["proven"]]
        assert [(e["hour"][:13], e["missing"]) for e in wrong] == [("2026-11-20T03", 1)]
        # The hour that does not add up is printed before later ones.
        done = millrace.run("verify", "--hours", "--limit", "1", "--quiet", check=False)
        assert done.returncode == 3
        assert "2026-11-20T03" in done.stdout and "2026-11-20T05" not in done.stdout
        assert "5 more hours were counted and are not shown, all proven" in done.stdout


def explain(millrace, place, *arguments, check=True):
    return json.loads(millrace.run("verify", place, "--json", *arguments, check=check).stdout)


def fates(millrace, place):
    [table] = explain(millrace, place, check=False)["tables"]
    return " ".join(
        f"{s['from_offset']}-{s['to_offset'] - 1}:{s['fate']}" for s in table["stretches"]), table["counts"]


def test_what_became_of_an_offset_is_told_with_its_file_or_its_reason():
    settings = PIPELINES.format(policy="quarantine") + """
  others:
    from: events
    freshness: 200ms
    into: others
    where: k = 'no'
    on_error: skip
"""
    with MillraceProcess(settings) as millrace:
        produce(millrace, [({"k": "yes", "n": 1}, milliseconds(8)), ({"k": "no"}, milliseconds(8)),
                           (b"broken", milliseconds(30)), ({"k": "yes", "n": 2}, milliseconds(30))])
        millrace.wait_until_landed()

        def check():
            row, letter = explain(millrace, "events/0@0"), explain(millrace, "events/0/2")
            purchases, others = row["tables"]
            assert (purchases["fate"], purchases["rows"]) == ("landed", 1)
            [file] = purchases["files"]
            assert "2026-11-20" in file["path"] and file["rows"] == 1 and file["committed_at"] > "2026"
            assert (others["fate"], others["pipeline"]) == ("filtered", "others")
            purchases, others = letter["tables"]
            assert (purchases["fate"], purchases["letter"]) == ("dead-letter", "events/0/2")
            assert purchases["reason"] and purchases["reason"] in purchases["detail"]
            # Which records a policy left out is found by trying them again.
            assert others["fate"] == "discarded" and others["reason"] == purchases["reason"]
            [only] = explain(millrace, "events/0@2", "--pipeline", "game")["tables"]
            assert only["table"] == "purchases"
            assert [t["fate"] for t in explain(millrace, "events/0@77")["tables"]] == ["not-written"] * 2
            game = explain(millrace, "events/0@0..", "--pipeline", "game")["tables"][0]
            assert game["counts"] == {"landed": 2, "filtered": 1, "dead-letter": 1}
            text = millrace.run("verify", "events/0@0").stdout
            assert "purchases (game): landed" in text and file["path"] in text
            text = millrace.run("verify", "events/0@0..9", "--pipeline", "game").stdout
            assert "2 landed" in text and "5 not-written" in text

        check()
        assert millrace.get_json("/v1/verify?place=events/0@0")["tables"][0]["fate"] == "landed"
        assert millrace.get("/v1/verify?place=events")[0] == 400
        assert millrace.get("/v1/verify?place=events/7@0")[0] == 404
        assert millrace.get("/v1/verify?place=nothing/0@0")[0] == 404
        assert millrace.run("verify", "events/0", check=False).returncode == 2
        value = millrace.directory / "mended.json"
        value.write_text('{"k": "yes", "n": 7}')
        millrace.run("dead-letters", "replay", "purchases", "events/0/2", "--value", str(value))
        [mended] = explain(millrace, "events/0@2", "--pipeline", "game")["tables"]
        assert mended["fate"] == "landed"
        millrace.stop()
        [row] = explain(millrace, "events/0@3", "--pipeline", "game")["tables"]
        assert row["fate"] == "landed" and "2026-11-21" in row["files"][0]["path"]


def test_skipped_pending_and_lost_offsets_are_told_apart():
    settings = PIPELINES.format(policy="quarantine").replace("freshness: 200ms", "freshness: 200ms\n    mode: batch")
    with MillraceProcess(settings) as millrace:
        def land():
            millrace.run("run", "game")

        produce(millrace, [({"k": "yes", "n": n}, milliseconds(8)) for n in range(4)])
        assert fates(millrace, "events/0@0..5")[0] == "0-3:pending 4-4:not-written"
        land()
        produce(millrace, [({"k": "yes", "n": n}, milliseconds(9)) for n in range(4, 8)])
        millrace.run("pipelines", "state", "seek", "game", "--to", "6")
        land()
        produce(millrace, [({"k": "yes", "n": 8}, milliseconds(9))])
        text, counts = fates(millrace, "events/0@0..")
        assert text == "0-3:landed 4-5:skipped 6-7:landed 8-8:pending"
        assert counts == {"landed": 6, "skipped": 2, "pending": 1}
        catalog = SqlCatalog("millrace", uri=f"sqlite:///{millrace.data}/lake/catalog.db",
                             warehouse=f"file://{millrace.data}/lake")
        catalog.load_table("default.purchases").delete("n = 1")
        assert fates(millrace, "events/0@0..4")[0] == "0-0:landed 1-1:missing 2-3:landed"
        done = millrace.run("verify", "events/0@1", check=False)
        assert done.returncode == 3 and "missing" in done.stdout


def test_an_offset_is_found_among_many_files_without_opening_them():
    with MillraceProcess(PIPELINES.format(policy="quarantine").replace("200ms", "100ms")) as millrace:
        for n in range(30):
            produce(millrace, [({"k": "yes", "n": n}, milliseconds(n))])
            millrace.wait_until_landed()
        [table] = explain(millrace, "events/0@17")["tables"]
        [file] = table["files"]
        # Every file but the one is made unreadable: only the manifests' bounds can keep it working.
        for path in (millrace.data / "lake").rglob("purchases/data/**/*.parquet"):
            if str(path) not in file["path"]:
                path.write_bytes(b"")
        [again] = explain(millrace, "events/0@17")["tables"]
        assert again["fate"] == "landed" and again["files"] == [file]
        assert len(table["files"]) == 1
