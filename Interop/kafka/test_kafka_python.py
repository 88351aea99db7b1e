"""kafka-python 3: idempotent by default, its own protocol code."""

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic


def consumer(millrace, *topics, **settings):
    return KafkaConsumer(
        *topics, bootstrap_servers=millrace.brokers, auto_offset_reset="earliest", consumer_timeout_ms=15000, **settings)


def read(client, count):
    values = []
    for message in client:
        values.append(message.value)
        if len(values) == count:
            break
    return values


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_produce_and_consume(millrace, topic, codec):
    topic = f"{topic}-{codec}"
    producer = KafkaProducer(bootstrap_servers=millrace.brokers, acks="all", compression_type=codec)
    futures = [producer.send(topic, b"value %d" % n, key=b"k", headers=[("h", b"1")]) for n in range(300)]
    assert [future.get(20).offset for future in futures] == list(range(300))
    producer.close()
    client = consumer(millrace, topic)
    assert read(client, 300) == [b"value %d" % n for n in range(300)]
    client.close()


def test_a_group_commits_and_goes_on(millrace, topic):
    producer = KafkaProducer(bootstrap_servers=millrace.brokers)
    for n in range(10):
        producer.send(topic, b"%d" % n)
    producer.flush(20)
    group = f"g-{topic}"
    client = consumer(millrace, topic, group_id=group, enable_auto_commit=False, session_timeout_ms=10000)
    assert len(read(client, 10)) == 10
    client.commit()
    client.close()
    producer.send(topic, b"later")
    producer.close()
    client = consumer(millrace, topic, group_id=group, session_timeout_ms=10000)
    assert read(client, 1) == [b"later"]
    client.close()


def test_offsets_and_topics(millrace, topic):
    admin = KafkaAdminClient(bootstrap_servers=millrace.brokers)
    admin.create_topics([NewTopic(topic, 3, 1)])
    client = consumer(millrace)
    assert client.partitions_for_topic(topic) == {0, 1, 2}
    partition = TopicPartition(topic, 1)
    assert client.beginning_offsets([partition]) == {partition: 0}
    assert client.end_offsets([partition]) == {partition: 0}
    client.close()
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    admin.close()
