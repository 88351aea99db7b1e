"""Files that are dropped in a folder become rows: each line once, whatever happens to the server or to the files."""

import csv
import gzip
import io
import json
import random
import subprocess
import threading
import time

import pytest
import zstandard

from millrace_process import BINARY, MillraceProcess, wait_until

LINES = """
pipelines:
  drops:
    from: {files: "inbox/**/*.jsonl", settle: 300ms, poll: 100ms}
    into: drops
    columns: {n: long, file: {from: _key}}
    freshness: 200ms
"""


def lines(numbers):
    return "".join(json.dumps({"n": n}) + "\n" for n in numbers)


class Inbox(MillraceProcess):
    """A server whose project has a folder `inbox`."""

    def __init__(self, settings=LINES, **more):
        super().__init__(settings, **more)
        self.inbox = self.directory / "inbox"
        self.inbox.mkdir()

    def drop(self, name, content):
        """As careful programs do it: under another name first."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = path.parent / f".{path.name}"
        hidden.write_bytes(content if isinstance(content, bytes) else content.encode())
        hidden.rename(path)
        return path

    def numbers(self):
        # A table that nothing was landed into yet may not be there.
        done = self.run("sql", "select n from drops order by n", "--json", check=False)
        return [row["n"] for row in json.loads(done.stdout)] if done.returncode == 0 else []

    def landed(self, numbers, seconds=30):
        numbers = list(numbers)
        try:
            wait_until(lambda: self.numbers() == numbers, seconds, "the rows")
        except AssertionError as error:
            found = self.numbers()
            raise AssertionError(
                f"{error}: {len(found)} of {len(numbers)} rows; {self.pipelines()}\n{self.log_tail()}") from None

    def proven(self, acknowledged=None):
        report = json.loads(self.run("verify", "--json").stdout)
        assert report["proven"], report
        if acknowledged is not None:
            assert sum(receipt["acknowledged"] for receipt in report["receipts"]) == acknowledged
        return report


def test_files_that_are_dropped_while_the_server_runs():
    with Inbox() as millrace:
        millrace.drop("a.jsonl", lines(range(10)))
        millrace.landed(range(10))
        millrace.drop("day/b.jsonl", lines(range(10, 20)).replace("\n", "\r\n").rstrip())
        millrace.drop("day/note.txt", "no line of ours\n")
        millrace.drop("c.jsonl", "\n\n" + lines(range(20, 25)))
        millrace.landed(range(25))
        names = millrace.sql("select file, count(*) as n from drops group by 1 order by 1")
        assert names == [{"file": "a.jsonl", "n": 10}, {"file": "c.jsonl", "n": 5}, {"file": "day/b.jsonl", "n": 10}]
        report = millrace.proven(25)
        assert report["files"]["drops"]["taken"] == 3 and report["files"]["drops"]["records"] == 25
        text = millrace.run("pipelines", "state", "show", "drops").stdout
        assert "files of drops: 3 taken, 25 records" in text
        assert "files of drops: 3 taken, 25 records" in millrace.run("verify").stdout
        # c.jsonl begins with two empty lines, which are no records.
        place = json.loads(millrace.run("verify", "drops/0@20", "--json").stdout)["tables"][0]
        assert (place["fate"], place["source_file"], place["source_line"]) == ("landed", "inbox/c.jsonl", 3)
        assert "it is line 3 of inbox/c.jsonl" in millrace.run("verify", "drops/0@20").stdout
        # Once is once: whatever becomes of a file that was taken.
        millrace.drop("a.jsonl", lines(range(100, 110)))
        (millrace.inbox / "c.jsonl").unlink()
        millrace.drop("d.jsonl", lines(range(25, 30)))
        millrace.landed(range(30))
        [listed] = millrace.pipelines()
        assert listed["state"] == "running" and listed["source"] == "files"
        [note] = listed["files"]["changed"]
        assert note["path"] == "inbox/a.jsonl" and "bytes where it had" in note["reason"]
        assert "a file was changed after it had been taken" in millrace.log_tail()
        millrace.proven()
        millrace.stop()
        millrace.proven()
        assert "inbox/a.jsonl changed since it was taken" in millrace.run("verify").stdout


def test_a_slowly_written_file_is_not_taken_early():
    with Inbox() as millrace:
        with open(millrace.inbox / "slow.jsonl", "w") as file:
            for n in range(15):
                file.write(json.dumps({"n": n})[:-1])
                file.flush()
                time.sleep(0.1)
                file.write("}\n")
                file.flush()
                time.sleep(0.02)
                assert millrace.pipelines()[0]["files"]["taken"] == 0
        millrace.landed(range(15))
        millrace.proven(15)


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_in_the_middle(seed):
    chance = random.Random(seed)
    with Inbox(LINES.replace("settle: 300ms", "settle: 100ms").replace("200ms", "100ms")) as millrace:
        total, stop = 0, threading.Event()

        def drop():
            nonlocal total
            number = 0
            while not stop.is_set():
                count = chance.randrange(1, 4000)
                text = lines(range(total, total + count)).encode()
                if number % 3 == 0:
                    millrace.drop(f"{number}.jsonl.gz", gzip.compress(text))
                else:
                    millrace.drop(f"{number}.jsonl", text)
                total += count
                number += 1
                time.sleep(0.03)

        thread = threading.Thread(target=drop)
        thread.start()
        for _ in range(4):
            time.sleep(chance.uniform(0.3, 1.2))
            millrace.kill9()
            millrace.start()
        stop.set()
        thread.join()
        millrace.landed(range(total), 60)
        millrace.proven(total)


def test_packed_files_and_those_that_are_damaged():
    with Inbox() as millrace:
        whole = gzip.compress(lines(range(5000)).encode())
        millrace.drop("a.jsonl.gz", whole[:-20])
        millrace.drop("b.jsonl.zst", zstandard.compress(lines(range(5000, 6000)).encode()))
        millrace.landed(range(5000, 6000))
        [note] = wait_until(lambda: millrace.pipelines()[0]["files"]["refused"], 10, "the refusal")
        assert note == {"path": "inbox/a.jsonl.gz", "reason": "its packed text is cut short"}
        state = millrace.run("pipelines", "state", "show", "drops").stdout
        assert "inbox/a.jsonl.gz refused: its packed text is cut short" in state
        millrace.drop("a.jsonl.gz", whole)
        millrace.landed(range(6000))
        millrace.proven(6000)


def test_csv_files_with_a_header_each():
    settings = """
