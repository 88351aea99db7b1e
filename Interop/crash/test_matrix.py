"""The crash matrix: the real program dies, stands still or has its disk fail at each point of what it does.

A point is a call that changes the disk; killpoint.c counts them. Then other engines are at work on the tables, and the
program is started again: every acknowledged event must be in one row or one dead letter. The trials are drawn from all
points by seed: MILLRACE_MATRIX_SEED, MILLRACE_MATRIX_POINTS (how many; `make soak` takes thousands). A failure names its
trial, and MILLRACE_MATRIX_ONLY repeats it.
"""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter

import pytest
from sqlalchemy.exc import OperationalError

import foreign
import killpoint
from lake_stage import MENDED, PIPELINE, TWO, Stage
from millrace_process import wait_until

SEED = int(os.environ.get("MILLRACE_MATRIX_SEED", "20261121"))
POINTS = int(os.environ.get("MILLRACE_MATRIX_POINTS", "48"))
ONLY = os.environ.get("MILLRACE_MATRIX_ONLY", "")
DEEDS = killpoint.KILLS + killpoint.STOPS + killpoint.FAILURES
EARLIER, LATER = range(120), range(120, 160)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return killpoint.build(tmp_path_factory.mktemp("killpoint"))


class Scene:
    """One thing that the program does: a command on a prepared data directory."""

    landed, pending, settings, tables, mended = EARLIER, LATER, PIPELINE, ("plays",), False
    command = ["run", "game"]

    def __init__(self, library):
        self.library = library
        self.stage = Stage()
        self.stage.prepare(self.landed, self.pending)
        self.stage.use(self.settings)

    def trial(self, number, deed, between, recovery):
        """Returns a word for what happened at the point."""
        self.stage.put_back()
        point = killpoint.Point(self.library, self.stage.data, number, deed)
        try:
            outcome = self.perform(point, deed, between)
            if not deed.startswith("stop"):
                foreign.DEEDS[between](self.stage.lake)
            self.recover(recovery)
            self.stage.check(self.tables, self.mended)
            return outcome
        except BaseException as error:
            if hasattr(error, "add_note"):
                error.add_note(f"at {point.name()}")
            raise
        finally:
            point.close()

    def count(self):
        """How many points there are."""
        self.stage.put_back()
        point = killpoint.Point(self.library, self.stage.data)
        try:
            self.perform(point, "", "nothing")
            return len(point.reached())
        finally:
            point.close()

    def perform(self, point, deed, between):
        command = killpoint.Command(self.stage.millrace.config, self.command, point)
        try:
            if deed.startswith("stop"):
                outcome = self.disturb(command, between)
            else:
                code = command.wait()
                outcome = {-9: "killed", 0: "done"}.get(code, "refused")
                assert outcome != "killed" or deed in killpoint.KILLS, command.said()
            assert outcome != "refused" or deed, command.said()
            assert "Fatal error" not in command.said(), command.said()
            return outcome
        finally:
            command.end()

    def disturb(self, command, between):
        """While it stands still at its point, others commit."""
        if not command.wait_until_stopped():
            return "not reached"
        outcome = "disturbed"
        try:
            foreign.DEEDS[between](self.stage.lake)
        except OperationalError as error:
            outcome = locked_out(error)
        command.resume()
        code = command.wait()
        return outcome if code == 0 else f"{outcome}, refused"

    def recover(self, way):
        """The same program again, or another one: a server, or `millrace run`."""
        millrace = self.stage.millrace
        if way == "up":
            with millrace:
                millrace.wait_until_landed()
        else:
            millrace.run("run", "game")


class Land(Scene):
    """Rows of two days, dead letters and a new column are committed."""


class First(Scene):
    """The same where there is no table yet."""

    landed = range(0)


class Replay(Scene):
    """Dead letters become rows."""

    pending, settings, mended = range(0), MENDED, True
    command = ["dead-letters", "replay", "plays", "--reason", "wrong-type"]

    def recover(self, way):
        super().recover(way)
        self.stage.millrace.run(*self.command)


