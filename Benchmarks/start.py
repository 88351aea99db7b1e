"""start.* and idle.*: an empty directory to /readyz, and what the process holds when nothing happens."""

import statistics
import time

from process import Millrace
from report import figure


def run():
    ready = []
    for _ in range(5):
        with Millrace() as millrace:
            ready.append(millrace.ready_seconds * 1000)
            time.sleep(2)
            resident = millrace.memory_mb("VmRSS")
    figure("start.ready_ms", statistics.median(ready), "ms", "exec to /readyz 200, median of 5")
    figure("idle.rss_mb", resident, "MB", "VmRSS two seconds after the start")
