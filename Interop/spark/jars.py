"""jars.py FOLDER WHEEL…: lays the jars that Spark needs besides its own into FOLDER, from wheels that have them.

Spark's own jars are looked for below PySpark, which must be importable. One jar is made here: the libraries that the Iceberg
runtime lacks (repair_runtime.py).
"""

import fnmatch
import pathlib
import sys
import tempfile
import zipfile

import pyspark

import repair_runtime

ICEBERG = ["iceberg-spark-runtime-3.5_2.12-*.jar", "iceberg-spark-extensions-3.5_2.12-*.jar"]
AMAZON = [
    *(f"{name}-2.*.jar" for name in (
        "annotations", "apache-client", "arns", "auth", "aws-core", "aws-query-protocol", "aws-xml-protocol", "checksums",
        "checksums-spi", "crt-core", "endpoints-spi", "http-auth", "http-auth-aws", "http-auth-aws-eventstream",
        "http-auth-spi", "http-client-spi", "identity-spi", "json-utils", "kms", "glue", "aws-json-protocol", "metrics-spi",
        "profiles", "protocol-core", "regions", "retries", "retries-spi", "s3", "sdk-core", "sts",
        "third-party-jackson-core", "utils")),
    "eventstream-1.*.jar", "reactive-streams-1.*.jar",
]
HTTP = ["httpclient5-5.*.jar", "httpcore5-5.*.jar", "httpcore5-h2-5.*.jar"]
JACKSON = [f"jackson-{name}-2.*.jar" for name in ("annotations", "core", "databind", "datatype-jsr310")]


def take(patterns, wheels, folder):
    """Lays the one jar of each pattern into `folder`; returns where they are."""
    taken = []
    for pattern in patterns:
        found = [(wheel, name) for wheel in wheels for name in wheel.namelist()
                 if fnmatch.fnmatch(name.rpartition("/")[2], pattern)]
        if len(found) != 1:
            raise SystemExit(f"{pattern} stands for {len(found)} jars in the wheels, and should for one")
        wheel, name = found[0]
        target = folder / name.rpartition("/")[2]
        target.write_bytes(wheel.read(name))
        taken.append(target)
    return taken


def main(folder, *names):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wheels = [zipfile.ZipFile(name) for name in names]
    runtime, _ = take(ICEBERG, wheels, folder)
    take(AMAZON, wheels, folder)
    own = pathlib.Path(pyspark.__file__).parent / "jars"
    jackson = [next(own.glob(pattern)) for pattern in JACKSON]
    with tempfile.TemporaryDirectory() as scratch:
        http = take(HTTP, wheels, pathlib.Path(scratch))
        repair_runtime.main(folder / "iceberg-shaded-libraries.jar", runtime, *jackson, *http)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__.splitlines()[0])
    main(*sys.argv[1:])
