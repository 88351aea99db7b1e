"""confluent-kafka (librdkafka 2.16): producers, consumers, groups and administration."""

import time

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec


def admin(millrace):
    return AdminClient({"bootstrap.servers": millrace.brokers})


def create(millrace, topic, partitions=1):
    client = admin(millrace)  # kept: futures end with their client
    client.create_topics([NewTopic(topic, partitions, 1)])[topic].result(10)


def produce(millrace, topic, values, **settings):
    errors = []
    producer = Producer({"bootstrap.servers": millrace.brokers, "acks": "all", **settings})
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: error and errors.append(error))
    assert producer.flush(20) == 0
    assert not errors


def consumer(millrace, group, **settings):
    return Consumer({
        "bootstrap.servers": millrace.brokers, "group.id": group, "auto.offset.reset": "earliest",
        "session.timeout.ms": 6000, "fetch.wait.max.ms": 50, **settings})


def read(client, count, seconds=30):
    values, deadline = [], time.monotonic() + seconds
    while len(values) < count and time.monotonic() < deadline:
        message = client.poll(0.2)
        if message is not None:
            assert message.error() is None, message.error()
            values.append(message.value())
    return values


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("idempotence", [False, True])
def test_every_codec_arrives_in_order(millrace, topic, codec, idempotence):
    topic = f"{topic}-{codec}-{idempotence}"
    values = [b"value %d " % n + bytes([n % 256]) * 100 for n in range(2000)]
    produce(millrace, topic, values, **{"compression.type": codec, "enable.idempotence": idempotence})
    client = consumer(millrace, f"g-{topic}")
    client.subscribe([topic])
    assert read(client, len(values)) == values
    client.close()


def test_two_members_share_the_partitions_and_one_takes_over(millrace, topic):
    create(millrace, topic, 4)
    first, second = (consumer(millrace, f"g-{topic}") for _ in range(2))
    first.subscribe([topic])
    second.subscribe([topic])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        first.poll(0.1)
        second.poll(0.1)
        if len(first.assignment()) == len(second.assignment()) == 2:
            break
    shares = [{p.partition for p in member.assignment()} for member in (first, second)]
    assert sorted(map(len, shares)) == [2, 2] and shares[0] | shares[1] == {0, 1, 2, 3}
    second.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(first.assignment()) < 4:
        first.poll(0.1)
    assert {p.partition for p in first.assignment()} == {0, 1, 2, 3}
    first.close()


def test_committed_offsets_survive_a_restart_and_a_kill(millrace, topic):
    produce(millrace, topic, [b"%d" % n for n in range(10)])
    group = f"g-{topic}"
    client = consumer(millrace, group, **{"enable.auto.commit": False})
    client.subscribe([topic])
    assert len(read(client, 10)) == 10
    client.commit(offsets=[TopicPartition(topic, 0, 7, metadata="seven")], asynchronous=False)
    client.close()
    for restart in (millrace.stop, millrace.kill9):
        restart()
        millrace.start()
        client = consumer(millrace, group, **{"enable.auto.commit": False})
        [committed] = client.committed([TopicPartition(topic, 0)], timeout=20)
        assert (committed.offset, committed.metadata) == (7, "seven")
        client.subscribe([topic])
        assert read(client, 3) == [b"7", b"8", b"9"]
        client.close()


def test_watermarks_and_times(millrace, topic):
    create(millrace, topic)
    producer = Producer({"bootstrap.servers": millrace.brokers})
    for n in range(5):
        producer.produce(topic, b"x", timestamp=1_700_000_000_000 + n * 1000)
    producer.flush(10)
    client = consumer(millrace, f"g-{topic}")
    assert client.get_watermark_offsets(TopicPartition(topic, 0), timeout=10) == (0, 5)
    [found] = client.offsets_for_times([TopicPartition(topic, 0, 1_700_000_002_500)], timeout=10)
    assert found.offset == 3
    client.close()
    administrator = admin(millrace)
    latest = administrator.list_offsets({TopicPartition(topic, 0): OffsetSpec.max_timestamp()})
    assert next(iter(latest.values())).result(10).offset == 4


def test_a_fetch_waits_for_data(millrace, topic):
    create(millrace, topic)
    client = consumer(millrace, f"g-{topic}", **{"fetch.wait.max.ms": 5000})
    client.assign([TopicPartition(topic, 0, 0)])
    assert client.poll(0.5) is None
    produce(millrace, topic, [b"now"])
    started = time.monotonic()
    assert read(client, 1, 10) == [b"now"]
    assert time.monotonic() - started < 4, "the waiting fetch was not woken"
    client.close()


def test_administration(millrace, topic):
    client = admin(millrace)
    create(millrace, topic, 2)
    with pytest.raises(Exception) as error:
        create(millrace, topic)
    assert error.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    with pytest.raises(Exception) as error:
        create(millrace, "no/slash")
    assert error.value.args[0].code() == KafkaError.TOPIC_EXCEPTION
    client.create_partitions([NewPartitions(topic, 5)])[topic].result(10)
    assert len(client.list_topics(topic, 10).topics[topic].partitions) == 5
    client.delete_topics([topic])[topic].result(10)
    assert topic not in client.list_topics(timeout=10).topics
    assert client.describe_cluster().result(10).nodes


def test_groups_are_listed_described_and_deleted(millrace, topic):
    produce(millrace, topic, [b"x"])
    group = f"g-{topic}"
    client = consumer(millrace, group)
    client.subscribe([topic])
    read(client, 1)
    administrator = admin(millrace)
    [description] = [f.result(10) for f in administrator.describe_consumer_groups([group]).values()]
    assert description.state.name == "STABLE" and len(description.members) == 1
    client.close()

    def listed():
        return {entry.group_id for entry in administrator.list_consumer_groups().result(10).valid}

    assert group in listed()
    administrator.delete_consumer_groups([group])[group].result(10)
    assert group not in listed()
