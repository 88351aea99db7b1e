"""`mock_cluster.py BROKERS`: librdkafka's mock cluster, from the library in the confluent-kafka wheel.

Prints the brokers' addresses, then obeys one command a line and prints librdkafka's result:
`topic NAME PARTITIONS`, `errors API CODE…` (the next requests of that kind), `down BROKER`, `up BROKER`,
`leader TOPIC PARTITION BROKER`, `delay BROKER MILLISECONDS`.
"""

import ctypes
import pathlib
import sys

import confluent_kafka

LIBRARIES = pathlib.Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
rdkafka = ctypes.CDLL(str(next(LIBRARIES.glob("librdkafka-*"))))
POINTER, TEXT, INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


def function(name, result, *arguments):
    found = getattr(rdkafka, name)
    found.restype, found.argtypes = result, list(arguments)
    return found


new = function("rd_kafka_new", POINTER, INT, POINTER, TEXT, ctypes.c_size_t)
cluster_new = function("rd_kafka_mock_cluster_new", POINTER, POINTER, INT)
bootstraps = function("rd_kafka_mock_cluster_bootstraps", TEXT, POINTER)
topic_create = function("rd_kafka_mock_topic_create", INT, POINTER, TEXT, INT, INT)
push_errors = function("rd_kafka_mock_push_request_errors_array", None, POINTER, ctypes.c_int16, ctypes.c_size_t, POINTER)
set_down = function("rd_kafka_mock_broker_set_down", INT, POINTER, ctypes.c_int32)
set_up = function("rd_kafka_mock_broker_set_up", INT, POINTER, ctypes.c_int32)
set_delay = function("rd_kafka_mock_broker_set_rtt", INT, POINTER, ctypes.c_int32, INT)
set_leader = function("rd_kafka_mock_partition_set_leader", INT, POINTER, TEXT, ctypes.c_int32, ctypes.c_int32)
set_controller = function("rd_kafka_mock_set_controller_id", INT, POINTER, ctypes.c_int32)

cluster = cluster_new(new(0, None, None, 0), int(sys.argv[1]))
set_controller(cluster, 1)
print(bootstraps(cluster).decode(), flush=True)
for line in sys.stdin:
    command, *words = line.split()
    if command == "topic":
        result = topic_create(cluster, words[0].encode(), int(words[1]), 1)
    elif command == "errors":
        codes = (INT * (len(words) - 1))(*map(int, words[1:]))
        push_errors(cluster, int(words[0]), len(codes), codes)
        result = 0
    elif command == "leader":
        result = set_leader(cluster, words[0].encode(), int(words[1]), int(words[2]))
    elif command == "delay":
        result = set_delay(cluster, int(words[0]), int(words[1]))
    else:
        result = {"down": set_down, "up": set_up}[command](cluster, int(words[0]))
    print(result, flush=True)
