"""One Spark for all suites of this folder: it takes seconds to start. Each test module attaches its own Millrace to it."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / ".deps/spark/python")]

pytest.register_assert_rewrite("spark_session")

import spark_session  # noqa: E402


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    spark = spark_session.session(str(tmp_path_factory.mktemp("spark")))
    yield spark
    spark.stop()
