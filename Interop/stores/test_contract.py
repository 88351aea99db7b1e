"""What every store has to do, asked of each in turn: `millrace store`, and a lake that is landed, proven and rewritten."""

import json
import os
import random
import subprocess

import pytest

import stores
from fault_proxy import FaultProxy
from millrace_process import BINARY, MillraceProcess, wait_until


@pytest.fixture(scope="module", params=list(stores.ALL))
def store(request):
    with stores.ALL[request.param]() as store:
        store.name = request.param
        yield store


class Shell:
    """`millrace store` with the settings that reach the store."""

    def __init__(self, store, folder):
        self.config = folder / "millrace.yaml"
        self.config.write_text(f"data: {folder}/data\n{store.settings}")
        self.environment = {**os.environ, **store.environment}

    def __call__(self, *words, code=0, text=True):
        done = subprocess.run(
            [BINARY, "store", *map(str, words), "--config", str(self.config)], capture_output=True, text=text, timeout=120,
            env=self.environment, stdin=subprocess.DEVNULL)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *words):
        return json.loads(self(*words, "--json").stdout)


@pytest.fixture()
def shell(store, tmp_path):
    return Shell(store, tmp_path)


def test_objects_come_are_seen_by_others_and_go(store, shell, tmp_path):
    root = store.root("verbs")
    (tmp_path / "a.txt").write_bytes(b"hello \xff\x00 bytes\n")
    shell("cp", tmp_path / "a.txt", f"{root}/in/a b+c%20.txt")
    assert store.read(f"{root}/in/a b+c%20.txt") == b"hello \xff\x00 bytes\n"
    assert shell("cat", f"{root}/in/a b+c%20.txt", text=False).stdout == b"hello \xff\x00 bytes\n"
    # Nothing is overwritten unless somebody says so.
    (tmp_path / "b.txt").write_bytes(b"other")
    assert "--force" in shell("cp", tmp_path / "b.txt", f"{root}/in/a b+c%20.txt", code=1).stderr
    assert store.read(f"{root}/in/a b+c%20.txt").startswith(b"hello")
    shell("cp", tmp_path / "b.txt", f"{root}/in/a b+c%20.txt", "--force")
    assert store.read(f"{root}/in/a b+c%20.txt") == b"other"
    (tmp_path / "empty").write_bytes(b"")
    shell("cp", tmp_path / "empty", f"{root}/in/deep/empty")
    listed = {o["uri"].rsplit("/", 1)[-1]: (o["kind"], o["bytes"]) for o in shell.json("ls", f"{root}/in")["objects"]}
    assert listed == {"a b+c%20.txt": ("object", 5), "deep": ("folder", None)}, listed
    deep = shell.json("ls", "--recursive", root)["objects"]
    assert sorted(o["bytes"] for o in deep if o["kind"] == "object") == [0, 5]
    assert all(o["modified"].startswith("20") for o in deep if o["kind"] == "object")
    sizes = shell.json("du", root)
    assert (sizes["objects"], sizes["bytes"]) == (2, 5)
    assert sizes["folders"] == [{"name": "in/", "objects": 2, "bytes": 5}]
    # Back to this machine, and within the store.
    shell("cp", f"{root}/in/a b+c%20.txt", tmp_path / "back" / "c.txt")
    assert (tmp_path / "back" / "c.txt").read_bytes() == b"other"
    shell("cp", f"{root}/in/a b+c%20.txt", f"{root}/moved")
    assert store.read(f"{root}/moved") == b"other"
    shell("rm", f"{root}/moved")
    assert store.read(f"{root}/moved") is None
    assert "there is no" in shell("cat", f"{root}/moved", code=1).stderr
    # A folder goes after a yes, and only it.
    assert "--recursive" in shell("rm", f"{root}/in", code=2).stderr
    assert "would remove" in shell("rm", "--recursive", f"{root}/in", "--dry-run").stdout
    assert "--yes" in shell("rm", "--recursive", f"{root}/in", code=1).stderr
    assert len(shell.json("ls", "--recursive", root)["objects"]) >= 2
    shell("rm", "--recursive", f"{root}/in", "--yes")
    assert store.read(f"{root}/in/deep/empty") is None


def test_a_folder_and_a_large_object_go_there_and_back(store, shell, tmp_path):
    root = store.root("folders")
    chance = random.Random(5)
    folder = tmp_path / "from"
    contents = {f"{n % 3}/{n}.bin": chance.randbytes(chance.randrange(3000)) for n in range(12)}
    # More than two parts.
    contents["large.bin"] = chance.randbytes((25 << 20) + 17)
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert "--recursive" in shell("cp", folder, f"{root}/to", code=2).stderr
    assert shell("cp", "--recursive", folder, f"{root}/to", "--dry-run").stdout.count(" -> ") == len(contents)
    shell("cp", "--recursive", folder, f"{root}/to")
    for name, content in contents.items():
        assert store.read(f"{root}/to/{name}") == content
    shell("cp", "--recursive", f"{root}/to", tmp_path / "back")
    for name, content in contents.items():
        assert (tmp_path / "back" / name).read_bytes() == content


def test_what_is_not_there_or_not_allowed_is_named(store, shell):
    root = store.root("errors")
    for verb in ("cat", "ls", "du", "rm"):
        done = shell(verb, f"{root}/nothing", code=1)
        assert f"{root}/nothing" in done.stderr, done.stderr


