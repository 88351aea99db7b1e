"""kcat (librdkafka 2.0): -L, -P, -C and -Q."""

import json
import subprocess

import pytest


def kcat(millrace, *arguments, stdin=None):
    done = subprocess.run(
        ["kcat", "-b", millrace.brokers, *arguments], capture_output=True, text=True, input=stdin, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_list_shows_brokers_topics_and_partitions(millrace, topic):
    kcat(millrace, "-P", "-t", topic, stdin="one\n")
    found = json.loads(kcat(millrace, "-L", "-J"))
    assert len(found["brokers"]) == 1
    [entry] = [entry for entry in found["topics"] if entry["topic"] == topic]
    assert [partition["partition"] for partition in entry["partitions"]] == [0]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_is_produced_is_consumed(millrace, topic, codec):
    topic = f"{topic}-{codec}"
    lines = [f"key{n}:value {n} äöü" for n in range(500)]
    kcat(millrace, "-P", "-t", topic, "-K", ":", "-z", codec, "-X", "acks=all", stdin="\n".join(lines) + "\n")
    found = kcat(millrace, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-K", ":").splitlines()
    assert found == lines


def test_headers_offsets_and_tail(millrace, topic):
    kcat(millrace, "-P", "-t", topic, "-H", "a=1", "-H", "b=zwei", stdin="x\ny\nz\n")
    found = kcat(millrace, "-C", "-t", topic, "-o", "-1", "-e", "-q", "-f", "%o %h %s\n")
    assert found == "2 a=1,b=zwei z\n"


def test_query_finds_the_offset_of_a_time(millrace, topic):
    kcat(millrace, "-P", "-t", topic, stdin="old\n")
    stamps = kcat(millrace, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%T")
    assert kcat(millrace, "-Q", "-t", f"{topic}:0:{int(stamps)}").strip() == f"{topic} [0] offset 0"
    assert kcat(millrace, "-Q", "-t", f"{topic}:0:-1").strip() == f"{topic} [0] offset 1"
    assert kcat(millrace, "-Q", "-t", f"{topic}:0:-2").strip() == f"{topic} [0] offset 0"


def test_a_group_goes_on_where_it_stopped(millrace, topic):
    kcat(millrace, "-P", "-t", topic, stdin="a\nb\n")
    group = f"g-{topic}"
    arguments = ("-G", group, "-e", "-q", "-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=6000", topic)
    assert kcat(millrace, *arguments) == "a\nb\n"
    kcat(millrace, "-P", "-t", topic, stdin="c\n")
    assert kcat(millrace, *arguments) == "c\n"
