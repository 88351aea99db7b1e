"""commit.*: how long a commit takes that goes through the REST catalog of a running server: metadata are written, synced, and
the catalog's pointer is moved durably."""

import http.client
import json
import time

from process import Millrace
from report import figure

COMMITS = 500
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "a", "required": False, "type": "long"}]}


def run():
    with Millrace() as millrace:
        connection = http.client.HTTPConnection("127.0.0.1", millrace.http)

        def post(path, body):
            connection.request("POST", f"/iceberg/v1/{path}", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise SystemExit(f"{path} answered {answer.status}: {text[:300]}")

        post("namespaces", {"namespace": ["bench"]})
        post("namespaces/bench/tables", {"name": "t", "schema": SCHEMA})
        took = []
        for number in range(COMMITS):
            started = time.perf_counter()
            post("namespaces/bench/tables/t", {
                "requirements": [], "updates": [{"action": "set-properties", "updates": {"number": str(number)}}],
            })
            took.append((time.perf_counter() - started) * 1000)
        took.sort()
        note = f"{COMMITS} commits of a property, one after the other, over HTTP"
        figure("commit.rest_p50_ms", took[len(took) // 2], "ms", note)
        figure("commit.rest_p99_ms", took[len(took) * 99 // 100], "ms", note)
