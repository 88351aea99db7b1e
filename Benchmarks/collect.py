"""collect.*: HTTP events with wrk, each answered after the fsync."""

import re
import subprocess
import tempfile

from events import events
from process import Millrace
from report import figure

SCRIPT = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "%s"\nwrk.body = [==[%s]==]\n'


def load(millrace, content_type, body, seconds=5):
    """Requests per second that wrk reports; fails when any answer was not a 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (content_type, body))
        script.flush()
        output = subprocess.run(
            ["wrk", "-t1", "-c64", f"-d{seconds}s", "-s", script.name,
             f"http://127.0.0.1:{millrace.http}/v1/events/events"],
            capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output:
        raise SystemExit(output)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def run():
    batch = [event.decode() for event in events(100)]
    with Millrace() as millrace:
        figure("collect.requests_per_s", load(millrace, "application/json", batch[0]),
               "requests/s", "single events, wrk -c64, durable")
        rate = load(millrace, "application/x-ndjson", "\n".join(batch))
        figure("collect.events_per_s", rate * 100, "events/s", "100-event NDJSON bodies, wrk -c64, durable")