PIPELINE = """
pipelines:
  game: {from: game, into: game, freshness: 150ms, columns: {n: long}}
"""


def lake(store, root, settings=None):
    where = f"lake: {{warehouse: \"{root}/wh\"}}\n" if "://" in root else f"lake: {{directory: \"{root}/wh\"}}\n"
    return MillraceProcess(where + (settings or store.settings) + PIPELINE, environment=store.environment)


def send(millrace, numbers):
    body = b"\n".join(json.dumps({"n": n}).encode() for n in numbers)
    assert millrace.post_event("game", body, "application/x-ndjson")[0] == 200


def rows(millrace):
    return [row["n"] for row in millrace.sql("select n from game order by n")]


def proven(millrace):
    report = json.loads(millrace.run("verify", "--json").stdout)
    assert report["proven"], report


def test_a_lake_is_landed_proven_and_rewritten(store):
    root = store.root("lake")
    with lake(store, root) as millrace:
        for start in range(0, 300, 100):
            send(millrace, range(start, start + 100))
            millrace.wait_until_landed()
        assert rows(millrace) == list(range(300))
        proven(millrace)
        # A file is written anew without some of its rows.
        assert json.loads(millrace.run("pipelines", "state", "reset", "game", "--to", "150", "--yes", "--json").stdout)["changed"]
        millrace.wait_until_landed()
        assert rows(millrace) == list(range(300))
        millrace.kill9()
        millrace.start()
        send(millrace, range(300, 310))
        millrace.wait_until_landed()
        proven(millrace)
        place = json.loads(millrace.run("verify", "game/0@305", "--json").stdout)
        assert root in json.dumps(place)
        table = json.loads(millrace.run("tables", "--json").stdout)["tables"][0]
        assert store.read(table["metadata_location"].removeprefix("file://")) is not None


def test_files_that_nothing_names_are_found_and_deleted(store, shell, tmp_path):
    root = store.root("clean")
    (tmp_path / "left").write_bytes(b"left behind")
    with lake(store, root) as millrace:
        for start in range(0, 300, 100):
            send(millrace, range(start, start + 100))
            millrace.wait_until_landed()
        millrace.run("tables", "optimize", "game")
        folder = f"{root}/wh/default/game"
        left = [f"{folder}/data/left 1.parquet", f"{folder}/data/day=2026-11-20/left%202.parquet", f"{folder}/metadata/left-m0.avro"]
        for uri in left:
            shell("cp", tmp_path / "left", uri)
        listed = {o["uri"].rsplit("/", 1)[-1] for o in shell.json("ls", "--recursive", folder)["objects"] if o["kind"] == "object"}
        # By the store's time they are young.
        young = json.loads(millrace.run("tables", "clean", "game", "--json").stdout)
        assert (young["files_deleted"], young["files_young"]) == (0, 3), young
        done = json.loads(millrace.run("tables", "clean", "game", "--older-than", "0s", "--yes", "--json").stdout)
        assert (done["files_found"], done["files_deleted"], done["bytes_deleted"]) == (3, 3, 33), done
        after = {o["uri"].rsplit("/", 1)[-1] for o in shell.json("ls", "--recursive", folder)["objects"] if o["kind"] == "object"}
        assert listed - after == {"left 1.parquet", "left%202.parquet", "left-m0.avro"}
        assert rows(millrace) == list(range(300))
        proven(millrace)


FAULTS = [("status", 500), ("status", 503), ("before",), ("after",), ("body",), ("half",), ("slow", 0.2)]


def test_a_store_that_fails_loses_nothing_and_doubles_nothing(store):
    if store.name not in ("gcs", "azure"):
        pytest.skip("test_lake.py does this with SeaweedFS, and moto speaks the same language")
    chance = random.Random(4)
    with FaultProxy(store.port, lambda _: chance.choice(FAULTS) if chance.random() < 0.1 else None) as proxy:
        with lake(store, store.root("faults"), store.through(proxy.endpoint)) as millrace:
            for start in range(0, 200, 100):
                send(millrace, range(start, start + 100))
                millrace.wait_until_landed(90)
            rule, proxy.rule = proxy.rule, lambda _: None
            assert rows(millrace) == list(range(200))
            proven(millrace)
            assert len(proxy.counts) > 2, proxy.counts


def test_files_that_are_dropped_become_rows(store, shell, tmp_path):
    root = store.root("drops")
    if store.name in ("local", "moto"):
        pytest.skip("Interop/pipelines/test_files.py is about folders; SeaweedFS speaks S3, too")
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(500)))
    shell("cp", tmp_path / "a.jsonl", f"{root}/in/a.jsonl")
    settings = store.settings + f"""
pipelines:
  drops: {{from: {{files: "{root}/in/*.jsonl", poll: 200ms}}, into: game, freshness: 100ms, columns: {{n: long}}}}
"""
    with MillraceProcess(settings, environment=store.environment) as millrace:
        wait_until(lambda: millrace.pipelines()[0]["landed"] == 500, 30, "the rows")
        shell("cp", tmp_path / "a.jsonl", f"{root}/in/b.jsonl")
        wait_until(lambda: millrace.pipelines()[0]["landed"] == 1000, 30, "the other rows")
        assert rows(millrace) == sorted([*range(500), *range(500)])
        proven(millrace)
