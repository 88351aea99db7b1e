"""Tables in a bucket: Spark reads and writes them with Iceberg's own S3 client, through the REST catalog."""

import pytest

from millrace_process import MillraceProcess
from object_store import KEYS, ObjectStore
from spark_session import agreed, attach

BUCKET = "shop"


@pytest.fixture(scope="module")
def millrace():
    with ObjectStore() as store:
        store.client().create_dir(BUCKET)
        settings = (
            f"lake:\n  warehouse: s3://{BUCKET}/lake\nstores:\n  s3:\n    endpoint: {store.endpoint}\n"
            "    region: us-east-1\npipelines:\n  events:\n    from: events\n    into: events\n    freshness: 100ms\n")
        with MillraceProcess(settings, environment=KEYS) as process:
            for number in range(50):
                process.post_event("events", {"number": number, "text": f"Grüße {number}"})
            process.wait_until_landed()
            yield process


def test_spark_reads_and_writes_tables_in_a_bucket(spark, millrace):
    # Endpoint, region and style come with the table; the keys are Spark's own.
    lake = attach(
        spark, millrace, **{"io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "s3.access-key-id": KEYS["AWS_ACCESS_KEY_ID"],
                            "s3.secret-access-key": KEYS["AWS_SECRET_ACCESS_KEY"]})
    assert [row[1] for row in agreed(spark, lake, millrace, "events", "number")] == list(range(50))
    spark.sql(f"create namespace {lake}.shop")
    spark.sql(f"create table {lake}.shop.totals using iceberg partitioned by (bucket(3, digit)) as "
              f"select number % 10 as digit, count(*) as n from {lake}.default.events group by 1")
    spark.sql(f"insert into {lake}.shop.totals values (100, 7)")
    spark.sql(f"delete from {lake}.shop.totals where digit = 3")
    rows = agreed(spark, lake, millrace, "totals", "digit", namespace="shop")
    assert rows == [(n, 5) for n in range(10) if n != 3] + [(100, 7)]
    assert spark.sql(f"select file_path from {lake}.shop.totals.files").first()[0].startswith(f"s3://{BUCKET}/lake/")
