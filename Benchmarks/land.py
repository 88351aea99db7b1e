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


def land(millrace, name, note):
    """Waits for the last commit and tells what the process has used up to then."""
    while millrace.get_json("/v1/pipelines")["pipelines"][0]["landed"] < COUNT:
        time.sleep(0.05)
    seconds = time.perf_counter() - millrace.started
    cpu = millrace.cpu_seconds
    figure(f"land.{name}rows_per_cpu_s", COUNT / cpu, "rows/CPU-s", f"whole process, start to last commit, zstd{note}")
    figure(f"land.{name}rows_per_s", COUNT / seconds, "rows/s", f"wall clock, process start included{note}")
    figure(f"land.{name}peak_mb", millrace.memory_mb("VmHWM"), "MB", f"VmHWM of the process{note}")


def run():
    data = tempfile.mkdtemp(prefix="millrace-bench-")
    try:
        with Millrace(data) as millrace:
            fill(millrace)
        with Millrace(data, pipelines=PIPELINE) as millrace:
            land(millrace, "", "")
            size = sum(data_files(millrace, "events"))
            figure("land.bytes_per_row", size / COUNT, "bytes", "Parquet with zstd; 217 bytes of JSON")
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