class Reset(Scene):
    """The checkpoint goes back, and rows go with it."""

    pending = range(0)
    command = ["pipelines", "state", "reset", "game", "--to", "25", "--yes"]


class Serve(Scene):
    """The server takes events and lands them in two tables."""

    settings, tables, pending = TWO, ("plays", "copies"), range(0)

    def perform(self, point, deed, between):
        stage, millrace = self.stage, self.stage.millrace
        point.environment["MILLRACE_POINT_TRIGGER"] = str(point.trigger)
        millrace.environment = point.environment
        millrace.start()
        millrace.environment = {}
        point.begin()
        process = millrace.process
        writer = threading.Thread(target=self.write)
        writer.start()
        try:
            if deed.startswith("stop"):
                outcome = self.disturb_server(process, between)
            else:
                wait_until(lambda: process.poll() is not None or self.is_quiet(writer), 60, "an end of the trial")
                outcome = {None: "done", -9: "killed"}.get(process.poll(), "ended")
                assert outcome != "ended" and (outcome != "killed" or deed in killpoint.KILLS), millrace.log_tail()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
            writer.join()
            millrace.kill9()
        return outcome

    def write(self):
        for start in range(LATER.start, LATER.stop, 10):
            self.stage.post(range(start, start + 10))
            time.sleep(0.05)

    def is_quiet(self, writer):
        """Everything has been sent, and is landed, or cannot be for some seconds."""
        if writer.is_alive():
            return False
        self.since = getattr(self, "since", None) or time.monotonic()
        quiet = time.monotonic() - self.since > 3
        if not quiet:
            try:
                quiet = all(p["lag"] == 0 and p["pending"] == 0 for p in self.stage.millrace.pipelines())
            except Exception:
                return False
        if quiet:
            self.since = None
        return quiet

    def disturb_server(self, process, between):
        def state():
            with open(f"/proc/{process.pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0]

        try:
            wait_until(lambda: state() == "T", 3, "standing still")
        except AssertionError:
            return "not reached"
        outcome = "disturbed"
        try:
            foreign.DEEDS[between](self.stage.lake)
        except OperationalError as error:
            outcome = locked_out(error)
        process.send_signal(signal.SIGCONT)
        self.stage.millrace.wait_until_landed()
        return outcome


def locked_out(error):
    """It stands there with a lock of the catalog in its hand: the others wait, and give up."""
    assert "locked" in str(error) or "locking protocol" in str(error), error
    return "locked out"


SCENES = {scene.__name__.lower(): scene for scene in (Land, First, Replay, Reset, Serve)}


def draw(scene, points):
    """The trials of a scene: (number, deed, between, recovery), seeded. All that there are, if there is room."""
    chance = random.Random(f"{SEED} {scene}")
    if ONLY:
        name, number, *rest = ONLY.split(":")
        return [(int(number), *rest)] if name == scene else []
    every = [(number, deed) for number in range(1, points + 1) for deed in DEEDS]
    chosen = chance.sample(every, min(len(every), max(1, POINTS // len(SCENES))))
    return [
        (number, deed, chance.choice(list(foreign.DEEDS)), chance.choice(["run", "up"])) for number, deed in sorted(chosen)]


@pytest.mark.parametrize("name", SCENES)
def test_every_event_is_there_once_whatever_the_point(name, library):
    scene = SCENES[name](library)
    failures, outcomes, started = [], Counter(), time.monotonic()
    try:
        points = scene.count()
        trials = draw(name, points)
        for trial in trials:
            text = ":".join(map(str, (name, *trial)))
            try:
                outcomes[f"{trial[1]}: {scene.trial(*trial)}"] += 1
            except Exception as error:
                notes = " ".join(getattr(error, "__notes__", []))
                failures.append(f"MILLRACE_MATRIX_ONLY='{text}' {notes} {scene.stage.keep_evidence()}\n{error}")
                print(failures[-1], flush=True)
                if scene.stage.millrace.process is not None:
                    scene.stage.millrace.kill9()
    finally:
        scene.stage.close()
    seconds = time.monotonic() - started
    print(f"\n{name}: {points} points, {len(trials)} trials in {seconds:.0f} s, seed {SEED}, {len(failures)} failures")
    print(json.dumps(dict(sorted(outcomes.items())), indent=1), flush=True)
    assert points > 20, "the disk was hardly touched: nothing was tested"
    assert ONLY or any("killed" in outcome for outcome in outcomes), "nothing was ever killed"
    assert not failures, f"{len(failures)} of {len(trials)} trials:\n" + "\n".join(failures)


@pytest.fixture()
def stage():
    stage = Stage()
    yield stage
    stage.close()


def killed_in_the_middle(stage, library, number):
    """`run` is killed at a point of its commit."""
    point = killpoint.Point(library, stage.data, number, "before")
    try:
        command = killpoint.Command(stage.millrace.config, ["run", "game"], point)
        assert command.wait() == -9, command.said()
        command.end()
    finally:
        point.close()


@pytest.mark.parametrize("keep_rows", [False, True], ids=["empty", "with its rows"])
def test_a_table_made_anew_between_crash_and_retry_is_a_question(stage, library, keep_rows):
    stage.prepare(EARLIER, LATER)
    for number in (60, 120, 180):
        stage.put_back()
        killed_in_the_middle(stage, library, number)
        before = len(foreign.open_catalog(stage.lake).load_table("default.plays").scan().to_arrow())
        foreign.make_anew(stage.lake, "plays", keep_rows)
        done = stage.millrace.run("run", "game", check=False)
        assert done.returncode != 0 and "made anew" in done.stdout + done.stderr, (number, done.stdout, done.stderr)
        catalog = foreign.open_catalog(stage.lake)
        assert len(catalog.load_table("default.plays").scan().to_arrow()) == (before if keep_rows else 0)
        letters = stage.read(catalog, "plays__dead_letters", "value")
        assert len(letters) == len(set(letters)), "dead letters are doubled"
        with stage.millrace as millrace:
            [plays] = wait_until(
                lambda: [p for p in millrace.pipelines() if p["state"] == "failed"], what="the question")
            assert "made anew" in plays["reason"], plays


def test_a_table_made_anew_under_a_running_lane_is_a_question(stage):
    stage.prepare(EARLIER, range(0))
    with stage.millrace as millrace:
        millrace.wait_until_landed()
        foreign.make_anew(stage.lake, "plays")
        stage.produce(LATER)
        [plays] = wait_until(
            lambda: [p for p in millrace.pipelines() if p["state"] == "failed"], what="the question")
        assert "made anew" in plays["reason"], plays
        assert stage.read(foreign.open_catalog(stage.lake), "plays", "id") == []


def test_a_catalog_that_others_lock_is_waited_for(stage):
    """`begin exclusive` by another process, again and again, longer each time, in the middle of commits."""
    stage.prepare(EARLIER, range(0))
    chance = random.Random(SEED)
    locks = [chance.uniform(0.1, 3) for _ in range(4)] + ([14, 25] if POINTS > 500 else [])
    with stage.millrace as millrace:
        connection = sqlite3.connect(stage.lake / "catalog.db", timeout=20, isolation_level=None, check_same_thread=False)
        done = threading.Event()

        def lock():
            for seconds in locks:
                connection.execute("begin exclusive")
                time.sleep(seconds)
                connection.execute("rollback")
                time.sleep(chance.uniform(0.02, 0.2))
            done.set()

        thread = threading.Thread(target=lock)
        thread.start()
        number = 120
        while not done.is_set():
            stage.produce(range(number, number + 5))
            number += 5
            time.sleep(0.1)
        thread.join()
        connection.close()
        millrace.wait_until_landed()
        stage.check()
