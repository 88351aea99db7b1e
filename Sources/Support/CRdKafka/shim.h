// The header is Debian's librdkafka 2.0; the library that is linked is 2.16, from a pinned wheel
// (bootstrap/wheels.txt). What came in between and is used here is declared below, as librdkafka's
// public documentation gives it.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// Identities (2.2).
typedef struct rd_kafka_Uuid_s rd_kafka_Uuid_t;
const char *rd_kafka_Uuid_base64str(const rd_kafka_Uuid_t *uuid);

// DescribeTopics and DescribeCluster (2.3).
typedef struct rd_kafka_TopicCollection_s rd_kafka_TopicCollection_t;
typedef struct rd_kafka_TopicDescription_s rd_kafka_TopicDescription_t;
typedef struct rd_kafka_TopicPartitionInfo_s rd_kafka_TopicPartitionInfo_t;
typedef rd_kafka_event_t rd_kafka_DescribeTopics_result_t;
typedef rd_kafka_event_t rd_kafka_DescribeCluster_result_t;
rd_kafka_TopicCollection_t *rd_kafka_TopicCollection_of_topic_names(const char **names, size_t count);
void rd_kafka_TopicCollection_destroy(rd_kafka_TopicCollection_t *topics);
void rd_kafka_DescribeTopics(rd_kafka_t *client, const rd_kafka_TopicCollection_t *topics,
                             const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue);
const rd_kafka_DescribeTopics_result_t *rd_kafka_event_DescribeTopics_result(rd_kafka_event_t *event);
const rd_kafka_TopicDescription_t **
rd_kafka_DescribeTopics_result_topics(const rd_kafka_DescribeTopics_result_t *result, size_t *count);
const char *rd_kafka_TopicDescription_name(const rd_kafka_TopicDescription_t *topic);
const rd_kafka_Uuid_t *rd_kafka_TopicDescription_topic_id(const rd_kafka_TopicDescription_t *topic);
const rd_kafka_error_t *rd_kafka_TopicDescription_error(const rd_kafka_TopicDescription_t *topic);
const rd_kafka_TopicPartitionInfo_t **
rd_kafka_TopicDescription_partitions(const rd_kafka_TopicDescription_t *topic, size_t *count);
void rd_kafka_DescribeCluster(rd_kafka_t *client, const rd_kafka_AdminOptions_t *options,
                              rd_kafka_queue_t *queue);
const rd_kafka_DescribeCluster_result_t *rd_kafka_event_DescribeCluster_result(rd_kafka_event_t *event);
const char *rd_kafka_DescribeCluster_result_cluster_id(const rd_kafka_DescribeCluster_result_t *result);

// ListOffsets (2.3). An offset of -2 asks for the first, -1 for the end.
typedef struct rd_kafka_ListOffsetsResultInfo_s rd_kafka_ListOffsetsResultInfo_t;
typedef rd_kafka_event_t rd_kafka_ListOffsets_result_t;
void rd_kafka_ListOffsets(rd_kafka_t *client, rd_kafka_topic_partition_list_t *partitions,
                          const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue);
const rd_kafka_ListOffsets_result_t *rd_kafka_event_ListOffsets_result(rd_kafka_event_t *event);
const rd_kafka_ListOffsetsResultInfo_t **
rd_kafka_ListOffsets_result_infos(const rd_kafka_ListOffsets_result_t *result, size_t *count);
const rd_kafka_topic_partition_t *
rd_kafka_ListOffsetsResultInfo_topic_partition(const rd_kafka_ListOffsetsResultInfo_t *info);
// `level`: 0 read_uncommitted, 1 read_committed.
rd_kafka_error_t *rd_kafka_AdminOptions_set_isolation_level(rd_kafka_AdminOptions_t *options, int level);

// Group generations (2.12).
int32_t rd_kafka_consumer_group_metadata_generation_id(const rd_kafka_consumer_group_metadata_t *group);

// The mock cluster (2.10 and later).
rd_kafka_resp_err_t rd_kafka_mock_set_controller_id(rd_kafka_mock_cluster_t *cluster, int32_t broker);
void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t *cluster, int32_t milliseconds);
rd_kafka_resp_err_t rd_kafka_mock_topic_delete(rd_kafka_mock_cluster_t *cluster, const char *topic);
