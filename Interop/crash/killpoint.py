"""Runs the program with killpoint.c preloaded: what it does to the disk is counted, and it dies or fails at one point."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from millrace_process import BINARY, wait_until

SOURCE = pathlib.Path(__file__).resolve().parent / "killpoint.c"
KILLS = ["before", "after", "torn"]
STOPS = ["stop-before", "stop-after"]
FAILURES = ["EIO", "ENOSPC"]


def build(folder):
    """Compiles the library into `folder`. A machine without a C compiler is told so."""
    compiler = next(filter(None, map(shutil.which, ("cc", "clang", "gcc"))), None)
    assert compiler, "the crash matrix needs a C compiler: clang comes with the Swift toolchain"
    library = pathlib.Path(folder) / "killpoint.so"
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-pthread"], check=True)
    return library


class Point:
    """The N-th change of the disk below a folder, and what happens there. Without a number points are only counted."""

    def __init__(self, library, below, number=0, deed="", waiting=False):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-point-"))
        self.record, self.trigger = self.directory / "record", self.directory / "trigger"
        self.environment = {
            "LD_PRELOAD": str(library), "MILLRACE_POINT_BELOW": str(below), "MILLRACE_POINT_RECORD": str(self.record),
            "MILLRACE_POINT_NUMBER": str(number), "MILLRACE_POINT_DEED": deed,
            **({"MILLRACE_POINT_TRIGGER": str(self.trigger)} if waiting else {}),
        }
        self.number = number

    def begin(self):
        """From here on it is counted, if the point was to wait for that."""
        self.trigger.touch()

    def reached(self):
        """Lines "number call path" of all points so far."""
        return self.record.read_text().splitlines() if self.record.exists() else []

    def name(self):
        return next((line for line in self.reached() if line.startswith(f"{self.number} ")), f"{self.number} not reached")

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Command:
    """The command line with a point, in the background."""

    def __init__(self, config, arguments, point):
        self.output = open(point.directory / "output", "w+b")
        self.process = subprocess.Popen(
            [BINARY, *arguments, "--config", str(config)], stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=subprocess.STDOUT, env={**os.environ, **point.environment})

    def wait(self, seconds=120):
        """Its exit code: negative when it was killed by a signal."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it did not end within {seconds} s:\n{self.said()}") from None

    def wait_until_stopped(self, seconds=60):
        """True when it stands still at its point, False when it ended without reaching it."""
        def state():
            if self.process.poll() is not None:
                return "ended"
            stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
            return "stopped" if stat.rpartition(")")[2].split()[0] == "T" else None

        return wait_until(state, seconds, "standing still") == "stopped"

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """Whatever it does: not any more."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def said(self):
        self.output.flush()
        self.output.seek(0)
        return self.output.read().decode(errors="replace")[-4000:]
