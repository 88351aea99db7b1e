"""land.*: topic to committed Iceberg table, the whole process from its start until the last row is committed."""

import shutil
import tempfile
import time

from process import Millrace
from produce import COUNT, fill
from report import figure

PIPELINE = "pipelines:\n  events:\n    from: events\n    into: events\n    freshness: 1s\n"


def run():
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        with Millrace(data) as millrace:
            fill(millrace)
        with Millrace(data, pipelines=PIPELINE) as millrace:
            while millrace.get_json("/v1/pipelines")["pipelines"][0]["landed"] < COUNT:
                time.sleep(0.05)
            seconds = time.perf_counter() - millrace.started
            cpu = millrace.cpu_seconds
            figure("land.rows_per_cpu_s", COUNT / cpu, "rows/CPU-s", "whole process, start to last commit, zstd")
            figure("land.rows_per_s", COUNT / seconds, "rows/s", "wall clock, process start included")
            figure("land.peak_mb", millrace.memory_mb("VmHWM"), "MB", "VmHWM of the process")
    finally:
        shutil.rmtree(data, ignore_errors=True)
