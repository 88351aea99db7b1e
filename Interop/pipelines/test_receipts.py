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
