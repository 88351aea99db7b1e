"""SeaweedFS as an S3 store of its own for tests: one process, a data directory, free loopback ports."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import pyarrow.fs

from millrace_process import free_port, wait_until

WEED = pathlib.Path(sys.executable).parent / "weed"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testingsecret"}


class ObjectStore:
    """`with ObjectStore() as store:` starts it; `stop` and `start` restart it on the same data."""

    def __init__(self, table_bucket=None):
        self.table_bucket = table_bucket
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-weed-"))
        self.port = free_port()
        self.ports = [free_port() for _ in range(5)]
        self.process = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def catalog(self):
        """Its Iceberg REST catalog, where there is a table bucket."""
        return f"http://127.0.0.1:{self.ports[4]}"

    def start(self):
        master, volume, filer, admin, iceberg = self.ports
        log = open(self.directory / "weed.log", "ab")
        (self.directory / "data").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [WEED, f"-logdir={self.directory}", "mini", f"-dir={self.directory}/data", "-ip=127.0.0.1",
             "-ip.bind=127.0.0.1", "-master.telemetry=false", "-webdav=false", "-admin.ui=false",
             f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={self.port}",
             f"-s3.port.iceberg={iceberg}", f"-admin.port={admin}",
             *([f"-tableBucket={self.table_bucket}"] if self.table_bucket else [])],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
            env={**os.environ, **KEYS, "HOME": str(self.directory)}, start_new_session=True)
        log.close()
        wait_until(self.answers, 60, "SeaweedFS")
        return self

    def answers(self):
        assert self.process.poll() is None, (self.directory / "weed.log").read_text()[-2000:]
        try:
            urllib.request.urlopen(self.endpoint, timeout=2)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self):
        process, self.process = self.process, None
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def client(self):
        return pyarrow.fs.S3FileSystem(
            access_key=KEYS["AWS_ACCESS_KEY_ID"], secret_key=KEYS["AWS_SECRET_ACCESS_KEY"], region="us-east-1",
            scheme="http", endpoint_override=f"127.0.0.1:{self.port}", allow_bucket_creation=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
