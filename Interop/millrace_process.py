"""A real Millrace process for tests: its own data directory, free loopback ports, stopped by its process id."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("MILLRACE_BINARY", str(ROOT / ".build/release/millrace"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=30, what="the condition"):
    """Polls until `condition()` is true and returns what it gave; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


class MillraceProcess:
    """`with MillraceProcess() as millrace:` starts one and stops it; `kill9` and `start` restart it on the same data.

    `settings` is YAML that is appended to the configuration (pipelines, for instance); `data` names a directory to use
    instead of a new one that is removed at the end.
    """

    def __init__(self, settings="", data=None, partitions=1, environment=None):
        self.own_directory = data is None
        self.directory = pathlib.Path(data or tempfile.mkdtemp(prefix="millrace-test-"))
        self.data = self.directory / "data"
        self.kafka_port, self.http_port = free_port(), free_port()
        self.config = self.directory / "millrace.yaml"
        self.stderr = self.directory / "stderr.log"
        self.environment = environment or {}
        self.config.write_text(
            f"data: {self.data}\n"
            f"log:\n  listen: 127.0.0.1:{self.kafka_port}\n  default_partitions: {partitions}\n"
            f"http:\n  listen: 127.0.0.1:{self.http_port}\n{settings}"
        )
        self.process = None

    # Life

    def start(self, seconds=30):
        assert self.process is None, "it is running already"
        log = open(self.stderr, "ab")
        self.process = subprocess.Popen(
            [BINARY, "up", "--config", str(self.config)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment})
        log.close()
        wait_until(self.is_ready, seconds, "/readyz")
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"millrace ended with {self.process.returncode}:\n{self.log_tail()}"
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def stop(self, seconds=15):
        """Asks it to stop (SIGTERM) and returns its exit code."""
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"millrace did not stop within {seconds} s:\n{self.log_tail()}") from None

    def kill9(self):
        """Ends it as a power cut would, but for the page cache."""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.stop()
        if self.own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def log_tail(self, lines=40):
        return "\n".join(self.stderr.read_text(errors="replace").splitlines()[-lines:])

    # Talk

    @property
    def brokers(self):
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http_port}"

    def request(self, method, path, body=None, headers=None, timeout=30):
        """One HTTP exchange: status, headers, body."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read()

    def get(self, path, timeout=30):
        status, _, body = self.request("GET", path, timeout=timeout)
        return status, body

    def get_json(self, path, timeout=60):
        status, body = self.get(path, timeout)
        assert status == 200, f"{path} answered {status}: {body[:500]}"
        return json.loads(body)

    def post_event(self, topic, body, content_type="application/json", query="", headers=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.request(
            "POST", f"/v1/events/{topic}{query}", body, {"Content-Type": content_type, **(headers or {})})

    def run(self, *arguments, check=True, stdin=None):
        """Runs the command line on the same configuration."""
        done = subprocess.run(
            [BINARY, *arguments, "--config", str(self.config)], capture_output=True, text=True, input=stdin,
            timeout=300, env={**os.environ, **self.environment})
        assert not check or done.returncode == 0, f"{arguments} gave {done.returncode}: {done.stderr}{done.stdout}"
        return done

    def sql(self, statement):
        """Rows of a query, as dictionaries."""
        return json.loads(self.run("sql", statement, "--json").stdout)

    # What tests wait for

    def pipelines(self):
        return self.get_json("/v1/pipelines")["pipelines"]

    def wait_until_landed(self, seconds=60):
        """Waits until every pipeline has committed everything that the log holds."""
        def is_caught_up():
            return all(p["state"] == "running" and p["lag"] == 0 and p["pending"] == 0 for p in self.pipelines())

        try:
            wait_until(is_caught_up, seconds, "catching up")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.pipelines()}\n{self.log_tail()}") from None
