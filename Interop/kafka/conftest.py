"""One Millrace for each suite of Kafka clients; tests keep apart by the names of their topics and groups."""

import itertools

import pytest

from millrace_process import MillraceProcess


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess() as process:
        yield process


@pytest.fixture
def topic(request, counter=itertools.count()):
    return f"t{next(counter)}-{request.node.name.split('[')[0][:60]}"
