"""land.*: topic to committed Iceberg table, the whole process from its start until the last row is committed; once from
the embedded log, once through librdkafka from the log of another process."""

import shutil
import tempfile
import time

from lake import data_files
from process import Millrace
from produce import COUNT, fill
from report import figure

PIPELINE = "pipelines:\n  events:\n    from: events\n    into: events\n    freshness: 1s\n"
TWO_PIPELINES = PIPELINE + PIPELINE.split("\n", 1)[1].replace("  events:", "  again:").replace("into: events", "into: again")
SQL_PIPELINE = """pipelines:
  shaped:
    from: events
    into: shaped
    freshness: 1s
    columns:
      event_id: string
      event_type: string
      user_id: long
      host: string
      user-agent: string
      strength: long
      price: double
      sent_at: timestamptz
    sql: >
      select * replace (upper(event_type) as event_type), price * strength as worth
      from events where strength >= 0
"""
SOURCE = "sources:\n  far:\n    kafka:\n      bootstrap.servers: {brokers}\n"
REMOTE_PIPELINE = SOURCE + PIPELINE.replace("    from:", "    source: far\n    from:")


def seconds_to_land(millrace, count):
    while sum(lane["landed"] for lane in millrace.get_json("/v1/pipelines")["pipelines"]) < count:
        time.sleep(0.02)
    return time.perf_counter() - millrace.started


def land(millrace, name, note):
    """Waits for the last commit and tells what the process has used up to then."""
    seconds = seconds_to_land(millrace, COUNT)
    cpu = millrace.cpu_seconds
    figure(f"land.{name}rows_per_cpu_s", COUNT / cpu, "rows/CPU-s", f"whole process, start to last commit, zstd{note}")
    figure(f"land.{name}rows_per_s", COUNT / seconds, "rows/s", f"wall clock, process start included{note}")
    figure(f"land.{name}peak_mb", millrace.memory_mb("VmHWM"), "MB", f"VmHWM of the process{note}")
    return seconds


def run():
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        with Millrace(data) as millrace:
            fill(millrace)
        with Millrace(data, pipelines=PIPELINE) as millrace:
            seconds = land(millrace, "", "")
            size = sum(data_files(millrace, "events"))
            figure("land.bytes_per_row", size / COUNT, "bytes", "Parquet with zstd; 217 bytes of JSON")
        shutil.rmtree(f"{data}/data/lake")
        with Millrace(data, pipelines=TWO_PIPELINES) as millrace:
            both = seconds_to_land(millrace, 2 * COUNT)
            figure("land.scaling_2_cores", 2 * seconds / both, "times", "rows/s into two tables against one")
        with Millrace(data, pipelines=SQL_PIPELINE) as millrace:
            land(millrace, "sql_", "; through a projection and a filter in SQL")
        # The same events again, from a process that only serves them.
        with Millrace(data) as remote, Millrace(pipelines=REMOTE_PIPELINE.format(brokers=remote.brokers)) as millrace:
            land(millrace, "kafka_", "; the log is another process's, whose CPU does not count")
    finally:
        shutil.rmtree(data, ignore_errors=True)
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        with Millrace(data) as millrace:
            fill(millrace, codec="gzip")
        with Millrace(data, pipelines=PIPELINE) as millrace:
            land(millrace, "gzip_", "; producers send gzip")
    finally:
        shutil.rmtree(data, ignore_errors=True)
