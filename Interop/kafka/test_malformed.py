"""Frames that no client should send: the connection ends, the process does not, and nobody else notices."""

import os
import random
import socket
import struct

import pytest
from confluent_kafka.admin import AdminClient


def frame(body):
    return struct.pack(">i", len(body)) + body


def header(key, version, correlation=1, client=b"bad"):
    return struct.pack(">hhih", key, version, correlation, len(client)) + client


def exchange(millrace, data, seconds=3):
    """Sends bytes; returns what came back before the connection ended or nothing more came."""
    with socket.create_connection(("127.0.0.1", millrace.kafka_port), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return received


def assert_alive(millrace):
    assert millrace.process.poll() is None
    AdminClient({"bootstrap.servers": millrace.brokers}).list_topics(timeout=10)


@pytest.mark.parametrize("data", [
    struct.pack(">i", -1), struct.pack(">i", 2**31 - 1), struct.pack(">i", 101 << 20), struct.pack(">i", 3) + b"abc",
    frame(b""), frame(b"\0\x12"), frame(header(9999, 0)), frame(header(-7, 0)), frame(header(0, 99)),
    frame(header(3, 1) + struct.pack(">i", 2**31 - 1)), frame(header(3, 1) + struct.pack(">i", -5)),
    frame(header(1, 11) + b"\xff" * 60), frame(header(0, 9) + b"\xff" * 40), frame(header(18, 3) + b"\x80" * 20),
    b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
], ids=str)
def test_malformed_frames_end_the_connection_alone(millrace, data):
    exchange(millrace, data, seconds=1)
    assert_alive(millrace)


def test_an_unknown_version_of_api_versions_is_answered(millrace):
    answer = exchange(millrace, frame(header(18, 99) + b"\0"), seconds=1)
    _, correlation, error = struct.unpack(">iih", answer[:10])
    assert (correlation, error) == (1, 35)


def test_announced_bytes_that_never_come_take_no_memory(millrace):
    before = resident(millrace)
    connections = [socket.create_connection(("127.0.0.1", millrace.kafka_port)) for _ in range(50)]
    for connection in connections:
        connection.sendall(struct.pack(">i", 90 << 20) + header(0, 9))
    assert_alive(millrace)
    assert resident(millrace) - before < 100 << 20
    for connection in connections:
        connection.close()


def resident(millrace):
    with open(f"/proc/{millrace.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_random_bytes_and_changed_requests(millrace):
    draw = random.Random(20261121)
    good = [
        frame(header(18, 0)), frame(header(3, 1) + struct.pack(">i", -1)),
        frame(header(10, 0) + struct.pack(">h", 1) + b"g"),
        frame(header(2, 1) + struct.pack(">iih", -1, 1, 1) + b"t" + struct.pack(">iiq", 1, 0, -1)),
    ]
    for _ in range(150):
        data = bytearray(draw.choice(good)) if draw.random() < 0.7 else bytearray(draw.randbytes(draw.randrange(1, 200)))
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        exchange(millrace, bytes(data[: draw.randrange(1, len(data) + 1)]), seconds=0.05)
    assert_alive(millrace)
