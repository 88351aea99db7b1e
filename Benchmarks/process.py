"""A Millrace process under measurement: started on free loopback ports, watched through /proc, stopped by its id."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("MILLRACE_BINARY", str(ROOT / ".build/release/millrace"))
TICKS = os.sysconf("SC_CLK_TCK")


def free_ports():
    """Two different ones: both are held until both are known."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


class Millrace:
    """`with Millrace(pipelines=…) as millrace:` runs one; `keep` a data directory to run on the same data again."""

    def __init__(self, data=None, pipelines="", extra=""):
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="millrace-bench-")
        self.kafka, self.http = free_ports()
        self.config = os.path.join(self.data, f"bench-{self.http}.yaml")
        pathlib.Path(self.config).write_text(
            f"data: {self.data}/data\n"
            f"log:\n  listen: 127.0.0.1:{self.kafka}\n  default_partitions: 4\n"
            f"http:\n  listen: 127.0.0.1:{self.http}\n{extra}{pipelines}"
        )
        self.process = None

    def __enter__(self):
        self.started = time.perf_counter()
        self.log = open(os.path.join(self.data, "stderr.log"), "ab")
        self.process = subprocess.Popen([BINARY, "up", "--config", self.config], stderr=self.log)
        while True:
            try:
                self.get("/readyz")
                break
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"millrace ended with {self.process.returncode}: {self.data}/stderr.log")
                time.sleep(0.002)
        self.ready_seconds = time.perf_counter() - self.started
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=30) as answer:
            return answer.read()

    def get_json(self, path):
        return json.loads(self.get(path))

    @property
    def brokers(self):
        return f"127.0.0.1:{self.kafka}"

    @property
    def cpu_seconds(self):
        """User and system time of the process so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, key):
        """`VmRSS` (now) or `VmHWM` (peak), in MB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1000
        raise KeyError(key)