pipelines:
  drops:
    from: {files: inbox/*.csv, settle: 300ms, poll: 100ms}
    format: csv
    csv: {delimiter: ";"}
    into: drops
    columns: {n: long, zip: string, file: {from: _key}}
    freshness: 200ms
"""
    def table(names, rows):
        text = io.StringIO()
        writer = csv.DictWriter(text, names, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    rows = [{"n": n, "zip": f"{n:05}", "text": f'a "b";\r\n{n}' if n % 3 else "plain"} for n in range(40)]
    with Inbox(settings) as millrace:
        millrace.drop("a.csv", table(["n", "zip", "text"], rows[:20]))
        millrace.drop("b.csv", "\ufeff" + table(["text", "n", "zip"], rows[20:]) + '"x";99;1;2\n"open;1;2\n')
        millrace.landed(range(40))
        found = millrace.sql("select n, zip, text, file from drops order by n")
        assert found == [{**row, "file": "a.csv" if row["n"] < 20 else "b.csv"} for row in rows]
        wait_until(lambda: millrace.pipelines()[0]["dead_lettered"] == 2, 10, "the letters")
        millrace.proven(42)
        letters = millrace.sql("select reason, value::varchar as value from drops__dead_letters order by _log.offset")
        assert letters[0]["value"].startswith("text;n;zip") and "99;1;2" in letters[0]["value"]


def test_a_file_that_is_removed_before_it_was_landed_asks_a_person():
    batch = LINES.replace("freshness: 200ms", "mode: batch")
    with Inbox(batch) as millrace:
        millrace.drop("a.jsonl", lines(range(10)))
        assert json.loads(millrace.run("run", "drops", "--json").stdout)["tables"][0]["landed"] == 10
        lost = millrace.drop("b.jsonl", lines(range(10, 20)))
        wait_until(lambda: millrace.pipelines()[0]["lag"] == 10, 10, "the file")
        lost.unlink()
        millrace.drop("c.jsonl", lines(range(20, 30)))
        wait_until(lambda: millrace.pipelines()[0]["files"]["taken"] == 3, 10, "the other file")
        done = millrace.run("run", "drops", check=False)
        assert done.returncode != 0 and "removed before they were landed" in done.stderr + done.stdout
        assert "inbox/b.jsonl" in millrace.log_tail()
        # Somebody finds it again.
        millrace.stop()
        millrace.drop("b.jsonl", lines(range(10, 20)))
        json.loads(millrace.run("run", "drops", "--json").stdout)
        millrace.start()
        assert millrace.numbers() == list(range(30))
        millrace.proven(30)
        # Nobody finds it again.
        lost = millrace.drop("d.jsonl", lines(range(30, 40)))
        wait_until(lambda: millrace.pipelines()[0]["lag"] == 10, 10, "the file")
        lost.unlink()
        millrace.drop("e.jsonl", lines(range(40, 50)))
        wait_until(lambda: millrace.pipelines()[0]["files"]["taken"] == 5, 10, "the other file")
        moved = json.loads(millrace.run("pipelines", "state", "seek", "drops", "--to", "40", "--json").stdout)
        assert moved["partitions"][0]["left_out"] == 10
        json.loads(millrace.run("run", "drops", "--json").stdout)
        assert millrace.numbers() == [*range(30), *range(40, 50)]
        millrace.proven()


def test_a_run_without_a_server_lands_what_lies_there_now():
    batch = LINES.replace("freshness: 200ms", "mode: batch").replace("settle: 300ms", "settle: 1s")
    with Inbox(batch) as millrace:
        millrace.stop()
        for round in range(2):
            (millrace.inbox / f"{round}.jsonl").write_text(lines(range(round * 10, round * 10 + 10)))
            assert json.loads(millrace.run("run", "drops", "--json").stdout)["tables"][0]["landed"] == 10
        assert json.loads(millrace.run("run", "drops", "--json").stdout)["tables"][0]["landed"] == 0
        millrace.proven(20)
        millrace.start()
        assert millrace.numbers() == list(range(20))


def test_several_tables_of_one_folder():
    settings = """
pipelines:
  drops:
    from: {files: [inbox/*.jsonl, "more/*.jsonl"], settle: 300ms, poll: 100ms}
    freshness: 200ms
    tables:
      drops: {columns: {n: long}, where: n < 15}
      others: {columns: {n: long}, where: n >= 15}
"""
    with Inbox(settings) as millrace:
        # The second folder is not there yet: the pipeline waits and says so.
        wait_until(lambda: "there is no folder more" in str(millrace.pipelines()), 10, "the trouble")
        (millrace.directory / "more").mkdir()
        millrace.drop("a.jsonl", lines(range(10)))
        millrace.drop("../more/a.jsonl", lines(range(10, 20)))
        millrace.landed(range(15))
        wait_until(
            lambda: [row["n"] for row in millrace.sql("select n from others order by n")] == list(range(15, 20)), 10,
            "the other table")
        report = millrace.proven()
        assert [receipt["acknowledged"] for receipt in report["receipts"]] == [20, 20]


def test_a_long_line_is_a_dead_letter():
    with Inbox() as millrace:
        long = json.dumps({"n": 1, "text": "x" * 3_000_000})
        millrace.drop("a.jsonl", lines([0]) + long + "\n" + lines([2]))
        millrace.landed([0, 2])
        [letter] = millrace.sql("select reason, detail, octet_length(value) as bytes from drops__dead_letters")
        assert letter["reason"] == "unreadable" and letter["bytes"] == 65536
        assert letter["detail"].startswith("line 2 of the file inbox/a.jsonl is longer than")
        millrace.proven(3)


def test_what_is_wrong_with_the_settings_is_said(tmp_path):
    def said(source, more=""):
        file = tmp_path / "millrace.yaml"
        file.write_text(f"data: {tmp_path}/data\npipelines: {{p: {{from: {source}, into: t{more}}}}}\n")
        done = subprocess.run([BINARY, "config", "--check", "--config", str(file)], capture_output=True, text=True)
        return done.stdout + done.stderr

    assert "does not go with files" in said("{files: a/*}", ", share: true")
    assert "stands beside files" in said("{files: a/*}", ", source: x")
    assert "names no files" in said("{files: a/**}")
    assert "lacks the key files" in said("{poll: 1s}")
    assert "unknown key" in said("{files: a/*, pool: 1s}")
    (tmp_path / "millrace.yaml").write_text(
        f"data: {tmp_path}/data\npipelines: {{p: {{from: {{files: nowhere/*}}, into: t}}}}\n")
    doctor = subprocess.run(
        [BINARY, "doctor", "--config", str(tmp_path / "millrace.yaml")], capture_output=True, text=True)
    assert doctor.returncode == 1 and "there is no folder nowhere" in doctor.stdout
    (tmp_path / "nowhere").mkdir()
    doctor = subprocess.run(
        [BINARY, "doctor", "--config", str(tmp_path / "millrace.yaml")], capture_output=True, text=True)
    assert "0 files fit nowhere/*" in doctor.stdout
