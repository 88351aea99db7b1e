"""The collector from outside: real requests, broken ones, and bytes that are no HTTP at all."""

import gzip
import json
import random
import socket
import subprocess
import threading

import pytest
import zstandard

from millrace_process import MillraceProcess

NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
def millrace():
    with MillraceProcess() as process:
        yield process


def end_offset(millrace, topic, partition=0):
    for entry in millrace.get_json("/v1/topics")["topics"]:
        if entry["name"] == topic:
            return entry["partitions"][partition]["end"]
    return None


def records(millrace, topic, form="%s\n"):
    """What any Kafka client reads back."""
    done = subprocess.run(
        ["kcat", "-C", "-b", millrace.brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-f", form],
        capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def problem(answer, status):
    """Checks an error's form and returns it."""
    code, headers, body = answer
    assert code == status, body
    assert headers["Content-Type"] == "application/problem+json"
    value = json.loads(body)
    assert value["status"] == status and value["title"] and value["detail"]
    return value


def curl(*arguments, stdin=None):
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", *arguments], capture_output=True, input=stdin, timeout=120)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


# Requests that are taken


def test_plain_curl_works_as_the_readme_says(millrace):
    status, body = curl("-d", '{"item":"sword"}', f"{millrace.url}/v1/events/readme")
    assert status == 200
    assert json.loads(body) == {
        "topic": "readme", "count": 1, "partition": 0, "base_offset": 0, "last_offset": 0,
        "partitions": [{"partition": 0, "base_offset": 0, "last_offset": 0, "count": 1}]}
    assert end_offset(millrace, "readme") == 1
    assert records(millrace, "readme") == ['{"item":"sword"}']


def test_objects_arrays_and_lines_keep_their_bytes_and_order(millrace):
    sent = ['{"n": 1,"price":9.50}', '{"n":2,"text":"\\u00e9 é"}', '{"n" : 3}', '{"n":4}']
    millrace.post_event("forms", sent[0].encode())
    millrace.post_event("forms", f"[{sent[1]},{sent[2]}]".encode())
    status, _, body = millrace.post_event("forms", f"\n{sent[3]}\n\n".encode(), NDJSON)
    assert status == 200 and json.loads(body)["base_offset"] == 3
    assert records(millrace, "forms") == sent


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_encoded_bodies(millrace, encoding):
    lines = "\n".join(json.dumps({"n": n, "text": "x" * (n % 50)}) for n in range(2000))
    if encoding == "gzip":
        body = gzip.compress(lines.encode())
    else:
        body = zstandard.compress(lines.encode())
    status, _, answer = millrace.post_event(
        f"encoded-{encoding}", body, NDJSON, headers={"Content-Encoding": encoding})
    assert status == 200 and json.loads(answer)["count"] == 2000
    assert records(millrace, f"encoded-{encoding}") == lines.split("\n")


def test_keys_and_headers_reach_kafka_clients(millrace):
    body = b'{"user":"u1"}\n{"user":17}'
    status, _, _ = millrace.post_event(
        "keyed", body, NDJSON, "?key=user", {"Millrace-Header-Trace-Id": "abc"})
    assert status == 200
    assert records(millrace, "keyed", "%k|%h|%s\n") == [
        'u1|trace-id=abc|{"user":"u1"}', '17|trace-id=abc|{"user":17}']


def test_many_clients_at_once_lose_nothing(millrace):
    offsets, lock = [], threading.Lock()

    def send(client):
        for number in range(50):
            status, _, body = millrace.post_event("crowd", {"client": client, "number": number})
            assert status == 200
            with lock:
                offsets.append(json.loads(body)["base_offset"])

    threads = [threading.Thread(target=send, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(offsets) == list(range(400))
    found = {(event["client"], event["number"]) for event in map(json.loads, records(millrace, "crowd"))}
    assert len(found) == 400


def test_an_acknowledged_event_survives_kill_9():
    with MillraceProcess() as process:
        for number in range(20):
            assert process.post_event("kept", {"n": number})[0] == 200
        process.kill9()
        process.start()
        assert end_offset(process, "kept") == 20
        status, _, body = process.post_event("kept", {"n": 20})
        assert status == 200 and json.loads(body)["base_offset"] == 20


# Requests that are refused


@pytest.mark.parametrize("body, event, line, column", [
    (b'{"a":1}\n{"b":tru}\n', 2, 2, 6),
    (b'{"a":1}\n{"b":\n{"c":3}', 2, 2, 6),
    (b'{"a":1}\n\n[1]', 2, 3, 1),
    (b'{"a":"\x80"}', 1, 1, 7),
    (b'{"a":"\\ud800"}', 1, 1, 7),
    (b'{"a":01}', 1, 1, 6),
    (b"{'a':1}", 1, 1, 2),
    (b"item=sword", 1, 1, 1),
])
def test_a_broken_event_is_named_and_nothing_is_appended(millrace, body, event, line, column):
    before = end_offset(millrace, "broken")
    value = problem(millrace.post_event("broken", body, NDJSON), 400)
    assert (value["event"], value["line"], value["column"]) == (event, line, column)
    assert end_offset(millrace, "broken") == before


def test_a_missing_key_names_the_field(millrace):
    value = problem(millrace.post_event("broken", b'{"id":1}\n{"a":2}', NDJSON, "?key=id"), 400)
    assert value["field"] == "id" and value["event"] == 2


def test_deep_nesting_is_refused(millrace):
    problem(millrace.post_event("broken", b'{"a":' * 5000 + b"1" + b"}" * 5000), 400)


@pytest.mark.parametrize("topic", ["a%20b", "..", "%C3%A9", "x" * 250, "__consumer_offsets"])
def test_names_that_cannot_be_topics(millrace, topic):
    problem(millrace.post_event(topic, {}), 400)


def test_types_and_encodings_that_are_not_known(millrace):
    problem(millrace.post_event("broken", b"a,b", "text/csv"), 415)
    value = millrace.post_event("broken", b"{}", headers={"Content-Encoding": "br"})
    assert value[1]["Accept-Encoding"] == "gzip, zstd"
    problem(value, 415)
    problem(millrace.post_event("broken", b"{}", headers={"Content-Encoding": "gzip"}), 400)


def test_wrong_methods_and_addresses(millrace):
    answer = millrace.request("GET", "/v1/events/t")
    assert answer[1]["Allow"] == "POST, OPTIONS"
    problem(answer, 405)
    assert "/v1/events/{topic}" in problem(millrace.request("POST", "/v1/event/t", b"{}"), 404)["detail"]


# Bodies that are too large


def test_a_100_megabyte_body_is_refused_and_the_process_stays_small(millrace):
    body = b'{"a":"' + b"x" * 100_000_000 + b'"}'
    for _ in range(3):
        value = problem(millrace.post_event("large", body), 413)
        assert value["limit"] == 16 * 1024 * 1024
    status, _ = curl("--data-binary", "@-", "-H", "Expect: 100-continue", f"{millrace.url}/v1/events/large", stdin=body)
    assert status == 413
    status, _ = curl(
        "-T", "-", "-X", "POST", "-H", "Transfer-Encoding: chunked", f"{millrace.url}/v1/events/large", stdin=body)
    assert status == 413
    assert end_offset(millrace, "large") is None
    with open(f"/proc/{millrace.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 300_000, f"{peak} kB"


def test_a_compressed_bomb_is_refused(millrace):
    bomb = gzip.compress(b'{"a":"' + b"x" * 50_000_000 + b'"}')
    assert problem(millrace.post_event("large", bomb, headers={"Content-Encoding": "gzip"}), 413)["limit"]


def test_an_event_above_a_mebibyte_is_refused_and_one_below_is_taken(millrace):
    problem(millrace.post_event("wide", {"a": "x" * (1 << 20)}), 413)
    assert millrace.post_event("wide", {"a": "x" * ((1 << 20) - 20)})[0] == 200


# Bytes that are no HTTP


def exchange(millrace, data, seconds=2):
    """Sends bytes and reads what comes until the connection is closed or `seconds` have passed."""
    with socket.create_connection(("127.0.0.1", millrace.http_port), seconds) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                answer += piece
        except OSError:
            pass
        return answer


HEAD = b"POST /v1/events/raw HTTP/1.1\r\nHost: h\r\n"


@pytest.mark.parametrize("data", [
    b"\r\n\r\n",
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    HEAD + b"Content-Length: -1\r\n\r\n",
    HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    HEAD + b"Content-Length: 50\r\n\r\n{\"a\":",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}",
    HEAD + b"Content-Length: 2\r\nTransfer-Encoding: nonsense\r\n\r\n{}",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    b"GET /\x01 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
])
def test_malformed_requests_end_their_connection_only(millrace, data):
    answer = exchange(millrace, data)
    assert answer == b"" or answer.split(b" ")[1][:1] in (b"4", b"5"), answer[:200]
    assert millrace.get("/healthz")[0] == 200
    assert end_offset(millrace, "raw") is None


def test_random_bytes_do_no_harm(millrace):
    generator = random.Random(17)
    for _ in range(100):
        exchange(millrace, generator.randbytes(generator.randrange(1, 2000)), seconds=0.3)
        start = generator.randrange(len(HEAD))
        exchange(millrace, HEAD[:start] + generator.randbytes(20) + HEAD[start:] + b"\r\n", seconds=0.3)
    assert millrace.get("/healthz")[0] == 200


def test_a_connection_that_is_cut_in_its_body_appends_nothing(millrace):
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", millrace.http_port))
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{\"a\":1}")
        connection.close()
    assert end_offset(millrace, "raw") is None


# What operators see


def test_probes_and_metrics(millrace):
    assert millrace.get("/healthz")[0] == 200
    assert millrace.get("/readyz")[0] == 200
    before = metric(millrace, "millrace_collector_events_total")
    millrace.post_event("counted", b"[{},{},{}]")
    assert metric(millrace, "millrace_collector_events_total") == before + 3
    assert metric(millrace, "millrace_collector_requests_waiting") == 0


def metric(millrace, name):
    text = millrace.get("/metrics")[1].decode()
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))


def test_the_page_is_whole(millrace):
    status, headers, body = millrace.request("GET", "/")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert b"/v1/" in body and b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
