"""A Millrace whose tables lie in a bucket, for engines that have an environment of their own (requirements.txt)."""

import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from millrace_process import MillraceProcess  # noqa: E402
from object_store import KEYS, ObjectStore  # noqa: E402

BUCKET, EVENTS = "shop", 300
SETTINGS = """
lake:
  warehouse: s3://{bucket}/lake
stores:
  s3: {{endpoint: "{endpoint}", region: us-east-1}}
pipelines:
  events:
    from: events
    into: events
    freshness: 100ms
    columns:
      number: long
      price: "decimal(12,2)"
      text: string
      day: date
      at: timestamptz
      flag: boolean
      ratio: double
      tags: list<string>
      place: "struct<city: string, x: double>"
"""


def event(number):
    return {
        "number": number, "price": f"{number}.25", "text": f"Grüße {number}", "day": "2026-01-02",
        "at": f"2026-01-02T03:04:05.{number:06}Z", "flag": number % 2 == 0, "ratio": number / 8,
        "tags": ["a", None, "b"][:number % 4], "place": {"city": "Köln", "x": number / 2},
    }


class Bucket:
    """The store, the process, and how others reach them."""

    def __init__(self, store, millrace):
        self.store, self.millrace = store, millrace
        self.catalog = f"{millrace.url}/iceberg"
        self.bucket, self.keys, self.events = BUCKET, KEYS, EVENTS

    def pyiceberg(self):
        from pyiceberg.catalog import load_catalog

        return load_catalog("millrace", type="rest", uri=self.catalog, **{
            "s3.access-key-id": KEYS["AWS_ACCESS_KEY_ID"], "s3.secret-access-key": KEYS["AWS_SECRET_ACCESS_KEY"]})


@pytest.fixture(scope="session")
def bucket():
    with ObjectStore() as store:
        store.client().create_dir(BUCKET)
        settings = SETTINGS.format(bucket=BUCKET, endpoint=store.endpoint)
        with MillraceProcess(settings, environment=KEYS) as millrace:
            for begin in range(0, EVENTS, 100):
                body = "\n".join(json.dumps(event(n)) for n in range(begin, begin + 100))
                assert millrace.post_event("events", body.encode(), "application/x-ndjson")[0] < 300
                millrace.wait_until_landed()
            yield Bucket(store, millrace)
