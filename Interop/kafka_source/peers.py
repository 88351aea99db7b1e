"""Kafka clusters made by others, for Millrace to read: noida-db, and librdkafka's mock cluster with errors on demand."""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import noida_db
from confluent_kafka.admin import AdminClient

from millrace_process import free_port, wait_until


class Noida:
    """A noida-db process that serves Kafka's protocol. Knows transactions; its topics have no ids."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="noida-test-"))
        self.port = free_port()

    @property
    def brokers(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        binary = pathlib.Path(noida_db.__file__).parent / "noida-db"
        log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            [str(binary), "start", "--data-dir", str(self.directory / "data"), "--only", "kafka",
             "--kafka-port", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_until(self.answers, 30, "noida-db")
        return self

    def answers(self):
        assert self.process.poll() is None, (self.directory / "log").read_text(errors="replace")
        with contextlib.suppress(Exception):
            AdminClient({"bootstrap.servers": self.brokers, "log_level": 0}).list_topics(timeout=1)
            return True
        return False

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class MockCluster:
    """librdkafka's mock cluster in a process of its own; see mock_cluster.py for what it can be told."""

    def __init__(self, brokers=3):
        self.count = brokers

    def __enter__(self):
        tool = pathlib.Path(__file__).with_name("mock_cluster.py")
        self.process = subprocess.Popen(
            [sys.executable, str(tool), str(self.count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self.process.stdout.readline().strip()
        return self

    def tell(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "0", f"{words}: {answer}"

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
